#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""A ref that moved: the fetch builds on the former object, and what is registered is right all the same."""
import json
import glob
import json
import os
import subprocess
import sys

from harness import case, commit, git, git_tree_of, main, repository, tree_of

BUILT = os.path.dirname(os.path.abspath(sys.argv[2]))
FILES = {f"d{folder}/f{number}": f"{folder} {number}\n" * 200 for folder in range(6) for number in range(20)}


def served(box, files):
    folder = os.path.join(box.top, "git", "o", "r")
    repository(folder, files)
    return folder, box.serve_git(os.path.join(box.top, "git"))


def fetched(box, folder, verify=True, subpath=""):
    """Fetches it, compares it with what git stores, and gives what was traced and the objects that are new."""
    before = set(box.objects())
    island = f"<github:o/r::/{subpath}>" if subpath else "<github:o/r>"
    result = box.cab("island", "fetch", island, environment={"CAB_TRACE": "hint"})
    new = [name for name in box.objects() if name not in before]
    path = result.out.splitlines()[0]
    found = tree_of(path)
    wanted = git_tree_of(folder, f"HEAD:{subpath}")
    box.check(found == wanted, f"the tree is what git stores; they differ in "
              f"{[name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)]}: {result}")
    if verify:
        box.cab("store", "verify")
    return result.err, new


def moved(box, folder, **more):
    said, new = fetched(box, folder, **more)
    box.check("hint: none" not in said and "hint: " in said, f"there was a hint: {said}")
    return new


def received(box):
    return json.loads(box.cab("account", "--json").out)["received"]


def kept(box, kind):
    return glob.glob(os.path.join(box.root, kind, "*", "*"))


def inodes(box, name):
    top = os.path.join(box.root, "store", name)
    return {os.path.relpath(os.path.join(folder, file), top): os.lstat(os.path.join(folder, file)).st_ino
            for folder, _, files in os.walk(top) for file in files}


@case("a changed file: what did not change is linked")
def _(box):
    folder, _ = served(box, FILES)
    said, first = fetched(box, folder)
    box.check("none: " in said, f"the first has no hint: {said}")
    commit(folder, {"d3/f7": "changed\n"})
    second = moved(box, folder)
    before, after = inodes(box, first[0]), inodes(box, second[0])
    box.check([name for name in after if after[name] != before[name]] == ["d3/f7"], "all else is the same inode")


@case("what comes over the wire is what changed, and 2 kB")
def _(box):
    noise = {f"n{number}": os.urandom(2000) for number in range(40)}
    folder, _ = served(box, {**FILES, **noise})
    fetched(box, folder)
    first = received(box)
    change = os.urandom(3000)
    commit(folder, {"n7": change, "d2/f2": "other\n"})
    moved(box, folder)
    box.check(first > 80000 and len(change) < received(box) < len(change) + 2000, f"{first}, then {received(box)} bytes")
    # A line more in a file that cannot be compressed is a delta against the file that is held.
    commit(folder, {"n8": noise["n8"] + b"more"})
    moved(box, folder)
    box.check(received(box) < 2000, f"{received(box)} bytes")


@case("added, deleted, empty and equal files; nothing of one object shares an inode")
def _(box):
    folder, _ = served(box, {**FILES, "empty": "", "e/empty": "", "e/other": "", "same/a": "same", "same/b": "same", "gone": "1"})
    fetched(box, folder)
    os.unlink(os.path.join(folder, "gone"))
    commit(folder, {"new": "new", "e/third": "", "same/c": "same", "d1/f1": "same", "again": FILES["d0/f0"]})
    new, = moved(box, folder)
    found = inodes(box, new)
    box.check(len(set(found.values())) == len(found), "each name has an inode of its own")


@case("folders that move, are copied, and swap with files")
def _(box):
    folder, _ = served(box, {**FILES, "a": "file", "b/c/d": "deep", "b/c/e": "deeper"})
    fetched(box, folder)
    at = lambda name: os.path.join(folder, name)
    os.rename(at("d1"), at("moved"))
    os.makedirs(at("x/y"))
    os.rename(at("b/c"), at("x/y/z"))
    subprocess.run(["cp", "-r", at("d2"), at("copy")], check=True)
    os.unlink(at("a"))
    os.rmdir(at("b"))
    commit(folder, {"a/b": "file", "b": "no folder"})
    new, = moved(box, folder)
    found = inodes(box, new)
    box.check(len(set(found.values())) == len(found), "each name has an inode of its own")
    before = received(box)
    box.check(before < 2000, f"{before} bytes")


@case("modes, links, and files that become links")
def _(box):
    folder, _ = served(box, {**FILES, "program": "#!/bin/sh\n", "plain": "plain", "was": "d0/f0"})
    at = lambda name: os.path.join(folder, name)
    os.chmod(at("program"), 0o755)
    os.symlink("d0/f0", at("link"))
    os.symlink("elsewhere", at("d3/link"))
    os.symlink("plain", at("back"))
    commit(folder, {})
    fetched(box, folder)
    os.chmod(at("program"), 0o644)
    os.chmod(at("plain"), 0o755)
    for name, target in (("link", "d0/f1"), ("back", None), ("was", "d0/f0")):
        os.unlink(at(name))
        if target:
            os.symlink(target, at(name))
    commit(folder, {"back": "plain"})
    moved(box, folder)


@case("a large file whose mode changes is written anew, with its digest")
def _(box):
    folder, _ = served(box, {**FILES, "large": os.urandom(3 << 20), "d1/other": os.urandom(2 << 20)})
    fetched(box, folder)
    os.chmod(os.path.join(folder, "large"), 0o755)
    os.chmod(os.path.join(folder, "d1", "other"), 0o755)
    commit(folder, {})
    moved(box, folder)


@case("names that are not UTF-8, and submodules, which are empty folders")
def _(box):
    folder, _ = served(box, FILES)
    with open(os.path.join(os.fsencode(folder), b"d4", b"caf\xe9\n"), "wb") as file:
        file.write(b"latin")
    revision = commit(folder, {})
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{revision},d5/module")
    git(folder, "commit", "-q", "-m", "a submodule")
    fetched(box, folder)
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{revision},d4/module")
    git(folder, "commit", "-q", "-m", "another")
    moved(box, folder)


@case("a branch that was reset to another history, and back")
def _(box):
    folder, server = served(box, FILES)
    fetched(box, folder)
    first = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "-q", "--orphan", "new")
    git(folder, "rm", "-rfq", ".")
    commit(folder, {"other": "1", "d0/f0": FILES["d0/f0"]})
    git(folder, "branch", "-f", "main", "new")
    git(folder, "checkout", "-q", "main")
    moved(box, folder)
    git(folder, "reset", "-q", "--hard", first)
    server.forget()
    box.cab("island", "fetch", "<github:o/r>")
    box.check(server.count() == 1, f"what was there is known:\n{server.log()}")


@case("a server that has never heard of what is held sends all")
def _(box):
    folder, server = served(box, FILES)
    fetched(box, folder)
    subprocess.run(["rm", "-rf", folder], check=True)
    repository(folder, {**FILES, "d0/f0": "new"})
    moved(box, folder)
    box.check(server.count() == 4, server.log())


@case("a repository of SHA-256")
def _(box):
    folder = os.path.join(box.top, "git", "o", "r")
    os.makedirs(folder)
    git(folder, "init", "-q", "-b", "main", "--object-format=sha256")
    served(box, FILES)
    fetched(box, folder)
    commit(folder, {"d3/f7": "changed\n", "new/file": "new"})
    moved(box, folder)


@case("a folder of many files: the recipe is longer than what is written at once")
def _(box):
    folder, _ = served(box, {f"d/{number}" + "x" * 100: f"{number}" for number in range(800)})
    fetched(box, folder)
    commit(folder, {"d/" + "y" * 100: "new", "a": "new"})
    new, = moved(box, folder)
    box.check(len(os.listdir(os.path.join(box.root, "store", new, "d"))) == 801, "all are there")


@case("a subpath: what changed beneath it is received, and what did not is linked")
def _(box):
    noise = {f"{top}/n{number}": os.urandom(2000) for number in range(40) for top in ("in/sub", "out")}
    folder, server = served(box, {**FILES, **noise, **{f"in/sub/{name}": content for name, content in FILES.items()}})
    _, first = fetched(box, folder, subpath="in/sub")
    box.check(received(box) > 80000, f"{received(box)} bytes at first")
    server.forget()
    change = os.urandom(3000)
    commit(folder, {"in/sub/n7": change, "in/sub/d2/f2": "other\n", "out/n3": os.urandom(9000), "out/n4": "", "d1/f1": "x"})
    second = moved(box, folder, subpath="in/sub")
    box.check(len(change) < received(box) < len(change) + 2000, f"{received(box)} bytes")
    box.check(server.count() == 3, f"the listing, trees and contents:\n{server.log()}")
    before, after = inodes(box, first[0]), inodes(box, second[0])
    box.check(sorted(name for name in after if after[name] != before[name]) == ["d2/f2", "n7"], "all else is the same inode")
    # Again, on what was itself built so.
    commit(folder, {"in/sub/d2/f3": "other\n", "in/other": "1"})
    moved(box, folder, subpath="in/sub")
    box.check(received(box) < 2000, f"{received(box)} bytes")
    commit(folder, {"in/other": "2"})
    server.forget()
    box.cab("island", "fetch", "<github:o/r::/in/sub>")
    box.check(server.count() == 2 and received(box) < 2000, f"elsewhere alone: trees, no contents:\n{server.log()}")


@case("a subpath that takes files and folders from elsewhere in the repository, whose trees are held and whose contents are not")
def _(box):
    folder, _ = served(box, {**FILES, "sub/a": "a", "sub/d/f": "f", "far/e/x": os.urandom(5000), "far/e/y/z": "z", "far/b": os.urandom(5000)})
    fetched(box, folder, subpath="sub")
    at = lambda name: os.path.join(folder, name)
    os.rename(at("far/e"), at("sub/e"))
    os.rename(at("far/b"), at("sub/d/b"))
    commit(folder, {})
    moved(box, folder, subpath="sub")
    # And one that is a file, or gone, has no memo, and leaves the one before in peace.
    subprocess.run(["mv", at("sub"), at("away")], check=True)
    commit(folder, {"sub": "file"})
    path = box.cab("island", "fetch", "<github:o/r::/sub>").out.splitlines()[0]
    with open(path, encoding="ascii") as file:
        box.check(file.read() == "file", path)
    os.unlink(at("sub"))
    commit(folder, {})
    box.fails("island", "fetch", "<github:o/r::/sub>", says=["the subpath is not there"])
    subprocess.run(["mv", at("away"), at("sub")], check=True)
    commit(folder, {"sub/a": "other"})
    fetched(box, folder, subpath="sub")


@case("a subpath behind a server that does not filter: all comes, and what did not change is linked")
def _(box):
    folder, server = served(box, {**FILES, "sub/a": "a", "sub/d/f": "f", "sub/g": "g", "other": "other"})
    git(folder, "config", "uploadpack.allowFilter", "false")
    _, first = fetched(box, folder, subpath="sub")
    os.rename(os.path.join(folder, "other"), os.path.join(folder, "sub/other"))
    commit(folder, {"sub/a": "b"})
    server.forget()
    second = moved(box, folder, subpath="sub")
    before, after = inodes(box, first[0]), inodes(box, second[0])
    box.check(all(after[name] == before[name] for name in ("d/f", "g")), f"linked:\n{server.log()}")


def pinned(box, name, files, links):
    """A commit in git/o/NAME with these submodules, {path: another NAME}, at what they have now. Gives its revision."""
    folder = os.path.join(box.top, "git", "o", name)
    modules = "".join(f'[submodule "{path}"]\n\tpath = {path}\n\turl = ../{other}\n' for path, other in links.items())
    repository(folder, {**files, **({".gitmodules": modules} if links else {})})
    for path, other in links.items():
        revision = git(os.path.join(box.top, "git", "o", other), "rev-parse", "HEAD")
        git(folder, "update-index", "--add", "--cacheinfo", f"160000,{revision},{path}")
        os.makedirs(os.path.join(folder, path), exist_ok=True)
    git(folder, "commit", "-q", "--allow-empty", "-m", "submodules")
    return git(folder, "rev-parse", "HEAD")


def whole(box, server, suffix=""):
    """Fetches o/r with its submodules, compares it with what git clones, and gives what was traced and the object that is new."""
    before = set(box.objects())
    clone = os.path.join(box.top, "clone")
    subprocess.run(["rm", "-rf", clone], check=True)
    git(box.top, "clone", "-q", "--recurse-submodules", f"{server.url}/o/r", clone)
    for folder, folders, files in os.walk(clone):
        for name in (name for name in folders + files if name == ".git"):
            subprocess.run(["rm", "-rf", os.path.join(folder, name)], check=True)
    server.forget()
    result = box.cab("island", "fetch", f"<github:o/r:{{ submodules = true }}{suffix}>", environment={"CAB_TRACE": "hint"})
    found, wanted = tree_of(result.out.splitlines()[0]), tree_of(os.path.join(clone, suffix.removeprefix("::/")))
    box.check(found == wanted, f"the tree is what git clones; they differ in "
              f"{[name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)]}: {result}")
    return result.err, [name for name in box.objects() if name not in before]


def whole_moved(box, server, count, suffix=""):
    said, (new,) = whole(box, server, suffix)
    box.check("hint: none" not in said and "hint: " in said, f"there was a hint: {said}")
    box.check(server.count() == count, f"{count} requests:\n{server.log()}")
    return new


@case("submodules: one that did not move is linked, and one that did is sent what changed")
def _(box):
    noise = {f"n{number}": os.urandom(2000) for number in range(40)}
    os.makedirs(os.path.join(box.top, "git"))
    server = box.serve_git(os.path.join(box.top, "git"))
    pinned(box, "inmost", {**noise, "deep/a": "a"}, {})
    pinned(box, "inner", {**FILES, "n": os.urandom(20000), "here/b": "b"}, {"in/most": "inmost"})
    pinned(box, "still", {"still/" + name: content for name, content in FILES.items()}, {})
    links = {"d/in": "inner", "still": "still"}
    pinned(box, "r", {"a": "a", "e/b": "b"}, links)
    _, (first,) = whole(box, server)
    box.check(server.count() == 5 and received(box) > 100000, f"{received(box)} bytes at first:\n{server.log()}")
    # The superproject alone.
    commit(os.path.join(box.top, "git", "o", "r"), {"e/b": "other"})
    second = whole_moved(box, server, 2)
    before, after = inodes(box, first), inodes(box, second)
    box.check([name for name in after if after[name] != before[name]] == ["e/b"], "all else is the same inode")
    box.check(received(box) < 2000, f"{received(box)} bytes")
    # The inmost one, and with it those around it.
    pinned(box, "inmost", {"deep/a": "other", "n7": noise["n7"] + b"more"}, {})
    pinned(box, "inner", {"here/b": "other"}, {"in/most": "inmost"})
    pinned(box, "r", {}, links)
    third = whole_moved(box, server, 4)
    box.check(received(box) < 4000, f"{received(box)} bytes")
    before, after = after, inodes(box, third)
    changed = [".gitmodules", "d/in/here/b", "d/in/in/most/deep/a", "d/in/in/most/n7"]
    box.check(set(name for name in after if after[name] != before[name]) <= set(changed), "all else is the same inode")
    # What was linked builds the next one as well.
    pinned(box, "inmost", {"deep/a": "third"}, {})
    pinned(box, "inner", {}, {"in/most": "inmost"})
    pinned(box, "r", {}, links)
    whole_moved(box, server, 4)
    box.check(received(box) < 3000, f"{received(box)} bytes")
    box.cab("store", "verify")


@case("submodules that come, go, move, swap and are there twice")
def _(box):
    os.makedirs(os.path.join(box.top, "git"))
    server = box.serve_git(os.path.join(box.top, "git"))
    pinned(box, "one", {"a": "a", "d/b": "b"}, {})
    pinned(box, "two", FILES, {})
    folder = os.path.join(box.top, "git", "o", "r")
    pinned(box, "r", {"x": "x"}, {"m/one": "one", "two": "two"})
    whole(box, server)
    box.check(server.count() == 4, server.log())
    git(folder, "rm", "-q", "--cached", "m/one", "two")
    pinned(box, "r", {}, {"two": "one", "m/one": "two", "again": "one"})
    whole_moved(box, server, 2)
    git(folder, "rm", "-q", "--cached", "again", "two", "m/one")
    os.rmdir(os.path.join(folder, "again"))
    pinned(box, "two", {"d0/f0": "new"}, {})
    pinned(box, "three", {"a": "a"}, {})
    pinned(box, "r", {"again": "a file", "two/file": "no submodule"}, {"m/one": "two", "p/three": "three", "p/again": "three"})
    # The listing, the superproject, what moved, and what is new, once.
    whole_moved(box, server, 4)


@case("a repository that is its own submodule, and a subpath with submodules in it")
def _(box):
    os.makedirs(os.path.join(box.top, "git"))
    server = box.serve_git(os.path.join(box.top, "git"))
    pinned(box, "sub", {**FILES, "b": os.urandom(9000)}, {})
    first = pinned(box, "r", {"in/x": "x", "out/y": "y"}, {"in/sub": "sub"})
    pinned(box, "r", {}, {"in/sub": "sub", "in/self": "r"})
    whole(box, server, "::/in")
    whole(box, server)
    commit(os.path.join(box.top, "git", "o", "r"), {"in/x": "other"})
    whole_moved(box, server, 2)
    whole_moved(box, server, 2, "::/in")
    # Back to what it had within itself.
    git(os.path.join(box.top, "git", "o", "r"), "reset", "-q", "--hard", first)
    commit(os.path.join(box.top, "git", "o", "r"), {"in/x": "third"})
    whole_moved(box, server, 2)


@case("many commits, one after the other, each on the one before")
def _(box):
    folder, _ = served(box, FILES)
    fetched(box, folder)
    for number in range(6):
        commit(folder, {f"d{number}/f{number}": f"{number}", f"new/{number}": f"{number}"})
        moved(box, folder)


@case("a memo that is damaged is no hint, nor are nodes that are damaged or gone")
def _(box):
    folder, _ = served(box, FILES)
    for number, spoil in enumerate(("memos", "trees", "none of trees", "none of memos")):
        fetched(box, folder)
        for name in kept(box, spoil.rsplit(" ", 1)[-1]):
            if spoil.startswith("none"):
                os.unlink(name)
                continue
            with open(name, "rb") as file:
                data = bytearray(file.read())
            data[-30] ^= 1
            os.chmod(name, 0o644)
            with open(name, "wb") as file:
                file.write(data)
        said = box.run("store", "verify")
        box.check((said.status == 0) == spoil.startswith("none"), f"verify sees it: {said}")
        commit(folder, {"d0/f0": f"change {number}"})
        err, _ = fetched(box, folder, verify=False)
        box.check("hint: none: " in err, f"no hint, and why: {err}")
        box.cab("store", "gc")
        for name in kept(box, "trees") + kept(box, "memos"):
            os.unlink(name)


@case("a former object that is deleted is no hint, and gc takes what belongs to it")
def _(box):
    folder, _ = served(box, FILES)
    _, new = fetched(box, folder)
    box.check(kept(box, "memos") and kept(box, "trees"), "both are kept")
    box.cab("store", "delete", os.path.join("/cull/store", new[0]))
    commit(folder, {"d0/f0": "change"})
    err, _ = fetched(box, folder)
    box.check("hint: none: " in err, err)
    box.cab("store", "gc")
    box.check(not kept(box, "memos") and not kept(box, "trees"), str(kept(box, "memos") + kept(box, "trees")))


@case("a former object that is damaged: an error, nothing registered, and the next fetch is whole")
def _(box):
    noise = os.urandom(4000)
    folder, _ = served(box, {**FILES, "noise": noise})
    _, new = fetched(box, folder)
    path = os.path.join(box.root, "store", new[0], "noise")
    os.chmod(path, 0o644)
    with open(path, "r+b") as file:
        file.write(b"damage")
    os.utime(path, ns=(10**9, 10**9))
    os.chmod(path, 0o444)
    commit(folder, {"noise": noise + b"more"})
    objects = box.objects()
    box.fails("island", "fetch", "<github:o/r>", says=["the former object is damaged", "the next run fetches all"])
    box.check(box.objects() == objects, "nothing was registered")
    err, _ = fetched(box, folder, verify=False)
    box.check("hint: none: " in err, err)


@case("a memo that lies about its object, its revision or its trees")
def _(box):
    folder, _ = served(box, {**FILES, "lie": "true"})
    _, first = fetched(box, folder)
    other = commit(folder, {"lie": "false"})
    _, second = fetched(box, folder)
    hashes = {name: box.cab("store", "info", os.path.join("/cull/store", name)).out for name in first + second}
    hashes = {name: next(word for word in text.split() if len(word) == 53 and word[0] == "d") for name, text in hashes.items()}
    blobs = [git(folder, "rev-parse", f"HEAD:{name}") for name in ("d0/f0", "d0/f1")]
    lies = (["object", first[0], hashes[first[0]]], ["identity", "git", git(folder, "rev-parse", "HEAD~1")], ["swap", *blobs])
    for number, lie in enumerate(lies):
        name, = kept(box, "memos")
        subprocess.run([os.path.join(BUILT, "forge"), name, *lie], check=True)
        box.cab("store", "verify")
        commit(folder, {"d5/f5": f"change {number}"})
        err, _ = fetched(box, folder)
        logs = "".join(open(name, encoding="utf-8").read() for name in kept(box, "logs"))
        box.check("hint: none: " in err or "does not add up" in logs, f"{lie[0]}: {err}{logs}")
        box.check(received(box) > 2000, "all of it came")
    box.check(other, "the revision that was forged is a real one")


@case("a program that is not cab's sees no hint")
def _(box):
    folder, _ = served(box, FILES)
    fetched(box, folder)
    with open(os.path.join(BUILT, "foreign.wasm"), "rb") as file:
        box.write("foreign.wasm", file.read())
    box.write("default.cab", 'derivation { name = "f", program = ./foreign.wasm, arguments = ["put 42", "say cab ."], fixed = "self", '
              'requiredRealizerFeatures = ["wasm"] }\n')
    said = box.cab("build", environment={"CAB_TRACE": "hint"}).err
    box.check("hint" not in said and len(kept(box, "memos")) == 1, said)


main()
