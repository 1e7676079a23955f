#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Islands of git, through the whole of cab, against git's own http-backend."""
import os

from harness import case, git, git_tree_of, commit, main, repository, shell, tree_of

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
    box.check("nothing new" in result.err and "1 requests, " in result.out, f"a stopped program's count too: {result}")
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


main()
