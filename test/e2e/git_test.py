#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Islands of git, through the whole of cab, against git's own http-backend."""
import json
import os
import shutil
import subprocess
import sys

from harness import (HERE, SERVER, Server, Skip, case, commit, git, git_tree_of, main, refuses, repository, shell,
                     tree_of)

sys.path.insert(0, SERVER)
from lfs import Lfs  # noqa: E402  (it lies in a folder beside this one)

USE = shell("use", "cp -r \\(<github:o/r>) $out")


def served(box, files):
    folder = os.path.join(box.top, "git", "o", "r")
    revision = repository(folder, files)
    return folder, revision, box.serve_git(os.path.join(box.top, "git"))


@case("a new island is fetched and locked without a flag")
def _(box):
    folder, revision, server = served(box, {"a": "1", "d/b": "2"})
    box.write("default.cab", USE)
    account = box.cab("build", "--account").out
    box.check(tree_of(box.path("result")) == git_tree_of(folder), "the tree is what git stores")
    lock = box.read("default.cab.lock")
    box.check(f"git {revision}" in lock and "git-tree " in lock and "cab d" in lock, lock)
    box.check(server.count() == 2, f"one ref listing and one pack:\n{server.log()}")
    box.check("2 requests, " in account and "2 requests, 0 bytes" not in account, account)


@case("a locked island whose consumer is realized costs no request and no run")
def _(box):
    _, _, server = served(box, {"a": "1"})
    box.write("default.cab", USE)
    box.cab("build")
    server.forget()
    account = box.cab("build", "--account").out
    box.check(server.count() == 0, server.log())
    box.check("0 requests, 0 bytes received, 0 programs run" in account, account)


@case("an update with nothing new costs one request, and writes no object")
def _(box):
    _, _, server = served(box, {"a": "1"})
    box.write("default.cab", USE)
    box.cab("build")
    before = (box.objects(), box.read("default.cab.lock"), os.stat(box.path("default.cab.lock")).st_ino)
    server.forget()
    result = box.cab("build", "--update", "--account")
    box.check(server.count() == 1, server.log())
    box.check("nothing new" in result.err and "\n1 request, " in result.out, f"a stopped program's count too: {result}")
    after = (box.objects(), box.read("default.cab.lock"), os.stat(box.path("default.cab.lock")).st_ino)
    box.check(before == after, "nothing was written")


@case("a branch that moved to a commit of the same tree is stopped at git-tree")
def _(box):
    folder, _, server = served(box, {"a": "1"})
    box.write("default.cab", USE)
    box.cab("build")
    objects = box.objects()
    revision = commit(folder, {}, "nothing changed")
    server.forget()
    box.cab("build", "--update")
    box.check(f"git {revision}" in box.read("default.cab.lock"), box.read("default.cab.lock"))
    box.check(box.objects() == objects, "no object was written")


@case("a branch that moved is fetched by an update, and by nothing else")
def _(box):
    folder, first, server = served(box, {"a": "1"})
    box.write("default.cab", USE)
    box.cab("build")
    second = commit(folder, {"a": "2"})
    server.forget()
    box.cab("build")
    box.check(server.count() == 0 and first in box.read("default.cab.lock"), "without --update the lock holds")
    box.cab("build", "--update")
    box.check(second in box.read("default.cab.lock"), box.read("default.cab.lock"))
    box.check(tree_of(box.path("result"))[b"a"] == ("f", b"2"), "the new tree was built")


@case("a branch, a tag, an annotated tag and a revision name what git says")
def _(box):
    folder, first, _ = served(box, {"a": "1"})
    git(folder, "tag", "light")
    git(folder, "tag", "-a", "-m", "a tag", "heavy")
    git(folder, "branch", "old")
    commit(folder, {"a": "2"})
    for reference in ("light", "heavy", "old", first):
        box.write("default.cab", shell("use", f"cp \\(<github:o/r@{reference}>)/a $out"))
        box.cab("build")
        box.check(open(box.path("result"), "rb").read() == b"1", f"@{reference} is the first commit")


@case("modes, links, names that are not UTF-8 and empty trees are what git stores")
def _(box):
    folder, _, server = served(box, {"plain": "1", "program": "#!/bin/sh\n", "d/e/f": "deep"})
    os.chmod(os.path.join(folder, "program"), 0o755)
    os.symlink("d/e", os.path.join(folder, "link"))
    os.symlink("/absolute/\udcff", os.path.join(folder, "outward"))
    with open(os.path.join(os.fsencode(folder), b"caf\xe9"), "wb") as file:
        file.write(b"latin")
    commit(folder, {})
    box.write("default.cab", USE)
    box.cab("island", "fetch", "<github:o/r>")
    box.check(tree_of(box.object("r")) == git_tree_of(folder), "the tree is what git stores")
    box.check(server.count() == 2, server.log())


def copied(source, folder):
    """The files of a folder of this machine, as they are now."""
    shutil.copytree(source, folder, symlinks=True, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("__pycache__", ".git", "build*", "target", "site-packages", "dist-packages", "test"))


@case("real trees, small and medium, of packs with deltas and a history, are what git stores")
def _(box):
    top = os.path.join(box.top, "git")
    server = None
    # This project's own sources, and the library of the Python that runs this.
    for name, source in (("small", os.path.join(HERE, "..", "..")), ("medium", os.path.dirname(os.__file__))):
        folder = os.path.join(top, "o", name)
        repository(folder, {"first": "a file of the history alone"})
        os.unlink(os.path.join(folder, "first"))
        copied(source, folder)
        commit(folder, {})
        revision = commit(folder, {"one more": "x\n"})
        git(folder, "repack", "-q", "-a", "-d", "-f")
        server = server or box.serve_git(top)
        server.forget()
        box.cab("island", "fetch", f"<github:o/{name}>")
        wanted = git_tree_of(folder)
        box.check(len(wanted) > 300, f"{name} has {len(wanted)} names")
        found = tree_of(box.object(name))
        box.check(found == wanted, f"{name}: {sorted(set(found) ^ set(wanted))[:20]}")
        box.check(server.count() == 2, server.log())
        # By its revision, as a lock has it, and into another store: the same object.
        stored = box.objects()
        box.cab("store", "delete", box.object(name))
        box.cab("island", "fetch", f"<github:o/{name}@{revision}>")
        box.check(box.objects() == stored, f"{stored} {box.objects()}")


# 5,000 folders of 14 files take half a minute of a processor: with CAB_FULL alone.
FOLDERS = 5_000 if "CAB_FULL" in os.environ else 500


@case(f"a tree of {FOLDERS * 14} files in {FOLDERS} folders is what git stores: names, modes, contents")
def _(box):
    folder = os.path.join(box.top, "git", "o", "many")
    repository(folder)
    # The folders lie by hundreds in those at the top; git reads it all as one stream, for git add would take longer.
    stream = bytearray(b"commit refs/heads/main\ncommitter C <c@example.org> 1000000000 +0000\ndata 4\nmany\n"
                       b"from refs/heads/main^0\n")
    for number in range(FOLDERS * 14):
        place = number // 14
        content = b"%d\n" % number * (number % 40)
        mode = (b"100644", b"100755", b"120000", b"100644")[number % 4]
        if mode == b"120000":
            content = b"../%d" % number
        stream += b"M %s inline %d/%d/%d \xe9\ndata %d\n%s\n" % (mode, place // 100, place, number, len(content), content)
    git(folder, "fast-import", "--quiet", text=bytes(stream))
    server = box.serve_git(os.path.join(box.top, "git"))
    box.cab("island", "fetch", "<github:o/many>")
    wanted = git_tree_of(folder)
    box.check(len(wanted) == FOLDERS * 15 + FOLDERS // 100, f"{len(wanted)} names")
    found = tree_of(box.object("many"))
    different = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    box.check(not different, f"{len(different)} differ: {different[:20]}")
    box.check(server.count() == 2, server.log())


@case("submodules within submodules are what git clones with --recurse-submodules")
def _(box):
    top = os.path.join(box.top, "git")
    inmost = repository(os.path.join(top, "o", "inmost"), {"deep": "3", "run": "#!/bin/sh\n"})
    inner, folder = (os.path.join(top, "o", name) for name in ("inner", "r"))
    for place, revision, name, below in ((inner, inmost, "inmost", "lib/in most"), (folder, None, "inner", "sub/inner")):
        repository(place, {"a": name, ".gitmodules": f'[submodule "x"]\n\tpath = {below}\n\turl = ../{name}\n'})
        git(place, "update-index", "--add", "--cacheinfo", f"160000,{revision or git(inner, 'rev-parse', 'HEAD')},{below}")
        git(place, "commit", "-q", "-m", "submodule")
    server = box.serve_git(top)
    clone = os.path.join(box.top, "clone")
    git(box.top, "clone", "-q", "--recurse-submodules", f"{server.url}/o/r", clone)
    for place in ("", "sub/inner", "sub/inner/lib/in most"):
        mark = os.path.join(clone, place, ".git")
        (shutil.rmtree if os.path.isdir(mark) else os.unlink)(mark)
    box.cab("island", "fetch", "<github:o/r:{ submodules = true }>")
    box.check(tree_of(box.object("r")) == tree_of(clone), f"{tree_of(box.object('r'))} {tree_of(clone)}")


@case("a subpath has an object of its own")
def _(box):
    served(box, {"a": "1", "sub/b": "2"})
    box.cab("island", "fetch", "<github:o/r::/sub>")
    box.check(tree_of(box.object("sub")) == {b"b": ("f", b"2")}, "only what lies beneath")


@case("github: and git: of one revision share what is known")
def _(box):
    _, _, server = served(box, {"a": "1"})
    box.cab("island", "fetch", "<github:o/r>")
    server.forget()
    box.cab("island", "fetch", f"<git:{server.url}/o/r>")
    box.check(server.count() == 1, f"stopped at its first line:\n{server.log()}")


@case("evaluation reads a file of an island with one resolution and one download")
def _(box):
    _, _, server = served(box, {"name": "world", "sub/other": "x"})
    box.write("default.cab", 'name = readFile <github:o/r>/name;\n'
              + shell("use", "echo hello \\(name) > $out; cat \\(<github:o/r>)/sub/other >> $out"))
    box.cab("build")
    box.check(box.read("result") == "hello world\nx", box.read("result"))
    box.check(server.count() == 2, server.log())


@case("what evaluation read stays when the source object is deleted")
def _(box):
    _, _, server = served(box, {"name": "world"})
    box.write("default.cab", 'name = readFile <github:o/r>/name;\n' + shell("use", "echo hello \\(name) > $out"))
    box.cab("build")
    box.cab("store", "delete", box.object("r"))
    server.forget()
    box.cab("build")
    box.check(server.count() == 0, server.log())
    box.check(not [name for name in box.objects() if name.endswith("-r")], "the source was not fetched again")


@case("a repository of SHA-256 is built, locked by its 64 digits, and fetched by them with one request")
def _(box):
    folder = os.path.join(box.top, "git", "o", "r")
    os.makedirs(folder)
    git(folder, "init", "-q", "-b", "main", "--object-format=sha256")
    revision = commit(folder, {"a": "1", "d/b": "2"})
    server = box.serve_git(os.path.join(box.top, "git"))
    box.write("default.cab", shell("use", "cp -r \\(<github:o/r>) $out"))
    box.cab("build")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), "the tree is what git stores")
    box.check(len(revision) == 64 and f'"git {revision}"' in box.read("default.cab.lock"), box.read("default.cab.lock"))
    box.cab("store", "delete", box.object("r"))
    box.write("default.cab", shell("use", "cp --recursive \\(<github:o/r>) $out"))
    server.forget()
    box.cab("build")
    box.check(server.count() == 1, server.log())


@case("behind apache, with a process for each request and none kept: fetched, nothing new, moved; what is not there is told")
def _(box):
    if not shutil.which("apache2"):
        raise Skip("apache2 is not installed")
    if os.geteuid() == 0 and subprocess.run(["unshare", "--user", "--map-user=1000", "true"], capture_output=True,
                                            check=False).returncode:
        raise Skip("as root, apache needs a user namespace, which the kernel refuses")
    folder = os.path.join(box.top, "git", "o", "r")
    first = repository(folder, {"a": "1", "d/b": "2" * 100000})
    server = box.serve_git(os.path.join(box.top, "git"), "apache")
    box.write("default.cab", USE)
    box.cab("build")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), "the tree is what git stores")
    box.check(server.count() == 2 and f"git {first}" in box.read("default.cab.lock"), server.log())
    server.forget()
    box.cab("build", "--update")
    box.check(server.count() == 1, f"nothing new is one request:\n{server.log()}")
    second = commit(folder, {"a": "2"})
    box.cab("build", "--update")
    box.check(f"git {second}" in box.read("default.cab.lock"), box.read("default.cab.lock"))
    box.check(tree_of(box.path("result")) == git_tree_of(folder), "what moved is fetched")
    box.fails("island", "fetch", "<github:o/nothing>", says="404")


@case("a repository that has moved is followed, and where it led is kept for the run; a forge's stays at its own origin")
def _(box):
    folder, _, server = served(box, {"a": "1", "d/b": "2"})
    old = box.serve(box.top)
    old.rules(f"/was/r/git-upload-pack redirect 301 {server.url}/o/r/git-upload-pack")
    box.configure(network_allow='["127.0.0.1"]')
    box.write("default.cab", shell("use", f"cp -r \\(<git:{old.url}/was/r>) $out"))
    server.forget()
    box.cab("build")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), "the tree is git's")
    box.check(old.count() == 1 and server.count("POST") == 2, f"{old.log()} {server.log()}")
    box.cab("update")
    box.check(old.count() == 2 and server.count("POST") == 3, f"{old.log()} {server.log()}")
    row, = json.loads(box.cab("account", "--json").out)["sources"]
    box.check(row["origins"] == [old.url, server.url], str(row))
    box.configure(islands_github_base=f'"{old.url}"')
    box.write("default.cab", shell("use", "cp -r \\(<github:was/r>) $out"))
    refuses(box, f"redirected to {server.url}, which is not among the origins")


@case("a forge's mirrors are gone to in order, with every request of a fetch, and the forge itself with none")
def _(box):
    folder, _, server = served(box, {"a": "1", "d/b": "2"})
    empty = box.serve(os.path.join(box.top, "home"))
    del box.settings["islands_github_base"]
    box.configure(**{'mirrors."https://forge.invalid"': f'["{empty.url}", "{server.url}"]'})
    box.configure(islands_gitlab_base='"https://forge.invalid"')
    for island in ("gitlab:o/r", "git:https://forge.invalid/o/r"):
        box.write("default.cab", shell("use", f"cp -r \\(<{island}>) $out"))
        box.environment["CAB_ROOT"] = os.path.join(box.top, island[:4])
        server.forget()
        box.cab("build", "-o", island[:4])
        box.check(tree_of(box.path(island[:4])) == git_tree_of(folder), "the tree is git's")
        box.check(server.count("POST") == 2 and "forge.invalid" not in server.log(), server.log())
        box.check(server.url not in box.read("default.cab.lock"), "no mirror stands in the lock")
    box.check(empty.count() == 2, empty.log())


@case("submodules on request: part of the identities, fetched by the lock's revision alone")
def _(box):
    top = os.path.join(box.top, "git")
    inner = repository(os.path.join(top, "o", "inner"), {"i": "1"})
    folder = os.path.join(top, "o", "r")
    repository(folder, {"a": "1", ".gitmodules": '[submodule "x"]\n\tpath = d/in\n\turl = ../inner\n'})
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{inner},d/in")
    git(folder, "commit", "-q", "-m", "submodule")
    revision = git(folder, "rev-parse", "HEAD")
    server = box.serve_git(top)
    use = shell("use", "cp -r \\(<github:o/r:{ submodules = true }>) $out")
    box.write("default.cab", use)
    box.cab("build")
    found = tree_of(box.path("result"))
    box.check(found[b"d/in/i"] == ("f", b"1") and found[b"a"] == ("f", b"1"), str(found))
    box.check(f'"git {revision}+submodules"' in box.read("default.cab.lock"), box.read("default.cab.lock"))
    box.check(server.count() == 3, server.log())
    server.forget()
    box.cab("build", "--update")
    box.check(server.count() == 1, server.log())
    box.cab("store", "delete", box.object("r"))
    box.write("default.cab", use.replace("cp -r", "cp --recursive"))
    server.forget()
    box.cab("build")
    box.check(server.count() == 2, server.log())
    # Without them it is another tree.
    box.write("default.cab", shell("use", "cp -r \\(<github:o/r>) $out"))
    box.cab("build")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), "the submodule is an empty folder")


def use_submodules(value):
    """A derivation whose result is the tree with submodules of this value."""
    island = f"\\(<github:o/r:{{ submodules = {value} }}>)"
    return shell("use", "cp -r ISLAND $out").replace("ISLAND", island)


def with_submodule(top, name, inner, url, path="in"):
    """A repository with a submodule at this commit and URL. Gives its revision."""
    folder = os.path.join(top, "o", name)
    repository(folder, {"a": name, ".gitmodules": f'[submodule "x"]\n\tpath = {path}\n\turl = {url}\n'})
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{inner},{path}")
    git(folder, "commit", "-q", "-m", "submodule")
    return git(folder, "rev-parse", "HEAD")


@case("submodules of another origin, where the island's own text names it, nested too; else what to write is said")
def _(box):
    top, far = os.path.join(box.top, "git"), os.path.join(box.top, "far")
    inmost = repository(os.path.join(far, "o", "inmost"), {"i": "1"})
    inner = with_submodule(far, "inner", inmost, "../inmost")
    other = Server(box, os.path.join(SERVER, "git.sh"), far)
    with_submodule(top, "r", inner, other.url + "/o/inner")
    box.serve_git(top)
    box.write("default.cab", use_submodules("true"))
    refuses(box, other.url + " is not among the origins", f'submodules = "{other.url}"')
    # What the text allows, this host may still refuse: an address that is not public.
    allowed = use_submodules(f'"{other.url}/ {other.url}"')
    box.write("default.cab", allowed)
    refuses(box, "127.0.0.1", "network.allow")
    box.check(other.count() == 0, other.log())
    box.configure(network_allow='["127.0.0.1"]')
    box.cab("build")
    found = tree_of(box.path("result"))
    box.check(found[b"in/a"] == ("f", b"inner") and found[b"in/in/i"] == ("f", b"1"), str(found))
    box.check(f'submodules = \\"{other.url}\\", ' in box.read("default.cab.lock"), box.read("default.cab.lock"))
    box.check(other.count() == 2, other.log())
    # The revision says what submodules hold, wherever they come from: an island of other origins asks for nothing more.
    other.forget()
    box.write("default.cab", use_submodules("true"))
    box.cab("build")
    box.check(other.count() == 0, other.log())
    for text, words in (("http://a/b", "is no origin"), ("ftp://a", "an http://"), (" ", "true is wanted"),
                        ("https://u@h", "user name"), (" ".join(f"https://h{at}" for at in range(17)), "more than 16")):
        box.write("default.cab", use_submodules(f'"{text}"'))
        refuses(box, words)


@case("a submodule's origin is shown no credential of the island's")
def _(box):
    top, www = os.path.join(box.top, "git"), os.path.join(box.top, "www")
    os.makedirs(www)
    other = box.serve(www)
    with_submodule(top, "r", "1" * 40, other.url + "/o/inner")
    server = box.serve_git(top)
    secret = box.write("secret", "t0ken-of-the-island\n")
    box.configure(**{f'credentials_"{server.url}"': f'{{ file = "{secret}", kind = "bearer" }}'},
                  network_allow='["127.0.0.1"]')
    box.write("default.cab", use_submodules(f'"{other.url}"'))
    refuses(box, other.url)
    with open(os.path.join(other.state, "heads"), encoding="latin-1") as file:
        heads = file.read()
    box.check("git-upload-pack" in heads and "t0ken" not in heads and "uthorization" not in heads, heads)


def lfs_served(box):
    """A repository with a pointer among its files, and its server."""
    server = Lfs(os.path.join(box.top, "git"))
    box.stops.append(server.stop)
    oid, pointer = server.add(b"large" * 300)
    revision = repository(os.path.join(server.repositories, "o", "r"), {"a": "1", "d/large": pointer})
    box.configure(islands_github_base=f'"{server.url}"')
    return server, revision, oid, pointer


def use_lfs(value):
    return shell("use", "cp -r ISLAND $out").replace("ISLAND", f"\\(<github:o/r:{{ lfs = {value} }}>)")


@case("contents of LFS on request: part of the identities, locked, read by evaluation, and not asked for again")
def _(box):
    server, revision, oid, pointer = lfs_served(box)
    box.write("default.cab", use_lfs("true"))
    box.cab("build")
    full = {b"a": ("f", b"1"), b"d": ("d", b""), b"d/large": ("f", b"large" * 300)}
    box.check(tree_of(box.path("result")) == full, str(tree_of(box.path("result"))))
    lock = box.read("default.cab.lock")
    box.check(f'"git {revision}+lfs"' in lock and "lfs = true, " in lock and '+lfs","cab d' in lock, lock)
    count = len(server.log)
    box.cab("build")
    box.check(len(server.log) == count, str(server.log))
    box.write("default.cab", "readFile <github:o/r:{ lfs = true, }>/d/large\n")
    box.check("largelarge" in box.cab("eval").out, "what is read is the content")
    box.write("default.cab", USE)
    box.cab("build")
    box.check(tree_of(box.path("result"))[b"d/large"] == ("f", pointer.encode()), "without it the pointer is a file")
    # The next commit with the same content: it is linked. Another content is asked for.
    repository(os.path.join(server.repositories, "o", "r"), {"a": "2", "d/large": pointer})
    box.write("default.cab", use_lfs("true"))
    box.cab("build", "--update")
    box.check(tree_of(box.path("result")) == {**full, b"a": ("f", b"2")}, str(tree_of(box.path("result"))))
    other, pointer = server.add(b"other" * 300)
    del server.contents[other]
    repository(os.path.join(server.repositories, "o", "r"), {"a": "3", "d/large": pointer})
    refuses(box, "Object does not exist", other, "out/d/large", arguments=("build", "--update"))
    box.check(server.log.count(f"GET /content/{oid}") == 1, str(server.log))


@case("a ref of LFS that moved: what its pointers name is linked, copied with another mode, and asked for where it is new")
def _(box):
    server, _, oid, pointer = lfs_served(box)
    folder = os.path.join(server.repositories, "o", "r")
    # Larger than what is held in memory, and than what is read at once.
    large, large_pointer = server.add(b"0123456789abcdef" * 200_000)
    contents = {pointer: b"large" * 300, large_pointer: b"0123456789abcdef" * 200_000}
    commit(folder, {"e/other": large_pointer, "e/plain": "plain\n" * 100})
    box.write("default.cab", use_lfs("true"))

    def agrees():
        wanted = {name: (kind, contents.get(data.decode(), data)) for name, (kind, data) in git_tree_of(folder).items()}
        box.check(tree_of(box.path("result")) == wanted, f"{sorted(wanted)} {sorted(tree_of(box.path('result')))}")

    box.cab("build")
    agrees()
    server.contents, held = {}, server.contents
    # Nothing of these is a content that was not there before: nothing is asked for.
    commit(folder, {"a": "2"})
    box.cab("build", "--update")
    agrees()
    os.rename(os.path.join(folder, "d", "large"), os.path.join(folder, "moved"))
    shutil.copy(os.path.join(folder, "e", "other"), os.path.join(folder, "e", "twice"))
    os.chmod(os.path.join(folder, "e", "other"), 0o755)
    os.chmod(os.path.join(folder, "e", "plain"), 0o755)
    commit(folder, {"a": "3"})
    before = len(server.log)
    box.cab("build", "--update")
    agrees()
    asked = [line for line in server.log[before:] if "git-upload-pack" not in line and "info/refs" not in line]
    box.check(not asked, str(asked))
    # A pointer that is much like the one before, and one that is the file's no more.
    server.contents = held
    new, new_pointer = server.add(b"new" * 300)
    contents[new_pointer] = b"new" * 300
    commit(folder, {"moved": new_pointer, "e/twice": "no pointer", "e/new/again": pointer})
    box.cab("build", "--update")
    agrees()
    asked = [line for line in server.log[before:] if "/content/" in line]
    box.check(asked == [f"GET /content/{new}"], str(asked))
    box.check(server.log.count(f"GET /content/{large}") == server.log.count(f"GET /content/{oid}") == 1, str(server.log))
    said = box.cab("store", "verify").out
    box.check("damaged" not in said, said)


@case("submodules and LFS together: a submodule that stays, and one that moved, keep the contents that they had")
def _(box):
    server, _, oid, pointer = lfs_served(box)
    inner = repository(os.path.join(server.repositories, "o", "inner"), {"large": pointer, "b": "1"})
    other, other_pointer = server.add(b"other" * 300)
    with_submodule(server.repositories, "r", inner, "../inner")
    box.write("default.cab", use_lfs("true, submodules = true"))

    def agrees(**files):
        found = {name.decode(): data for name, (_, data) in tree_of(box.path("result")).items()}
        wanted = {"in/large": b"large" * 300, "d/large": b"large" * 300, **{f"in/{name}": data for name, data in files.items()}}
        box.check(wanted.items() <= found.items(), f"{sorted(wanted)} {sorted(found)}")

    box.cab("build")
    agrees(b=b"1")
    server.log.clear()
    os.symlink("d", os.path.join(server.repositories, "o", "r", "link"))
    with_submodule(server.repositories, "r", inner, "../inner")
    box.cab("build", "--update")
    agrees(b=b"1")
    box.check(len(server.log) == 2 and not any("inner" in line for line in server.log), str(server.log))
    inner = commit(os.path.join(server.repositories, "o", "inner"), {"b": "2", "new": other_pointer})
    with_submodule(server.repositories, "r", inner, "../inner")
    box.cab("build", "--update")
    agrees(b=b"2", new=b"other" * 300)
    contents = [line for line in server.log if "/content/" in line]
    box.check(contents == [f"GET /content/{other}"], str(server.log))


@case("small contents of LFS are asked for together, a large one between them alone")
def _(box):
    server, _, _, _ = lfs_served(box)
    texts = {f"s/{number}": f"small {number}".encode() for number in range(12)}
    commit(os.path.join(server.repositories, "o", "r"), {name: server.add(text)[1] for name, text in texts.items()})
    server.contents = {oid: text for oid, text in server.contents.items() if not text.startswith(b"large")}
    server.gathers(6)
    box.write("default.cab", use_lfs("true").replace("}>", "}:/s>"))
    box.cab("build")
    box.check({name.decode(): data for name, (_, data) in tree_of(box.path("result")).items()} ==
              {name[2:]: text for name, text in texts.items()}, str(tree_of(box.path("result"))))
    server.barrier = None
    large = b"0123456789abcdef" * 100_000
    commit(os.path.join(server.repositories, "o", "r"), {"s/5": server.add(large)[1], "s/6": server.add(b"new")[1]})
    before = len(server.log)
    box.cab("build", "--update")
    box.check({name.decode(): data for name, (_, data) in tree_of(box.path("result")).items()} ==
              {name[2:]: text for name, text in {**texts, "s/5": large, "s/6": b"new"}.items()}, "the tree of the next commit")
    box.check(sum("/content/" in line for line in server.log[before:]) == 2, str(server.log[before:]))


@case("contents of LFS at another origin, where the island's own text names it")
def _(box):
    server, _, oid, _ = lfs_served(box)
    other = Lfs(server.repositories)
    box.stops.append(other.stop)
    other.contents, server.elsewhere = server.contents, other.url
    box.write("default.cab", use_lfs("true"))
    refuses(box, other.url + " is not among the origins")
    box.write("default.cab", use_lfs(f'"{other.url}"'))
    refuses(box, "127.0.0.1", "network.allow")
    box.check(not other.log, str(other.log))
    box.configure(network_allow='["127.0.0.1"]')
    box.cab("build")
    box.check(tree_of(box.path("result"))[b"d/large"] == ("f", b"large" * 300), "the content")
    box.check(other.log == [f"GET /content/{oid}"], str(other.log))
    box.check(f'lfs = \\"{other.url}\\", ' in box.read("default.cab.lock"), box.read("default.cab.lock"))
    for text, words in (("http://a/b", "lfs: `http://a/b` is no origin"), (" ", "lfs: true is wanted")):
        box.write("default.cab", use_lfs(f'"{text}"'))
        refuses(box, words)


main()
