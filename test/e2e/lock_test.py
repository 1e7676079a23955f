#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Locks and updates: what is asked, what is written, by whom, and when nothing is."""
import json
import os
import subprocess

from harness import Skip, case, commit, git, main, repository, shell

USE = shell("use", "cp -r \\(<github:o/r>) $out")


def served(box, *names, files=None):
    """Repositories o/NAME with one commit each. Gives the server."""
    for name in names or ("r",):
        repository(os.path.join(box.top, "git", "o", name), files or {"a": name})
    return box.serve_git(os.path.join(box.top, "git"))


def move(box, name, **files):
    return commit(os.path.join(box.top, "git", "o", name), files or {"a": "moved"})


def lock(box, name="default.cab.lock"):
    return json.loads(box.read(name))


def revision(box, name):
    return lock(box)[f"github:o/{name}"]["identities"][0]


def stamp(box, name="default.cab.lock"):
    found = os.stat(box.path(name))
    return found.st_ino, found.st_mtime_ns, box.read(name)


def two(box):
    """An entry with two islands, x and y."""
    box.write("default.cab", shell("use", "cat \\(<github:o/x>)/a \\(<github:o/y>)/a > $out"))
    return served(box, "x", "y")


@case("the lock is one line an island, sorted, and its last line is the version")
def _(box):
    two(box)
    box.cab("build")
    lines = box.read("default.cab.lock").splitlines()
    box.check(lines[0] == "{" and lines[-2:] == ['"~": 1', "}"], str(lines))
    box.check([line.split('"')[1] for line in lines[1:3]] == ["github:o/x", "github:o/y"], str(lines))
    box.check(all(line.endswith(",") for line in lines[1:3]) and len(lines) == 5, str(lines))


@case("the lock is no part of a derivation: what is shown is the same with and without it, and costs nothing")
def _(box):
    server = two(box)
    whole = box.cab("show", "--derivation").out
    island = box.cab("show", "<github:o/x>").out
    box.check(server.count() == 0, server.log())
    box.cab("build")
    box.check(box.cab("show", "--derivation").out == whole and box.cab("show", "<github:o/x>").out == island, island)
    for word in ("linux", "x86", revision(box, "x").split()[1], *lock(box)["github:o/x"]["identities"][-1].split()[1:]):
        box.check(word not in island, f"{word} is not in {island}")


@case("--locked builds what the lock has, and refuses what it has not, before anything is asked")
def _(box):
    server = served(box, "x", "y")
    box.write("default.cab", USE.replace("o/r", "o/x"))
    box.fails("build", "--locked", says=("github:o/x", "--locked"))
    box.check(server.count() == 0 and not box.exists("default.cab.lock"), server.log())
    box.cab("build")
    before = stamp(box)
    os.unlink(box.path("result"))
    box.cab("store", "gc", "--drop-sources")
    box.cab("build", "--locked")
    box.check(stamp(box) == before, "the lock is what it was")
    box.write("default.cab", shell("use", "cat \\(<github:o/x>)/a \\(<github:o/y>)/a > $out"))
    server.forget()
    box.fails("build", "--locked", says=("github:o/y", "--locked"))
    box.check(server.count() == 0 and stamp(box) == before, server.log())


@case("--locked refuses a self-fixing derivation that is not the one that was locked")
def _(box):
    text = shell("report", "echo 1 > $out; echo cab . > $CAB_HASH", 'fixed = "self"')
    box.write("default.cab", text)
    box.cab("build")
    before = stamp(box)
    box.cab("build", "--locked")
    box.write("default.cab", text.replace("echo 1", "echo 2"))
    box.fails("build", "--locked", says=("derivation:report", "--locked"))
    box.check(stamp(box) == before, "the lock is what it was")


@case("--locked and --update contradict each other")
def _(box):
    box.write("default.cab", USE)
    box.fails("build", "--locked", "--update", status=2)
    box.fails("update", "--locked", status=2)


@case("--offline builds what is there, and refuses the network with a sentence")
def _(box):
    server = served(box)
    box.write("default.cab", USE)
    box.fails("build", "--offline", says="--offline")
    box.check(server.count() == 0 and not box.exists("default.cab.lock"), server.log())
    box.cab("build")
    server.forget()
    box.cab("build", "--offline")
    box.write("default.cab", USE.replace("cp -r", "cp --recursive"))
    box.cab("build", "--offline")
    before = stamp(box)
    box.fails("build", "--offline", "--update", says="--offline")
    box.check(server.count() == 0 and stamp(box) == before, server.log())


@case("--no-write-lock builds and leaves no lock")
def _(box):
    served(box)
    box.write("default.cab", USE)
    box.cab("build", "--no-write-lock")
    box.check(box.exists("result") and not box.exists("default.cab.lock"), "built, not locked")


@case("on a read-only folder the build goes on, says what it could not write, and ends with status 1")
def _(box):
    served(box)
    box.write("default.cab", USE)
    if os.geteuid() == 0:
        mounted = subprocess.run(f"mount --bind '{box.here}' '{box.here}' && mount -o remount,bind,ro '{box.here}'",
                                 shell=True, check=False, stderr=subprocess.DEVNULL)
        if mounted.returncode:
            raise Skip("no right to mount")
        box.stops.append(lambda: subprocess.run(["umount", "-l", box.here], check=True))
    else:
        os.chmod(box.here, 0o555)
    link = os.path.join(box.top, "link")
    result = box.fails("build", "-o", link, says="default.cab.lock")
    box.check(result.out.strip() == os.readlink(link), f"it was built: {result}")
    box.cab("build", "--no-write-lock", "-o", link)


@case("-e and - write no lock, and ask each island once a run")
def _(box):
    server = served(box)
    text = shell("use", "cat \\(<github:o/r>)/a \\(<github:o/r>)/a > $out")
    box.cab("build", "-e", text)
    box.check(server.count() == 2, server.log())
    box.check(box.read("result") == "rr" and not [name for name in os.listdir(box.here) if "lock" in name], "no lock")
    server.forget()
    box.cab("build", "-e", text)
    box.check(server.count() == 1, f"it is asked anew, and stopped:\n{server.log()}")
    box.write("text", text)
    with open(box.path("text"), "rb") as standard_input:
        box.cab("build", "-", stdin=standard_input)
    box.check(server.count() == 2 and box.read("result") == "rr", server.log())
    box.check(not [name for name in os.listdir(box.here) if "lock" in name], "no lock")


@case("a build only adds to the lock")
def _(box):
    two(box)
    box.cab("build")
    before = lock(box)
    box.write("default.cab", USE.replace("o/r", "o/x"))
    box.cab("build")
    box.check(lock(box) == before, str(lock(box)))


@case("a failed build loses no entry that was verified")
def _(box):
    served(box)
    box.write("default.cab", shell("use", "cat \\(<github:o/r>)/a; exit 1"))
    box.fails("build", says="exit status 1")
    box.check(revision(box, "r").startswith("git "), box.read("default.cab.lock"))


@case("cab update asks all islands and builds nothing")
def _(box):
    server = two(box)
    box.cab("build")
    moved = move(box, "y")
    server.forget()
    result = os.readlink(box.path("result"))
    said = box.cab("update").out
    box.check("github:o/x: nothing new" in said and "github:o/y: git" in said, said)
    box.check(revision(box, "y") == f"git {moved}" and os.readlink(box.path("result")) == result, "nothing was built")
    box.check(server.count("POST /o/x") == 1, server.log())


@case("cab update ISLAND and cab build --update ISLAND ask that one alone")
def _(box):
    server = two(box)
    box.cab("build")
    was = revision(box, "x")
    for number, command in enumerate((("update", "<github:o/y>"), ("build", "--update", "<github:o/y>"),
                                      ("build", "--update", "github:o/y"))):
        move(box, "x", a=f"x{number}")
        moved = move(box, "y", a=f"y{number}")
        server.forget()
        box.cab(*command)
        box.check(revision(box, "y") == f"git {moved}" and revision(box, "x") == was, f"{command} {lock(box)}")
        box.check(server.count("/o/x") == 0, server.log())
    box.check(box.read("result") == "xy2", box.read("result"))


@case("many islands to ask, some of them operands, and an operand too many")
def _(box):
    server = two(box)
    box.cab("build")
    more = [f"--update=github:o/none{number}" for number in range(8)]
    server.forget()
    result = box.run("build", *more, "github:o/x")
    box.check(server.count("/o/y") == 0, f"{result} {server.log()}")
    box.fails("build", "--update", "github:o/x", "default.cab", "other.cab", status=2, says="other.cab")
    box.fails("update", "github:o/x", "default.cab", "other.cab", status=2, says="other.cab")


@case("K4: two builds at once in one folder: both end well, one lock, and the second waits for the first")
def _(box):
    server = two(box)
    for many in (2, 5):
        started = [box.start("build", "-o", os.path.join(box.top, f"link{number}")) for number in range(many)]
        ended = [box.finish(process) for process in started]
        box.check(all(one.status == 0 for one in ended), "\n".join(map(str, ended)))
        box.check(server.count() == 4, f"each island is asked once, and fetched once:\n{server.log()}")
        box.check(sorted(lock(box)) == ["github:o/x", "github:o/y", "~"], str(lock(box)))
        box.check(not [name for name in os.listdir(box.here) if name not in ("default.cab", "default.cab.lock")], "no rest")
        # Once more, from nothing, by more of them.
        os.unlink(box.path("default.cab.lock"))
        for number in range(many):
            os.unlink(os.path.join(box.top, f"link{number}"))
        box.cab("store", "gc", "--drop-sources")
        move(box, "x", a=f"x again {many}")
        move(box, "y", a=f"y again {many}")
        server.forget()


@case("K4: two updates at once, and builds beside them, leave one whole lock of the newest")
def _(box):
    two(box)
    box.cab("build")
    for number in range(3):
        moved = move(box, "x", a=f"x{number}")
        started = [box.start(*command, "--no-out-link") if command[0] == "build" else box.start(*command)
                   for command in (("update",), ("build", "--update"), ("build",), ("update",))]
        ended = [box.finish(process) for process in started]
        box.check(all(one.status == 0 for one in ended), "\n".join(map(str, ended)))
        box.check(revision(box, "x") == f"git {moved}", box.read("default.cab.lock"))


@case("two entries in one folder have a lock each")
def _(box):
    served(box, "x", "y")
    for name in "xy":
        box.write(f"{name}.cab", USE.replace("o/r", f"o/{name}"))
    ended = [box.finish(process) for process in [box.start("build", f"{name}.cab", "-o", name) for name in "xy"]]
    box.check(all(one.status == 0 for one in ended), "\n".join(map(str, ended)))
    for name in "xy":
        box.check(sorted(lock(box, f"{name}.cab.lock")) == [f"github:o/{name}", "~"], box.read(f"{name}.cab.lock"))


@case("the locks of two branches merge by git, and the result is a lock")
def _(box):
    served(box, "a", "m", "z")

    def use(*names):
        box.write("default.cab", "".join(f"# {name}\n" for name in "amz")
                  + shell("use", "cat " + " ".join(f"\\(<github:o/{name}>)/a" for name in names) + " > $out"))
        box.cab("build", "--no-out-link")
        git(box.here, "add", "default.cab.lock")
        git(box.here, "commit", "-q", "-m", "lock")
    git(box.here, "init", "-q", "-b", "main")
    use("m")
    git(box.here, "checkout", "-q", "-b", "one")
    use("a", "m")
    git(box.here, "checkout", "-q", "main")
    use("m", "z")
    git(box.here, "merge", "-q", "-m", "merge", "one")
    box.check(sorted(lock(box)) == ["github:o/a", "github:o/m", "github:o/z", "~"], box.read("default.cab.lock"))
    box.write("default.cab", shell("use", "cat \\(<github:o/a>)/a \\(<github:o/m>)/a \\(<github:o/z>)/a > $out"))
    box.cab("build", "--locked")
    box.check(box.read("result") == "amz", box.read("result"))


LIBRARY = "{ text = readFile <github:o/x>/a, }\n"
READ = "library = import <github:o/lib>;\n" + shell("use", "echo \\(library.text) > $out")


@case("what an island's own files use, and its own lock has not, is locked under ORIGIN>TEXT")
def _(box):
    served(box, "x")
    repository(os.path.join(box.top, "git", "o", "lib"), {"default.cab": LIBRARY})
    box.write("default.cab", READ)
    box.cab("build")
    box.check("github:o/lib>github:o/x" in lock(box) and "github:o/x" not in lock(box), box.read("default.cab.lock"))
    box.check(box.read("result") == "x\n", box.read("result"))


@case("an island's own lock counts for its files, and the user's entry wins over it")
def _(box):
    server = served(box, "x")
    folder = os.path.join(box.top, "git", "o", "lib")
    repository(folder, {"default.cab": LIBRARY})
    # The lock that the island's author has.
    own = os.path.join(box.top, "own")
    os.mkdir(own)
    with open(os.path.join(own, "default.cab"), "w", encoding="utf-8") as file:
        file.write("text = readFile <github:o/x>/a;\n" + shell("use", "echo \\(text) > $out"))
    box.cab("build", "--no-out-link", folder=own)
    with open(os.path.join(own, "default.cab.lock"), encoding="utf-8") as file:
        locked = file.read()
    commit(folder, {"default.cab.lock": locked})
    move(box, "x")
    box.write("default.cab", READ)
    server.forget()
    box.cab("build")
    box.check(box.read("result") == "x\n" and server.count("/o/x") == 0, server.log())
    box.check("github:o/lib>github:o/x" not in lock(box), box.read("default.cab.lock"))


@case("one island under two keys is one content: an entry of one counts for both, two that differ are an error")
def _(box):
    server = served(box, "x")
    repository(os.path.join(box.top, "git", "o", "lib"), {"default.cab": LIBRARY})
    box.write("default.cab", READ)
    box.cab("build")
    theirs, deep = "github:o/x", "github:o/lib>github:o/x"
    old = lock(box)[deep]
    new = move(box, "x")
    both = ("library = import <github:o/lib>;\n"
            + shell("use", "echo \\(library.text) > $out; cat \\(<github:o/x>)/a >> $out"))
    box.write("default.cab", both)
    server.forget()
    box.cab("build")
    box.check(lock(box)[theirs]["identities"] == lock(box)[deep]["identities"] == old["identities"], f"{old} {new} {lock(box)}")
    box.check(box.read("result") == "x\nx", box.read("result"))

    # What an author of a lock, or a merge, may bring about.
    text = box.read("default.cab.lock")
    box.write("default.cab", shell("use", "cat \\(<github:o/x>)/a > $out"))
    box.cab("update")
    moved = lock(box)[theirs]["identities"]
    box.check(moved != old["identities"] and moved[0] == f"git {new}", str(moved))
    lines = [line for line in box.read("default.cab.lock").splitlines(True) if f'"{deep}"' not in line]
    lines[1:1] = [line for line in text.splitlines(True) if f'"{deep}"' in line]
    box.write("default.cab.lock", "".join(lines))
    box.check(lock(box)[deep]["identities"] == old["identities"], "two pins")
    box.write("default.cab", both)
    before = box.read("default.cab.lock")
    box.fails("build", says=(theirs, deep, old["identities"][0], moved[0], "cab update '<github:o/x>'"))
    box.check(box.read("default.cab.lock") == before, box.read("default.cab.lock"))
    box.cab("update", "<github:o/x>")
    found = lock(box)[deep]["identities"]
    box.check(found == lock(box)[theirs]["identities"] and (found[0], found[-1]) == (moved[0], moved[-1]), str(lock(box)))
    box.cab("build", "--locked")


@case("evaluation reads a derivation's output where that is allowed: it is built, and its islands are locked")
def _(box):
    served(box, "x")
    made = shell("made", "mkdir $out; cp \\(<github:o/x>)/a $out/a; echo '1 + 1' > $out/two.cab").strip()
    box.write("default.cab", f'made = {made};\ntext = readFile "\\(made)/a";\ntwo = import "\\(made)/two.cab";\n'
              + shell("use", "echo \\(text) \\(two) > $out"))
    refused = box.fails("build", says=("'readFile' would have to build", "--allow-build-during-evaluation"))
    box.check(not box.exists("default.cab.lock") and "made" not in str(box.objects()), str(refused))
    box.cab("build", "--allow-build-during-evaluation")
    box.check(box.read("result") == "x 2\n" and "github:o/x" in lock(box), box.read("result"))
    box.cab("build", "--allow-build-during-evaluation", "--locked", "--offline")
    box.write("eval.cab", 'readFile ' + shell("file", "echo -n one > $out").strip().join("()") + "\n")
    box.check(box.cab("eval", "eval.cab", "--allow-build-during-evaluation").out.strip() == '"one"', "eval")
    box.write("eval.cab", 'readFile ' + shell("file", "exit 3").strip().join("()") + "\n")
    box.fails("eval", "eval.cab", "--allow-build-during-evaluation", says=("during evaluation", "exit status 3"))
    box.write("eval.cab", 'pathExists "\\(' + shell("folder", "mkdir $out").strip() + ')/none"\n')
    box.check(box.cab("eval", "eval.cab", "--allow-build-during-evaluation").out.strip() == "false", "eval")


@case("a local island has no entry")
def _(box):
    box.write("more/a", "1")
    box.write("default.cab", shell("use", "cat \\(./more)/a > $out"))
    box.cab("build")
    box.check(not box.exists("default.cab.lock"), "nothing to lock")


main()
