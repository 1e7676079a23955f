#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Islands that only evaluation reads: commit, trees and those contents, by the ids of git's objects."""
import glob
import json
import os
import subprocess
import sys

from harness import SERVER, case, commit, git, main, repository, shell

sys.path.insert(0, SERVER)
from peer import BLOB, COMMIT, TREE, Peer, commit_of, identity_of, packed, pkt, refs, sent, tree_entry  # noqa: E402

FILES = {"README": "read me\n", "bin/tool": "#!/bin/sh\n", "d/e/f": "deep\n", "d/g": "near\n", "big": os.urandom(200000)}
READ = "readFile <github:o/r>/README\n"


def served(box, files=None):
    folder = os.path.join(box.top, "git", "o", "r")
    revision = repository(folder, FILES if files is None else files)
    return folder, revision, box.serve_git(os.path.join(box.top, "git"))


def evaluated(box, text, *arguments):
    box.write("default.cab", text)
    return json.loads(box.cab("eval", "--json", *arguments).out)


def account(box):
    return json.loads(box.cab("account", "--json").out)


def tree(folder, path=""):
    return git(folder, "rev-parse", f"HEAD:{path}" if path else "HEAD^{tree}")


@case("a file that only evaluation reads costs the trees and its content, and the lock has no Cab hash")
def _(box):
    folder, revision, server = served(box)
    box.check(evaluated(box, READ) == "read me\n", "its content")
    lock = box.read("default.cab.lock")
    box.check(f'"github:o/r": {{"identities":["git {revision}","git-tree {tree(folder)}"],' in lock, lock)
    box.check(server.count() == 3, f"a listing, the trees, one content:\n{server.log()}")
    said = account(box)
    box.check(said["received"] < 20000, f"and not the rest: {said}")
    [source] = said["sources"]
    box.check(source["read"] == "objects of git" and source["reads"] == 1 and source["requests"] == 3, f"{source}")
    box.check([entry["proved"] for entry in source["identities"]] == [True, True], f"{source}")
    server.stop()
    box.check(evaluated(box, READ, "--offline") == "read me\n", "evaluating again needs nobody")
    box.check(evaluated(box, READ, "--locked", "--offline") == "read me\n", "and writes nothing")
    box.fails("eval", "-e", READ, "--offline", says="--offline")


@case("what stands in folders, executables, links, paths that are not there")
def _(box):
    folder, _, server = served(box)
    os.symlink("d", os.path.join(folder, "link"))
    os.symlink("README", os.path.join(folder, "d", "up"))
    os.chmod(os.path.join(folder, "bin", "tool"), 0o755)
    commit(folder, {"empty": ""})
    found = evaluated(box, "[ readDirectory <github:o/r>, readDirectory <github:o/r>/d, pathExists <github:o/r>/d/e/f,"
                           " pathExists <github:o/r>/no, pathExists <github:o/r>/README/x, pathExists <github:o/r>/link/g,"
                           " readFile <github:o/r>/bin/tool, readFile <github:o/r>/empty, ]\n")
    box.check(found[0] == {"README": "file", "big": "file", "bin": "directory", "d": "directory", "empty": "file",
                           "link": "symlink"}, f"{found[0]}")
    box.check(found[1] == {"e": "directory", "g": "file", "up": "symlink"}, f"{found[1]}")
    box.check(found[2:] == [True, False, False, False, "#!/bin/sh\n", ""], f"{found}")
    for path, says in (("no/such", "has no /no/such"), ("d", "is not a file"), ("d/up", "is not a file"),
                       ("link/g", "has no /link/g")):
        box.write("default.cab", f"readFile <github:o/r>/{path}\n")
        box.fails("eval", says=says)
    box.write("default.cab", "readDirectory <github:o/r>/README\n")
    box.fails("eval", says="is not a folder")


@case("an update with nothing new costs one request; of a commit that moved, what was read of the last is read by one")
def _(box):
    folder, first, server = served(box)
    box.write("default.cab", shell("use", "printf %s '\\(" + ")' '\\(".join(
        f"readFile <github:o/r>/{name}" for name in ("README", "d/e/f", "d/g")) + ")' >$out"))
    box.cab("build")
    box.check(server.count() == 2 and "cab d" in box.read("default.cab.lock"), "a build may consume it: it is fetched whole")
    os.unlink(box.path("default.cab.lock"))
    box.cab("show")
    before = box.read("default.cab.lock")
    box.check("cab d" not in before, before)
    server.forget()
    said = box.cab("update").out
    box.check(server.count() == 1 and "github:o/r: nothing new" in said, f"{said}{server.log()}")
    box.check(box.read("default.cab.lock") == before, "the lock is left as it is")
    second = commit(folder, {"README": "again\n", "d/e/f": "deeper\n", "d/g": "nearer\n"})
    server.forget()
    box.cab("build", "--locked")
    box.check(box.read("result") == "read me\ndeep\nnear\n" and server.count() == 0, "without an update the lock holds")
    said = box.cab("update", "--dry-run").out
    box.check(first[:12] in said and second[:12] in said and box.read("default.cab.lock") == before, said)
    server.forget()
    said = box.cab("update").out
    lock = box.read("default.cab.lock")
    box.check(f"git {first[:12]}" in said and f"-> {second[:12]}" in said and f"git {second}" in lock
              and f"git-tree {tree(folder)}" in lock and "cab d" not in lock, f"{said}{lock}")
    server.forget()
    box.cab("build", "--locked", "--offline")
    box.check(box.read("result") == "again\ndeeper\nnearer\n", box.read("result"))
    third = commit(folder, {"README": "once more\n", "d/e/f": "deepest\n", "d/g": "nearest\n"})
    box.cab("build", "--update")
    box.check(server.count() == 3, f"a listing, the trees, all contents:\n{server.log()}")
    box.check(third in box.read("default.cab.lock") and box.read("result") == "once more\ndeepest\nnearest\n", "")


@case("files that evaluation reads one after another are a request each, and are told of once")
def _(box):
    _, _, server = served(box, {"next": "one", "one": "two", "two": "three", "three": "end"})
    # A name is known when the content before it is: none can be asked for together.
    name = "readFile <github:o/r>/next"
    for _ in range(3):
        name = f'readFile (<github:o/r> + "/" + {name})'
    box.check(evaluated(box, name + "\n") == "end", name)
    box.check(server.count() == 6, server.log())
    why = account(box)["sources"][0]["why"]
    box.check(why.count("evaluation read files of it") == 1 and why.count("; then ") == 1, why)


@case("what is known at once is asked for at once")
def _(box):
    _, _, server = served(box, {**FILES, **{f"many/f{at}": f"{at}\n" for at in range(20)}})
    text = ("[ readDirectory <github:o/r>/many, " + "".join(f"readFile <github:o/r>/many/f{at}, " for at in range(20)) + "]\n")
    found = evaluated(box, text)
    box.check(found[1:] == [f"{at}\n" for at in range(20)], f"{found}")
    box.check(server.count() == 3, f"the files of a folder that was listed are one request:\n{server.log()}")
    box.check(account(box)["sources"][0]["requests"] == 3, f"{account(box)}")


@case("island cat and ls: ten files of many by two requests after the listing, and no lock")
def _(box):
    _, _, server = served(box, {f"d{at // 50}/f{at}": os.urandom(2000) for at in range(500)} | {"a": "a\n", "b": "b\n"})
    names = [f"d{at}/f{at * 50}" for at in range(8)] + ["./a", "/b"]
    said = box.start("island", "cat", "<github:o/r>", *names)
    out, _ = said.communicate()
    box.check(said.returncode == 0 and len(out) == 8 * 2000 + 4 and out.endswith(b"a\nb\n"), f"{len(out)}")
    box.check(server.count() == 3, server.log())
    box.check(account(box)["received"] < 60000, f"{account(box)}")
    box.check(box.cab("island", "ls", "<github:o/r>").out.splitlines() ==
              ["f a", "f b"] + [f"d d{at}" for at in range(10)], "its root")
    box.check(box.cab("island", "ls", "<github:o/r>", "d9").out.startswith("f f450\nf f451\n"), "a folder of it")
    box.check(not box.exists("default.cab.lock"), "nothing is locked")
    box.fails("island", "cat", "<github:o/r>", "a", "no", says="has no /no")
    box.fails("island", "ls", "<github:o/r>", "a", says="is not a folder")
    gone = "<github:o/r@nope>: no branch or tag of this name: nope"
    for command in (("island", "cat", "<github:o/r@nope>", "a"), ("island", "ls", "<github:o/r@nope>"),
                    ("eval", "-e", "readFile <github:o/r@nope>/a")):
        box.fails(*command, says=("error: " if command[0] == "eval" else "cab: ") + gone)
    for command in (("ls",), ("cat",), ("versions",), ("fetch",), ("show",)):
        words = ("a",) if command == ("cat",) else ()
        box.fails("island", *command, "<github:o/r>/d9", *words, status=(1, 2)[command[0] in ("ls", "cat", "versions")],
                  says="<github:o/r>/d9: a part of an island is")
    box.check(box.cab("island", "ls", "<github:o/r::/d9>").out.startswith("f f450\nf f451\n"), "as the message has it")


@case("what is imported is read alone in a build too, its folder's sources by one request")
def _(box):
    lib = {"default.cab": "import ./text.cab + import ./more/end.cab\n", "text.cab": '"a"\n', "more/end.cab": '"b"\n',
           "big": os.urandom(100000)}
    folder, revision, server = served(box, lib)
    box.write("default.cab", shell("use", "printf \\(import <github:o/r>) >$out"))
    box.cab("build")
    box.check(box.read("result") == "ab", box.read("result"))
    lock = box.read("default.cab.lock")
    box.check(f'["git {revision}","git-tree {tree(folder)}"]' in lock, lock)
    box.check(server.count() == 4 and account(box)["received"] < 20000, f"{server.log()}{account(box)}")
    server.forget()
    box.cab("build", "--locked")
    box.cab("build", "--update")
    box.check(server.count() == 1, f"an update asks what it means now:\n{server.log()}")


@case("what evaluation read and a derivation then consumes is fetched by the same revision, with no second listing")
def _(box):
    folder, first, server = served(box)
    box.check(evaluated(box, READ) == "read me\n", "")
    commit(folder, {"README": "moved\n"})
    box.write("default.cab", shell("use", "cat \\(<github:o/r>)/README >$out; printf %s \\(readFile <github:o/r>/README) >>$out"))
    server.forget()
    box.fails("build", "--locked", says=("github:o/r", "--locked"))
    box.check(server.count() == 0, server.log())
    box.cab("build")
    box.check(box.read("result").startswith("read me\n"), box.read("result"))
    box.check(server.count() == 1, f"the pack of that commit alone:\n{server.log()}")
    lock = box.read("default.cab.lock")
    box.check(f"git {first}" in lock and "cab d" in lock, lock)
    box.cab("build", "--locked", "--offline")


@case("what was read and is then consumed is found by its tree where the store has it: its entry and the account say by what")
def _(box):
    _, _, server = served(box)
    box.write("whole.cab", shell("use", "cat \\(<github:o/r>)/README > $out"))
    box.cab("build", "whole.cab")
    whole = json.loads(box.read("whole.cab.lock"))["github:o/r"]["identities"]
    box.write("default.cab.lock", box.read("whole.cab.lock").replace(f',"{whole[-1]}"', ""))
    box.check("cab d" not in box.read("default.cab.lock"), "as an entry of what was only read")
    box.write("default.cab", box.read("whole.cab"))
    server.forget()
    said = box.cab("build", "--account", "--json").out
    box.check(json.loads(box.read("default.cab.lock"))["github:o/r"]["identities"] == whole and server.count() == 0, server.log())
    rows = [json.loads(line) for line in said.splitlines() if '"sources"' in line][0]["sources"]
    row = [row for row in rows if row["source"] == "github:o/r"][0]
    box.check([one["from"] for one in row["identities"]] == ["lock", "lock", "table"], str(row))
    box.check(row["runs"][0]["outcome"] == "found" and row["runs"][0]["known"] == "table", str(row))


@case("a locked island of which nothing is held is read by its revision where nothing is consumed")
def _(box):
    folder, first, server = served(box)
    box.write("default.cab", shell("use", "cp \\(<github:o/r>)/README $out"))
    box.cab("build")
    commit(folder, {"README": "moved\n"})
    subprocess.run(["chmod", "-R", "u+w", box.root], check=True)
    box.root = box.environment["CAB_ROOT"] = os.path.join(box.top, "another")
    server.forget()
    before = box.read("default.cab.lock")
    box.check(evaluated(box, READ) == "read me\n" and server.count() == 2, f"trees and content:\n{server.log()}")
    box.write("default.cab", READ)
    box.check(box.read("default.cab.lock") == before, "the lock knows more than was read")


@case("a subpath is read beneath itself, and is locked as itself")
def _(box):
    folder, revision, server = served(box)
    box.check(evaluated(box, "[ readFile <github:o/r::/d>/e/f, readFile <github:o/r::/d/g>, ]\n") == ["deep\n", "near\n"], "")
    lock = box.read("default.cab.lock")
    box.check(f'["git {revision}:d","git-tree {tree(folder, "d")}"]' in lock and f'["git {revision}:d/g"]' in lock, lock)
    box.check(server.count() == 4, f"one listing, one answer of trees, two contents:\n{server.log()}")
    box.write("default.cab", shell("use", "cp -r \\(<github:o/r::/d>) $out"))
    box.cab("build")
    lock = box.read("default.cab.lock")
    box.check(f'["git {revision}:d","git-tree {tree(folder, "d")}","cab d' in lock, f"the build says the same of it: {lock}")
    box.write("default.cab", "pathExists <github:o/r::/no>/x\n")
    box.fails("eval", says="no is not there")


@case("a subpath that is a file is read by itself")
def _(box):
    _, revision, server = served(box)
    box.check(evaluated(box, "readFile <github:o/r::/d/g>\n") == "near\n" and server.count() == 3, server.log())
    box.check(f'["git {revision}:d/g"]' in box.read("default.cab.lock"), box.read("default.cab.lock"))


@case("a repository of SHA-256 ids")
def _(box):
    folder = os.path.join(box.top, "git", "o", "r")
    os.makedirs(folder)
    git(folder, "init", "-q", "-b", "main", "--object-format=sha256")
    revision = commit(folder, FILES)
    server = box.serve_git(os.path.join(box.top, "git"))
    box.check(evaluated(box, READ) == "read me\n", "")
    box.check(f'["git {revision}","git-tree {tree(folder)}"]' in box.read("default.cab.lock"), box.read("default.cab.lock"))
    box.check(account(box)["received"] < 20000, f"{account(box)}")
    server.stop()
    box.check(evaluated(box, READ, "--offline") == "read me\n", "")
    box.cab("store", "verify")


@case("a repository that is read with its submodules, and an archive, are fetched whole")
def _(box):
    folder, revision, server = served(box)
    box.check(evaluated(box, "readFile <github:o/r:{ submodules = true, }>/README\n") == "read me\n", "")
    box.check(f"git {revision}+submodules" in box.read("default.cab.lock") and "cab d" in box.read("default.cab.lock"), "")
    os.makedirs(os.path.join(box.top, "files"))
    with open(os.path.join(box.top, "files", "a.tar"), "wb") as file:
        file.write(subprocess.run(["git", "-C", folder, "archive", "HEAD"], check=True, stdout=subprocess.PIPE).stdout)
    files = box.serve(os.path.join(box.top, "files"))
    box.configure(network_allow='["127.0.0.1"]')
    box.check(evaluated(box, f"readFile <{files.url}/a.tar>/README\n") == "read me\n", "")
    box.check('"cab d' in box.read("default.cab.lock"), box.read("default.cab.lock"))


# Servers that a test makes up. What a request for a part asks shows in its body.

CONTENT = b"content\n"
OTHER = b"other\n"
TOP = (tree_entry(b"100644", b"f", identity_of(BLOB, CONTENT)) + tree_entry(b"100644", b"g", identity_of(BLOB, OTHER)))
HEAD = commit_of(TOP)
REVISION = identity_of(COMMIT, HEAD)
TREES = [(COMMIT, HEAD), (TREE, TOP)]
REFUSED = pkt(b"ERR upload-pack: not our ref, nor this filter\n")


def peer(box, trees=None, blobs=None, whole=None, **more):
    """A server of one commit; what it answers for trees, for contents, and for all."""
    answers = {b"trees": sent(packed(TREES)) if trees is None else trees,
               b"blobs": sent(packed([(BLOB, CONTENT)])) if blobs is None else blobs,
               b"whole": sent(packed(TREES + [(BLOB, CONTENT), (BLOB, OTHER)])) if whole is None else whole}

    def fetch(body):
        part = b"trees" if b"filter blob:none" in body else b"blobs" if REVISION.encode() not in body else b"whole"
        return answers[part]

    made = Peer(**{"listing": refs(("HEAD", REVISION)), "fetch": fetch, **more})
    box.stops.append(made.stop)
    box.configure(islands_github_base=f'"{made.url}"')
    box.write("default.cab", "readFile <github:o/r>/f\n")
    return made


def kinds(made):
    return [kind for kind, _, _ in made.requests]


@case("what this server says when it does not lie is read")
def _(box):
    made = peer(box)
    box.check(box.cab("eval", "--raw").out == "content\n", "")
    box.check(kinds(made) == ["listing", "fetch", "fetch"], f"{kinds(made)}")


@case("a server that filters nothing is asked once for trees, and then for all, with no second listing")
def _(box):
    for answer in (REFUSED, 400):
        made = peer(box, trees=answer)
        result = box.cab("eval", "--raw")
        box.check(result.out == "content\n" and "sends no parts of a commit" in result.err, f"{result}")
        box.check(kinds(made) == ["listing", "fetch", "fetch"], f"{kinds(made)}")
        box.check('"cab d' in box.read("default.cab.lock"), box.read("default.cab.lock"))
        box.check(box.cab("eval", "--raw", "--offline", "--locked").out == "content\n", "")
        os.unlink(box.path("default.cab.lock"))
        subprocess.run(["chmod", "-R", "u+w", box.root], check=True)
        subprocess.run(["rm", "-rf", box.root], check=True)


@case("a server that sends no contents by their ids: all is fetched, by the revision that was found")
def _(box):
    made = peer(box, blobs=REFUSED)
    result = box.cab("eval", "--raw")
    box.check(result.out == "content\n" and "sends no parts of a commit" in result.err, f"{result}")
    box.check(kinds(made) == ["listing", "fetch", "fetch", "fetch"], f"{kinds(made)}")
    box.check(f'["git {REVISION}","git-tree {identity_of(TREE, TOP)}","cab d' in box.read("default.cab.lock"), "")


def lie(name, says, **answers):
    """Nothing but the truth is read: what is not sent as it is asked for is fetched whole, and that fails too."""
    @case(name)
    def _(box):
        peer(box, **answers)
        box.fails("eval", says=says)
        box.check(not box.exists("default.cab.lock") or "cab d" not in box.read("default.cab.lock"), "no content is locked")
        box.check(not glob.glob(os.path.join(box.root, "realizations", "*", "*")), "nothing is realized")


LESS = sent(packed([(COMMIT, HEAD), (TREE, TOP)]))
lie("another content than the one that was asked for is none", "did not send it", blobs=sent(packed([(BLOB, OTHER)])), whole=LESS)
lie("no content at all", "did not send it", blobs=sent(packed([])), whole=LESS)
lie("a commit without its tree", "did not send it", trees=sent(packed([(COMMIT, HEAD)])), whole=sent(packed([(COMMIT, HEAD)])))
DEEP = tree_entry(b"40000", b"d", identity_of(TREE, TOP)) + tree_entry(b"100644", b"f", identity_of(BLOB, CONTENT))
DEEP_HEAD = commit_of(DEEP)


@case("trees that are not all there are none")
def _(box):
    whole = [(COMMIT, DEEP_HEAD), (TREE, DEEP), (TREE, TOP), (BLOB, CONTENT), (BLOB, OTHER)]
    made = peer(box, trees=sent(packed(whole[:2])), whole=sent(packed(whole)),
                listing=refs(("HEAD", identity_of(COMMIT, DEEP_HEAD))))
    made.answers["fetch"] = lambda body: sent(packed(whole[:2] if b"filter blob:none" in body else whole))
    result = box.cab("eval", "--raw")
    box.check(result.out == "content\n" and "sends no parts" in result.err and "cab d" in box.read("default.cab.lock"),
              f"{result}")


lie("another commit", "did not send it", trees=sent(packed([(COMMIT, HEAD + b"x"), (TREE, TOP)])), whole=LESS)
lie("a pack of parts that is cut off", "cut off", trees=sent(packed(TREES))[:-30])
BADLY = tree_entry(b"100644", b"..", identity_of(BLOB, CONTENT))
BAD_HEAD = commit_of(BADLY)


@case("a tree whose names lead elsewhere is refused")
def _(box):
    revision = identity_of(COMMIT, BAD_HEAD)
    made = Peer(listing=refs(("HEAD", revision)), fetch=sent(packed([(COMMIT, BAD_HEAD), (TREE, BADLY)])))
    box.stops.append(made.stop)
    box.configure(islands_github_base=f'"{made.url}"')
    box.write("default.cab", "readDirectory <github:o/r>\n")
    box.fails("eval", says="a name leads elsewhere")


@case("P6: of 20000 folders in each other, what stands at the top is read")
def _(box):
    tree, trees = TOP, [(TREE, TOP)]
    for _ in range(20000):
        tree = (tree_entry(b"40000", b"d", identity_of(TREE, tree))
                + tree_entry(b"100644", b"f", identity_of(BLOB, CONTENT)))
        trees.append((TREE, tree))
    head = commit_of(tree)
    peer(box, trees=sent(packed([(COMMIT, head), *reversed(trees)])),
         listing=refs(("HEAD", identity_of(COMMIT, head))))
    box.check(box.cab("eval", "--raw").out == "content\n", "")


@case("P6: of folders that double with each of 40 trees, what stands at the top is read, and what stands at the bottom")
def _(box):
    tree, trees = TOP, [(TREE, TOP)]
    for _ in range(40):
        tree = (b"".join(tree_entry(b"40000", name, identity_of(TREE, tree)) for name in (b"a", b"b"))
                + tree_entry(b"100644", b"f", identity_of(BLOB, CONTENT)))
        trees.append((TREE, tree))
    head = commit_of(tree)
    peer(box, trees=sent(packed([(COMMIT, head), *trees])), listing=refs(("HEAD", identity_of(COMMIT, head))))
    box.write("default.cab", "readFile <github:o/r>/f + readFile <github:o/r>/" + "a/b/" * 20 + "f\n")
    box.check(box.cab("eval", "--raw").out == "content\ncontent\n", "")


@case("contents that nobody asked for have no effect, and one that never ends is stopped")
def _(box):
    peer(box, blobs=sent(packed([(BLOB, b"more"), (BLOB, CONTENT), (BLOB, OTHER), (TREE, TOP), (COMMIT, b"none")])))
    box.check(box.cab("eval", "--raw").out == "content\n", "")

    def blobs():
        yield pkt(b"packfile\n")
        piece = pkt(b"\2" + b"x" * 65000)
        while True:
            yield piece
    made = peer(box)
    made.answers["fetch"] = blobs
    box.write("default.cab", "readFile <github:o/r>/g\n")
    box.configure(limits_fetchSeconds="3")
    box.fails("eval", says="3 seconds")


# Where it is kept


def reads(box):
    return glob.glob(os.path.join(box.root, "reads", "*", "*"))


@case("gc keeps what a lock names, and takes the rest; what is damaged is asked for again")
def _(box):
    folder, revision, server = served(box)
    evaluated(box, READ)
    box.check([os.path.basename(name) for name in reads(box)] == [revision], f"{reads(box)}")
    box.cab("store", "gc")
    box.cab("store", "verify")
    box.check(not box.objects(), "no object is kept for it")
    server.forget()
    box.check(evaluated(box, READ) == "read me\n" and server.count() == 0, server.log())
    for name in glob.glob(os.path.join(box.root, "blobs", "*")):
        os.chmod(name, 0o644)
        with open(name, "r+b") as file:
            file.seek(20)
            file.write(b"damaged")
    box.fails("store", "verify", says="")
    result = box.cab("eval", "--raw")
    box.check(result.out == "read me\n" and server.count() == 2, f"{result}{server.log()}")
    box.cab("store", "verify")
    os.unlink(box.path("default.cab.lock"))
    box.cab("store", "gc")
    box.check(not reads(box) and not glob.glob(os.path.join(box.root, "blobs", "*")), "nobody names it")


@case("what no lock names is kept until gc, and is read again then")
def _(box):
    _, _, server = served(box)
    box.check(box.cab("eval", "--raw", "-e", READ).out == "read me\n", "")
    server.forget()
    box.check(box.cab("eval", "--raw", "-e", READ).out == "read me\n" and server.count() == 1, f"one listing:\n{server.log()}")
    box.cab("store", "gc")
    box.check(not reads(box) and not box.objects(), "nothing is kept")
    server.forget()
    box.check(box.cab("eval", "--raw", "-e", READ).out == "read me\n" and server.count() == 3, server.log())


@case("a cache has what was read, and another island.wasm asks for nothing")
def _(box):
    _, _, server = served(box)
    box.write("default.cab", shell("use", "printf %s '\\(import <github:o/lib>)' >$out"))
    repository(os.path.join(box.top, "git", "o", "lib"), {"default.cab": "readFile ./text\n", "text": "text\n"})
    cache = os.path.join(box.top, "cache")
    box.cab("cache", "push", cache)
    first = box.read("result") if box.exists("result") else "text\n"
    box.check(first == "text\n", first)
    subprocess.run(["chmod", "-R", "u+w", box.root], check=True)
    subprocess.run(["rm", "-rf", box.root], check=True)
    box.configure(caches=f'[{{ url = "file://{cache}", trusted = true, }}]')
    server.forget()
    box.cab("build", "--locked")
    box.check(box.read("result") == "text\n" and server.count() == 0, server.log())
    box.configure(caches="[]")
    box.program = os.path.join(os.path.dirname(os.path.abspath(sys.argv[2])), "cab-other")
    box.cab("show", "--locked")
    box.check(server.count() == 0, f"what was read is kept by git's own ids:\n{server.log()}")


@case("check --lock proves such an entry by its commit, and --deep by asking for it")
def _(box):
    folder, revision, server = served(box)
    evaluated(box, READ)
    said = box.cab("check", "--lock").out
    box.check("proved       github:o/r" in said and "by the commit itself" in said and "1 proved" in said, said)
    subprocess.run(["chmod", "-R", "u+w", box.root], check=True)
    subprocess.run(["rm", "-rf", box.root], check=True)
    server.forget()
    said = box.cab("check", "--lock").out
    box.check("unproved     github:o/r" in said and server.count() == 0, said)
    said = box.cab("check", "--lock", "--deep").out
    box.check("1 proved" in said and "a run just now" in said and server.count() == 1, f"{said}{server.log()}")
    lock = box.read("default.cab.lock")
    box.write("default.cab.lock", lock.replace(tree(folder), "1" * 40))
    box.check("another tree" in box.fails("check", "--lock").out, "a lock that lies")
    box.write("default.cab.lock", lock.replace(revision, "2" * 40))
    box.cab("check", "--lock")
    box.fails("eval", says="github:o/r")


@case("--prune keeps what is met, and takes what is not")
def _(box):
    served(box)
    box.write("default.cab", shell("use", "printf %s '\\(import <github:o/lib>)' >$out"))
    repository(os.path.join(box.top, "git", "o", "lib"), {"default.cab": '"text"\n'})
    box.cab("build")
    before = box.read("default.cab.lock")
    evaluated(box, READ)
    box.write("default.cab", shell("use", "printf %s '\\(import <github:o/lib>)' >$out"))
    box.check("github:o/r" in box.read("default.cab.lock"), "")
    said = box.cab("update", "--prune").out
    box.check("github:o/r: removed" in said and box.read("default.cab.lock") == before, said)


main()
