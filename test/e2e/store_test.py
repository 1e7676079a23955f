#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""The store's commands on real builds: what is shown, kept, found damaged, and taken away."""
import glob
import json
import os
import signal
import sqlite3
import subprocess

from harness import case, main, repository, shell, tree_of

TREE = shell("tree", "mkdir -p $out/d/e; echo 1 > $out/a; echo 2 > $out/d/b; chmod +x $out/d/b; ln -s ../a $out/d/link; "
             "printf 'x\\033[2J' > $out/raw")
SELVES = shell("selves", "mkdir $out; echo $out/b > $out/a; echo 2 > $out/b; ln -s $out/a $out/link")
SOURCE = shell("use", "cat \\(<github:o/r>)/a > $out")


def served(box):
    repository(os.path.join(box.top, "git", "o", "r"), {"a": "1", "d/b": "2" * 3000})
    return box.serve_git(os.path.join(box.top, "git"))


def names(box):
    return sorted(name.split("-", 1)[1] for name in box.objects())


def build(box, text, *arguments):
    box.write("default.cab", text)
    return box.cab("build", *arguments).out.strip()


def index(box):
    return os.path.join(box.root, "index.sqlite")


def flip(path, at=0):
    mode = os.stat(path).st_mode
    os.chmod(path, 0o644)
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))
    os.chmod(path, mode)
    os.utime(path, (1, 1))


def noise(path):
    with open(path, "wb") as file:
        file.write(b"\377" * 9000)


@case("ls shows the objects, and what a tree holds; cat shows a file; info tells all of one object")
def _(box):
    physical = build(box, TREE)
    listed = box.cab("store", "ls").out
    box.check("/cull/store/" in listed and listed.rstrip().endswith("-tree"), listed)
    logical = listed.split()[-1]
    for name in ("result", physical, logical, os.path.basename(physical)):
        box.check(box.cab("store", "ls", name).out == "f a\nd d\nf raw\n", box.cab("store", "ls", name).out)
        box.check(box.cab("store", "cat", f"{name}/a").out == "1\n", name)
    box.check(box.cab("store", "ls", "result/d").out == "x b\nd e\nl link -> ../a\n", box.cab("store", "ls", "result/d").out)
    box.check(box.cab("store", "cat", "result/raw").out == "x\033[2J", "a pipe gets the bytes")
    told = box.cab("store", "info", "result").out
    for word in (logical, physical, "this store", "7 names"):
        box.check(word in told, f"{word} is in {told}")
    shown = json.loads(box.cab("store", "info", "--json", "result").out)
    box.check(shown["path"] == logical and shown["hash"].startswith("d"), str(shown))
    box.cab("store", "verify")


@case("what is not there is an error that names it")
def _(box):
    build(box, TREE)
    for command, name in (("ls", "nothing"), ("cat", "result/nothing"), ("info", "/cull/store/" + "a" * 52 + "-x"),
                          ("delete", "/etc/passwd"), ("cat", "result/d"), ("ls", "result/a"), ("cat", "result/d/link/x")):
        box.fails("store", command, name, says=name.split("/")[-1].split("-")[0])


@case("an object that refers to itself, and one that refers to another, are shown, read, verified and rebuilt the same")
def _(box):
    first = build(box, SELVES)
    logical = "/cull/store/" + os.path.basename(first)
    box.check(box.read("result/a") == f"{logical}/b\n" and os.readlink(box.path("result/link")) == f"{logical}/a", "own path")
    box.check(box.cab("store", "cat", "result/a").out == f"{logical}/b\n", "cat")
    box.check("l link -> " + logical in box.cab("store", "ls", "result").out, box.cab("store", "ls", "result").out)
    box.check("refers to itself" in box.cab("store", "info", "result").out, box.cab("store", "info", "result").out)
    build(box, f"other = {SELVES.strip()};\n" + shell("use", "echo \\(other)/a > $out"))
    box.check(f"refers to   {logical}" in box.cab("store", "info", "result").out, box.cab("store", "info", "result").out)
    needed = f"needed by   /cull/store/{os.path.basename(os.readlink(box.path('result')))}"
    box.check(needed in box.cab("store", "info", first).out, box.cab("store", "info", first).out)
    box.cab("store", "verify")
    box.fails("store", "delete", first, says="needed")
    os.unlink(box.path("result"))
    box.cab("store", "gc")
    box.check(not box.objects(), str(box.objects()))
    box.check(build(box, SELVES) == first, "the same path again")


@case("D8: the index may be deleted, cut or spoilt at any time: it is made anew from the records")
def _(box):
    own = build(box, SELVES, "--no-out-link")
    build(box, f"other = {SELVES.strip()};\n" + shell("use", "echo \\(other)/a > $out"))
    kept = box.objects()
    first = (box.cab("store", "ls").out, box.cab("store", "info", own).out)
    box.check("needed by" in first[1], first[1])
    box.check(os.path.exists(index(box)), f"the index is in {os.listdir(box.root)}")
    for spoil in (lambda: os.unlink(index(box)), lambda: os.truncate(index(box), 100), lambda: os.truncate(index(box), 0),
                  lambda: noise(index(box))):
        spoil()
        box.check("0 programs run" in box.cab("build", "--account").out, "nothing is built again")
        box.cab("store", "gc")
        box.check(box.objects() == kept and box.cab("store", "ls").out == first[0], str(box.objects()))
        box.check(box.cab("store", "info", own).out == first[1], f"{first[1]} {box.cab('store', 'info', own).out}")
        box.cab("store", "verify")


@case("an index from the future is made anew too")
def _(box):
    build(box, TREE)
    first = box.cab("store", "info", "result").out
    box.check(os.path.exists(index(box)), f"the index is in {os.listdir(box.root)}")
    with sqlite3.connect(index(box)) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    box.check(box.cab("store", "info", "result").out == first, "it is made anew")
    box.cab("build")


@case("D7: a flipped byte anywhere in an object is found by verify, which names it")
def _(box):
    served(box)
    physical = build(box, TREE)
    box.cab("store", "verify")
    for name, spoil in (("a", lambda path: flip(path)), ("d/b", lambda path: os.truncate(path, 0))):
        spoil(os.path.join(physical, name))
        os.utime(os.path.join(physical, name), (1, 1))
        said = box.fails("store", "verify").err
        box.check(os.path.basename(physical) in said, said)
        box.fails("store", "verify", "result", says=os.path.basename(physical))
        if name == "a":
            flip(os.path.join(physical, name))
            box.cab("store", "verify")


@case("D7: what was added, removed, renamed, or has another mode or target, is found too")
def _(box):
    physical = build(box, TREE)
    inside = os.path.join(physical, "d")
    changes = (
        (lambda: open(os.path.join(inside, "more"), "wb").close(), lambda: os.unlink(os.path.join(inside, "more"))),
        (lambda: os.rename(os.path.join(inside, "b"), os.path.join(inside, "c")),
         lambda: os.rename(os.path.join(inside, "c"), os.path.join(inside, "b"))),
        (lambda: os.chmod(os.path.join(physical, "d/b"), 0o644), lambda: os.chmod(os.path.join(physical, "d/b"), 0o555)),
        (lambda: retarget(os.path.join(inside, "link"), "../raw"), lambda: retarget(os.path.join(inside, "link"), "../a")))
    for change, undo in changes:
        os.chmod(inside, 0o755)
        change()
        os.chmod(inside, 0o555)
        os.utime(inside, (1, 1))
        box.fails("store", "verify", says=os.path.basename(physical))
        os.chmod(inside, 0o755)
        undo()
        os.chmod(inside, 0o555)
        os.utime(inside, (1, 1))
    box.cab("store", "verify", "result")


def retarget(path, target):
    os.unlink(path)
    os.symlink(target, path)
    os.utime(path, (1, 1), follow_symlinks=False)


@case("a flipped byte in a record is found, and believed by nobody")
def _(box):
    build(box, TREE)
    for folder in ("objects", "realizations"):
        for where, _, files in os.walk(os.path.join(box.root, folder)):
            for name in files:
                flip(os.path.join(where, name), 20)
    box.fails("store", "verify")
    box.cab("build")
    box.check(box.read("result/a") == "1\n", "built anew")


@case("gc keeps results and locked sources; --drop-sources keeps results alone")
def _(box):
    server = served(box)
    build(box, SOURCE)
    build(box, TREE, "--no-out-link")
    box.check(names(box) == ["r", "tree", "use"], str(names(box)))
    said = box.cab("store", "gc", "--dry-run").out
    box.check("would" in said and names(box) == ["r", "tree", "use"], said)
    box.cab("store", "gc")
    box.check(names(box) == ["r", "use"], str(names(box)))
    box.cab("store", "gc", "--drop-sources")
    box.check(names(box) == ["use"], str(names(box)))
    box.cab("store", "verify")
    server.forget()
    build(box, SOURCE)
    box.check(server.count() == 0, server.log())
    os.unlink(box.path("result"))
    box.cab("store", "gc", "--drop-sources")
    box.check(not names(box), str(names(box)))
    left = [name for where, _, files in os.walk(os.path.join(box.root, "blobs")) for name in files]
    box.check(not left, f"blobs go with the last object: {left}")
    box.cab("store", "verify")
    build(box, SOURCE)
    box.check(box.read("result") == "1", box.read("result"))


@case("a lock that is gone keeps nothing")
def _(box):
    served(box)
    build(box, SOURCE)
    os.unlink(box.path("default.cab.lock"))
    box.cab("store", "gc")
    box.check(names(box) == ["use"], str(names(box)))


@case("what evaluation read of a source stays with the lock, though the source goes")
def _(box):
    server = served(box)
    build(box, "text = readFile <github:o/r>/a;\n" + shell("use", "echo \\(text) > $out"))
    box.cab("store", "gc", "--drop-sources")
    box.cab("store", "gc")
    server.forget()
    box.cab("build")
    box.check(server.count() == 0, server.log())
    os.unlink(box.path("default.cab.lock"))
    box.cab("store", "gc")
    box.check(not [name for _, _, files in os.walk(os.path.join(box.root, "reads")) for name in files], "reads/ is empty")


@case("delete takes one object away, unless a result or a running build needs it")
def _(box):
    served(box)
    build(box, SOURCE)
    tree = build(box, TREE, "--no-out-link")
    box.fails("store", "delete", box.object("use"), says="result")
    box.cab("store", "delete", tree)
    box.check(names(box) == ["r", "use"], str(names(box)))
    box.write("default.cab", shell("slow", "touch begun; while [ ! -e go ]; do sleep 0.1; done; cat \\(<github:o/r>)/a > $out"))
    process = box.start("build", "--no-out-link")
    begun = []
    while not begun:
        box.check(process.poll() is None, "it runs")
        begun = glob.glob(os.path.join(glob.escape(box.root), "staging", "*", "*-build", "begun"))
    said = box.run("store", "delete", box.object("r"))
    box.check(said.status == 1 and "needed" in said.err, str(said))
    box.cab("store", "gc", "--drop-sources")
    box.check("r" in names(box), "gc leaves it too")
    with open(os.path.join(os.path.dirname(begun[0]), "go"), "w", encoding="ascii"):
        pass
    result = box.finish(process)
    box.check(result.status == 0, str(result))
    box.cab("store", "delete", box.object("r"))


@case("builds, gc and verify at once: no live object is lost, and none is half there")
def _(box):
    served(box)
    for number in range(4):
        box.write(f"{number}.cab", shell(f"n{number}", f"cat \\(<github:o/r>)/a > $out; echo {number} >> $out"))
    for _ in range(3):
        started = [box.start("build", f"{number}.cab", "-o", f"link{number}") for number in range(4)]
        started += [box.start("store", "gc"), box.start("store", "gc", "--drop-sources"), box.start("store", "verify")]
        ended = [box.finish(process) for process in started]
        box.check(all(one.status == 0 for one in ended), "\n".join(str(one) for one in ended if one.status))
        for number in range(4):
            box.check(box.read(f"link{number}") == f"1{number}\n", "a result is there")
            os.unlink(box.path(f"link{number}"))
    box.cab("store", "verify")


@case("gc that is killed leaves a store that the next one finishes")
def _(box):
    for number in range(12):
        build(box, shell(f"n{number}", f"mkdir $out; for a in $(seq 40); do echo {number} $a > $out/$a; done"), "--no-out-link")
    build(box, TREE)
    for _ in range(4):
        process = box.start("store", "gc")
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        box.cab("store", "verify")
        box.check(tree_of(box.path("result"))[b"a"] == ("f", b"1\n"), "the result is there")
    box.cab("store", "gc")
    box.check(names(box) == ["tree"] and not os.listdir(os.path.join(box.root, "trash")), str(names(box)))


@case("files are stored once, and no two names of one object share an inode")
def _(box):
    physical = build(box, shell("twice", "mkdir $out; echo same > $out/a; echo same > $out/b; : > $out/c; : > $out/d"))
    other = build(box, shell("other", "mkdir $out; echo same > $out/a; : > $out/c"))
    found = {name: os.stat(os.path.join(where, name)) for where, name in
             ((physical, "a"), (physical, "b"), (physical, "c"), (physical, "d"))}
    box.check(len({one.st_ino for one in found.values()}) == 4, str(found))
    box.check(all(one.st_mode & 0o7777 == 0o444 and one.st_mtime == 1 for one in found.values()), str(found))
    box.check(os.stat(os.path.join(other, "a")).st_ino in (found["a"].st_ino, found["b"].st_ino)
              or os.stat(os.path.join(other, "a")).st_nlink == 1, "one blob, linked or reflinked")


@case("what the commands of store and island print is JSON, an object a line, with --json")
def _(box):
    build(box, shell("tree", "mkdir $out; ln -s there $out/link; : > $out/\\'quote\\\"\\'"))
    report = shell("report", "echo 1 > $out; echo git '\"\\x' > $CAB_HASH; echo cab . > $CAB_HASH", 'fixed = "self"')
    box.write("report.cab", report)
    for command, key in ((("store", "ls"), "path"), (("store", "ls", "result"), "kind"), (("store", "info", "result"), "hash"),
                         (("store", "verify"), "faults"), (("store", "gc", "-n"), "bytes"),
                         (("island", "show", "github:o/r"), "arguments"),
                         (("build", "report.cab", "--no-out-link", "--account"), None)):
        said = box.cab(*command, "--json").out
        for line in said.splitlines():
            box.check(line[0] == "{" and (key is None or key in json.loads(line)), f"{command} {said}")
    kinds = [json.loads(line)["kind"] for line in box.cab("store", "ls", "result", "--json").out.splitlines()]
    box.check(sorted(kinds) == ["f", "l"], str(kinds))
    box.fails("store", "cat", "result", says=": is a folder")


@case("info, verify and delete want a whole object, not a path in one")
def _(box):
    physical = build(box, shell("tree", "mkdir $out; echo 1 > $out/a"), "--no-out-link")
    for command in ("info", "verify", "delete"):
        box.fails("store", command, f"{physical}/a", says="name the whole object")
    box.check(names(box) == ["tree"], str(names(box)))
    box.cab("store", "delete", physical)
    box.check(names(box) == [], str(names(box)))


@case("a log that is not there: its derivation is named")
def _(box):
    box.write("default.cab", shell("never", "echo 1 > $out"))
    box.fails("log", says="cab: never: there is no log")


@case("a word that begins commands lists them")
def _(box):
    for word in ("store", "cache", "island"):
        asked = box.cab(word, "--help").out
        box.check(f"  {word} " in asked and "COMMAND" in asked, asked)
        alone = box.run(word)
        box.check(alone.status == 2 and alone.err == asked and not alone.out, str(alone))
    box.check("store gc" in box.cab("store", "-h").out, "each is named")
    box.check("no command" in box.run("stores").err and "no command" in box.run("store", "none").err, "no other word is")


@case("the configuration is printed as lines of JSON, with the same values")
def _(box):
    box.configure(jobs="3", network_allow='["127.0.0.1"]')
    rows = [json.loads(line) for line in box.cab("config", "--json").out.splitlines()]
    found = {row["name"]: row for row in rows}
    box.check(found["jobs"]["value"] == 3 and found["jobs"]["whence"].startswith(box.environment["CAB_CONFIG"]), str(rows))
    box.check(found["network.allow"]["value"] == ["127.0.0.1"], str(rows))
    box.check(found["root"] == {"name": "root", "value": box.root, "whence": "CAB_ROOT"}, str(rows))
    text = box.cab("config").out.splitlines()
    box.check([line.split(" = ")[0] for line in text] == [row["name"] for row in rows], str(text))
    box.check(len(box.cab("config", "--json", "jobs").out.splitlines()) == 1, "one key")
    box.environment["CAB_CONFIG"] = "/dev/null"
    box.check("jobs = 3" not in box.cab("config").out, "an empty file sets nothing")


main()
