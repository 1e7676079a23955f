#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Local islands: what of a folder is in, by git's own rules, and that nothing is read twice."""
import json
import os
import random
import re
import shutil
import subprocess
import time

from harness import case, commit, git, git_tree_of, main, repository, tree_of


def put(folder, files):
    for name, content in files.items():
        path = os.path.join(os.fsencode(folder), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())


def staged(folder):
    """The tree that `git add --all` would make now, with an index of its own."""
    index = os.path.join(folder, ".git", "index")
    other = index + ".other"
    if os.path.exists(index):
        # With its time: by that git knows which files may have changed in the moment when it was written.
        shutil.copy2(index, other)
    environment = dict(os.environ, GIT_INDEX_FILE=other, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")
    subprocess.run(["git", "-C", folder, "-c", "advice.addEmbeddedRepo=false", "add", "--all"], check=True,
                   env=environment, stderr=subprocess.DEVNULL)
    tree = subprocess.run(["git", "-C", folder, "write-tree"], check=True, env=environment,
                          stdout=subprocess.PIPE).stdout.decode().strip()
    os.unlink(other)
    return git_tree_of(folder, tree)


def taken(box, folder, **more):
    """Imports a folder. Gives its tree, and how many files were read."""
    result = box.cab("eval", "-e", f'"\\(<fs::{folder}>)"', environment={"CAB_TRACE": "local"}, **more)
    path = result.out.strip().strip('"').replace("/cull/", box.root + "/")
    read = int(result.err.rsplit(" files read", 1)[0].rsplit(" ", 1)[1])
    return tree_of(path), read


def expect_staged(box, folder):
    found, _read = taken(box, folder)
    wanted = staged(folder)
    for name in sorted(set(found) ^ set(wanted)):
        said = subprocess.run(["git", "-C", folder, "check-ignore", "-v", "-n", "--no-index", "--", name],
                              stdout=subprocess.PIPE, check=False).stdout
        print(f"# git of {name}: {said}")
    box.check(found == wanted, f"only here: {sorted(set(found) - set(wanted))}, only in git: "
              f"{sorted(set(wanted) - set(found))}, different: "
              f"{[name for name in found if name in wanted and found[name] != wanted[name]]}")
    expect_listed(box, folder, wanted)
    return found


def expect_listed(box, folder, tree):
    """readDirectory gives the names of a tree's folders, where they are text, and no others."""
    kinds = {"d": "directory", "l": "symlink", "f": "file", "x": "file"}
    within = {os.path.join(folder, os.fsdecode(name)) for name in tree if
              tree[name][0] == "d" and os.path.exists(os.path.join(folder, os.fsdecode(name), ".git"))}
    for place in [b""] + [name for name in tree if tree[name][0] == "d"]:
        text = os.fsdecode(place)
        names = {name: tree[name][0] for name in tree if os.path.dirname(name) == place}
        # What an island's text would have to escape is left to others.
        if not re.fullmatch(r"[\w/.-]*", text) or not all(name.isascii() for name in names):
            continue
        path = os.path.join(folder, text).rstrip("/")
        if path in within:
            continue
        listed = json.loads(box.cab("eval", "--json", "-e", f"readDirectory <fs::{path}>").out)
        wanted = {os.path.basename(os.fsdecode(name)): kinds[kind] for name, kind in names.items()}
        box.check(listed == wanted, f"{path}: {listed} {wanted}")


@case("what is tracked is in, whichever version git's index has; a split index is refused with what mends it")
def _(box):
    folder = box.path("r")
    repository(folder, {".gitignore": "*.o\n", "a.c": "a", "sub/deep/b.c": "b", "sub/deep/c.c": "c"})
    put(folder, {"sub/deep/tracked.o": "t", "later.o": "l", "out.o": "o"})
    git(folder, "add", "-f", "sub/deep/tracked.o")
    for words in (["--index-version", "2"], ["--index-version", "4"]):
        git(folder, "update-index", *words)
        found = expect_staged(box, folder)
        box.check(b"sub/deep/tracked.o" in found and b"out.o" not in found, f"{words}: {sorted(found)}")
    # One that is to be added later makes it version 3, and is in as it lies there.
    git(folder, "update-index", "--index-version", "3")
    git(folder, "add", "-f", "-N", "later.o")
    box.check(b"later.o" in expect_staged(box, folder), "an intention is a name too")
    git(folder, "update-index", "--split-index")
    box.fails("eval", "-e", f'"\\(<fs::{folder}>)"', says="git update-index --no-split-index")
    git(folder, "update-index", "--no-split-index")
    expect_staged(box, folder)


@case("ignored files are out: patterns, negated ones, nested files of them, .git/info/exclude")
def _(box):
    folder = box.path("r")
    repository(folder, {".gitignore": "*.o\n!keep.o\nbuild/\n/top\n", "a.c": "a", "sub/.gitignore": "*.tmp\n!a.o\n",
                        "sub/b.c": "b"})
    put(folder, {".git/info/exclude": "*.secret\n", "a.o": "", "keep.o": "k", "build/x": "", "top": "", "sub/top": "t",
                 "sub/a.o": "o", "sub/b.o": "", "sub/c.tmp": "", "other/c.tmp": "c", "x.secret": "", "new": "n",
                 "deep/er/z.o": "", "deep/er/still": "s", "only/ignored.o": ""})
    found = expect_staged(box, folder)
    for name in (b"keep.o", b"sub/top", b"sub/a.o", b"other/c.tmp", b"new", b"deep/er/still"):
        box.check(name in found, f"{name} is in")
    for name in (b"a.o", b"build", b"top", b"sub/b.o", b"sub/c.tmp", b"x.secret", b"only", b".git"):
        box.check(name not in found, f"{name} is out")


@case("what is tracked is in although it is ignored; what is changed, as it lies; what is deleted, not")
def _(box):
    folder = box.path("r")
    repository(folder, {"a": "a", "gone": "g", "build/tracked": "t", "x.o": "1"})
    put(folder, {".gitignore": "build\n*.o\n", "build/other": "", "x.o": "2", "a": "changed"})
    os.unlink(os.path.join(folder, "gone"))
    found = expect_staged(box, folder)
    box.check(found[b"x.o"] == ("f", b"2") and found[b"a"] == ("f", b"changed"), str(found))
    box.check(b"build/tracked" in found and b"build/other" not in found and b"gone" not in found, str(found))


@case("links, executable bits, and names that are not UTF-8")
def _(box):
    folder = box.path("r")
    repository(folder, {"run": "#!/bin/sh\n", "d/f": "f"})
    put(folder, {b"\xff\xfe": "bytes", b"d/\xe9.o": "o", b"d/\xe9.c": "c", "a-b": "", "a/b": "", "a.b": ""})
    put(folder, {".gitignore": b"\xe9.o\n"})
    os.chmod(os.path.join(folder, "run"), 0o755)
    os.symlink("d/f", os.path.join(folder, "link"))
    os.symlink("nowhere", os.path.join(folder, "dangling"))
    os.mkdir(os.path.join(folder, "empty"))
    found = expect_staged(box, folder)
    box.check(found[b"run"][0] == "x" and found[b"link"] == ("l", b"d/f") and b"\xff\xfe" in found, str(found))
    box.check(b"d/\xe9.c" in found and b"d/\xe9.o" not in found and b"empty" not in found, str(found))


@case("a clean check-out is the very tree that git has: one Cab hash with <git:…>")
def _(box):
    folder = os.path.join(box.top, "git", "o", "r")
    repository(folder, {"a": "a", "d/e/f": "f", ".gitignore": "*.o\n"})
    server = box.serve_git(os.path.join(box.top, "git"))
    put(folder, {"x.o": "ignored"})
    box.check(server.count() == 0, server.log())
    box.cab("island", "fetch", "<github:o/r>")
    before = box.objects()
    taken(box, folder)
    box.check(box.objects() == before, f"{before} {box.objects()}")


@case("a submodule and a clone within are empty folders; within themselves they have their own rules")
def _(box):
    folder, other = box.path("r"), box.path("s")
    repository(other, {"s": "s"})
    repository(folder, {"a": "a"})
    git(folder, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other, "sub")
    commit(folder, {})
    repository(os.path.join(folder, "clone"), {".gitignore": "*.o\n", "c": "c"})
    put(folder, {"clone/x.o": "", "sub/new": ""})
    found = expect_staged(box, folder)
    box.check(found[b"sub"] == ("d", b"") and found[b"clone"] == ("d", b""), str(found))
    box.check(b"sub/s" not in found and b"clone/c" not in found, str(found))
    inner, _read = taken(box, os.path.join(folder, "clone"))
    box.check(sorted(inner) == [b".gitignore", b"c"], str(inner))
    inner, _read = taken(box, os.path.join(folder, "sub"))
    box.check(sorted(inner) == [b"new", b"s"], str(inner))


@case("a part of a repository has its rules; one that it ignores, and what is no repository, is whole but for .git")
def _(box):
    folder = box.path("r")
    repository(folder, {".gitignore": "*.o\nbuild/\n", "sub/a": "a"})
    put(folder, {"sub/a.o": "", "build/x.o": "x", "build/deep/y": "y"})
    box.check(sorted(taken(box, os.path.join(folder, "sub"))[0]) == [b"a"], "sub")
    box.check(sorted(taken(box, os.path.join(folder, "build"))[0]) == [b"deep", b"deep/y", b"x.o"], "build")
    plain = box.path("plain")
    put(plain, {".gitignore": "*.o\n", "a.o": "", "d/.git/config": "no repository"})
    os.mkdir(os.path.join(plain, "empty"))
    box.check(sorted(taken(box, plain)[0]) == [b".gitignore", b"a.o", b"d", b"empty"], "plain")


@case("self has the rules of its repository, and so has a path in a string")
def _(box):
    repository(box.here, {".gitignore": "*.o\nresult\n", "default.cab": '"\\(<self>) \\(./sub)"\n', "sub/a": "a"})
    put(box.here, {"sub/a.o": "", "new": ""})
    box.cab("eval")
    trees = [sorted(tree_of(os.path.join(box.root, "store", name))) for name in box.objects()]
    box.check(sorted(trees) == [[b".gitignore", b"default.cab", b"new", b"sub", b"sub/a"], [b"a"]], str(trees))


@case("random patterns say what they say to git")
def _(box):
    seed = int(os.environ.get("CAB_TEST_SEED", random.randrange(1 << 30)))
    print(f"# CAB_TEST_SEED={seed}")
    chance = random.Random(seed)
    names = ["a", "b", "ab", "a.b", "a-b", "[a]", "b c", "!a", "#a", "*", "\\a", ".a"]
    parts = ["a", "b", "*", "?", "**", "[a-b]", "[!a]", "[^b]", "[[:alpha:]]", "[]a]", "\\*", "\\[", ".", "-", " ", "\\ ", "!"]
    for turn in range(12):
        folder = box.path(f"r{turn}")
        repository(folder, {"kept": "k"})
        folders = [""] + ["/".join(chance.choice(names) for _ in range(chance.randint(1, 3))) + "/" for _ in range(12)]
        for place in folders:
            os.makedirs(os.path.join(folder, place), exist_ok=True)
        for place in folders:
            put(folder, {f"{place}f-{chance.choice(names)}": "f"})
            for name in names:
                full = os.path.join(folder, place, name)
                if chance.random() < 0.6 and not os.path.lexists(full):
                    put(folder, {f"{place}{name}": "n"}) if chance.random() < 0.7 else os.symlink("..", full)
        for place in chance.sample(folders, 4) + [""]:
            lines = []
            for _line in range(chance.randint(1, 5)):
                text = "/".join("".join(chance.choice(parts) for _ in range(chance.randint(1, 3)))
                                for _ in range(chance.randint(1, 3)))
                lines.append(chance.choice(["", "", "!", "/", "!/", "**/", "#"]) + text + chance.choice(["", "", "/", "/**", " ", "\r"]))
            if not os.path.lexists(os.path.join(folder, place, ".gitignore")):
                put(folder, {f"{place}.gitignore": "\n".join(lines) + "\n"})
        expect_staged(box, folder)


@case("an unchanged tree is recognised without reading a file; of a changed one, that file is read")
def _(box):
    folder = box.path("r")
    repository(folder, {f"d{number % 7}/f{number}": str(number) for number in range(200)})
    time.sleep(0.05)
    first, read = taken(box, folder)
    box.check(read == 200, str(read))
    again, read = taken(box, folder)
    box.check(again == first and read == 0, str(read))
    put(folder, {"d1/f1": "2"})
    time.sleep(0.05)
    changed, read = taken(box, folder)
    box.check(read == 1 and changed[b"d1/f1"] == ("f", b"2"), str(read))
    os.chmod(os.path.join(folder, "d2", "f2"), 0o755)
    changed, _read = taken(box, folder)
    box.check(changed[b"d2/f2"][0] == "x", "the mode is looked at")
    # The same size and mtime: ctime tells.
    path = os.path.join(folder, "d3", "f3")
    status = os.stat(path)
    put(folder, {"d3/f3": "9"})
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    changed, _read = taken(box, folder)
    box.check(changed[b"d3/f3"] == ("f", b"9"), "what was written over is seen")


@case("the stat cache may go, be damaged, or be another version at any time")
def _(box):
    folder = box.path("r")
    repository(folder, {"a": "a", "b": "b"})
    time.sleep(0.05)
    first, _read = taken(box, folder)
    caches = os.path.join(box.root, "stat")
    (name,) = os.listdir(caches)
    path = os.path.join(caches, name)
    with open(path, "rb") as file:
        whole = file.read()
    for data in (b"", whole[:40], whole.replace(b"cab stat 1", b"cab stat 2"), whole[:-1] + bytes([whole[-1] ^ 1]),
                 whole[:60] + b"\xff" + whole[61:], whole + b"x"):
        with open(path, "wb") as file:
            file.write(data)
        found, read = taken(box, folder)
        box.check(found == first and read == 2, f"{data!r}: {read}")
    shutil.rmtree(caches)
    box.check(taken(box, folder) == (first, 2), "a folder of caches is made again")
    box.check(taken(box, folder) == (first, 0), "and used")


@case("what is neither file, folder nor link: passed over in a repository, as git does; told elsewhere")
def _(box):
    folder = box.path("r")
    repository(folder, {"a": "a"})
    os.mkfifo(os.path.join(folder, "pipe"))
    box.check(sorted(taken(box, folder)[0]) == [b"a"], "the pipe is passed over")
    plain = box.path("plain")
    put(plain, {"a": ""})
    os.mkfifo(os.path.join(plain, "pipe"))
    box.fails("eval", "-e", f'"\\(<fs::{plain}>)"', says=("pipe is neither a file, a folder nor a link",))


main()
