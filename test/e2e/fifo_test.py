#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Self-fixing derivations: the contract of the hash FIFO, with native scripts and a WASM module that is not ours."""
import json
import os
import re
import shutil
import signal
import sys
import time

from harness import PLATFORM, case, main, shell

SELF = 'fixed = "self"'
FOREIGN = os.path.join(os.path.dirname(os.path.abspath(sys.argv[2])), "foreign.wasm")
WRONG = "f" + "a" * 52


def script(name, *lines, more=""):
    return shell(name, "\n".join(lines), more=SELF + "," + more)


def entry(box, key):
    return json.loads(box.read("default.cab.lock"))[key]


def value_of(box, key, format):
    return dict(line.split(" ", 1) for line in entry(box, key)["identities"])[format]


def state(box):
    """What a failed build must leave as it was."""
    lock = box.read("default.cab.lock") if box.exists("default.cab.lock") else None
    return box.objects(), lock, box.exists("result") and os.readlink(box.path("result"))


def refuses(box, text, *says, **more):
    """The build fails with these words; nothing is registered, the lock is what it was."""
    box.write("default.cab", text)
    before = state(box)
    result = box.fails("build", says=says, **more)
    left = [name for name in box.objects() if name not in before[0] and not name.endswith((".wasm", "-flag", "-input"))]
    box.check(not left and state(box)[1:] == before[1:], f"nothing is registered, but {left}: {state(box)[1]} {result}")
    return result


def runs(box, *arguments):
    """How many programs a build ran."""
    account = box.cab("build", "--account", *arguments).out
    return int(re.search(r"(\d+) programs? run", account).group(1))


def logs(box):
    """All that programs said in this box."""
    said = ""
    for folder, _, files in os.walk(os.path.join(box.root, "logs")):
        for name in files:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                said += file.read()
    return said


def foreign(box, *steps, name="foreign", more=""):
    """The text of a derivation whose program is the module that is not ours."""
    shutil.copy(FOREIGN, box.path("foreign.wasm"))
    arguments = ", ".join(f'"{step}"' for step in steps)
    return (f'derivation {{ name = "{name}", program = ./foreign.wasm, arguments = [{arguments}], '
            f'requiredRealizerFeatures = ["wasm"], {SELF}, {more} }}\n')


@case("a script that fetches nothing fixes itself, runs once, and is locked under its name")
def _(box):
    box.write("default.cab", script("report", "echo 42 > $out", "echo word one > $CAB_HASH",
                                    "echo cab . > $CAB_HASH"))
    box.check(runs(box) == 1, "the first build runs it")
    box.check(box.read("result") == "42\n", box.read("result"))
    found = entry(box, "derivation:report")
    box.check(found["identities"][0] == "word one" and found["identities"][1].startswith("cab f"), str(found))
    box.check(len(found["identities"]) == 2 and len(found["pinned"]) == 52, str(found))
    before = state(box)
    box.check(runs(box) == 0 and state(box) == before, "the second build runs nothing")


@case("it runs again only by --update, or when its pinned digest changes")
def _(box):
    box.write("input", "1")
    use = script("report", "cat \\(./input) > $out", "echo cab . > $CAB_HASH")
    box.write("default.cab", use)
    box.check(runs(box) == 1 and runs(box) == 0, "once")
    first = entry(box, "derivation:report")
    box.check(runs(box, "--update") == 1, "an update runs it")
    box.check(entry(box, "derivation:report") == first, "and finds nothing new")
    box.write("input", "2")
    box.check(runs(box) == 1, "another input is another pinned digest")
    second = entry(box, "derivation:report")
    box.check(second["pinned"] != first["pinned"] and second["identities"] != first["identities"], str(second))
    box.check(box.read("result") == "2" and runs(box) == 0, "and that is locked in turn")


FLAG = "flag = " + shell("flag", "echo first > $out").strip() + ";\n"


def turn(box):
    """From now on the flag says `changed`: what the store binds is the only way to tell one run from the next."""
    flag = box.object("flag")
    os.chmod(flag, 0o644)
    with open(flag, "w", encoding="utf-8") as file:
        file.write("changed\n")


@case("an update is stopped at the first line that is known: a program that would stay for ever ends")
def _(box):
    box.write("default.cab", FLAG + script("report", "echo word one > $CAB_HASH",
                                           "if grep changed \\(flag) >&2; then sleep 100000; fi",
                                           "echo 42 > $out", "echo cab . > $CAB_HASH"))
    box.cab("build")
    before = state(box)
    turn(box)
    said = box.cab("build", "--update", timeout=60).err
    box.check(state(box) == before and "nothing new" in said, said)


@case("two scripts that one shell runs share nothing: a line that the other's run proved stops nobody")
def _(box):
    for name in ("first", "second"):
        box.write("default.cab", script(name, "echo word one > $CAB_HASH", f"echo {name} > $out",
                                        "echo cab . > $CAB_HASH"))
        box.cab("build")
        box.check(box.read("result") == f"{name}\n", box.read("result"))


@case("a program that knows the Cab hash of its output says it")
def _(box):
    box.write("default.cab", script("report", "echo 42 > $out", "echo cab . > $CAB_HASH"))
    box.cab("build")
    known = value_of(box, "derivation:report", "cab")
    box.write("default.cab", script("report", "echo 42 > $out", f"echo cab {known} > $CAB_HASH"))
    box.check(runs(box) == 1 and value_of(box, "derivation:report", "cab") == known, known)


@case("the working directory is private, and the FIFO in it belongs to the program")
def _(box):
    box.write("default.cab", script("report", "stat -c '%a %U %F' . hash $CAB_HASH > $out", "pwd >> $out",
                                    "echo cab . > $CAB_HASH"))
    box.cab("build")
    said = box.read("result")
    box.check(said == "700 build directory\n600 build fifo\n600 build fifo\n/build\n", said)


@case("the FIFO may be opened and closed as often as the program likes, in any pieces")
def _(box):
    letters = " ".join(f"'{letter}'" for letter in "word one")
    box.write("default.cab", script(
        "report", "echo 42 > $out", ": > $CAB_HASH", f'for letter in {letters}; do printf %s "$letter" > $CAB_HASH; done',
        "echo > $CAB_HASH; : > $CAB_HASH", "printf ca > $CAB_HASH; sleep 0.2; printf 'b .\\n' > $CAB_HASH"))
    box.cab("build")
    box.check(value_of(box, "derivation:report", "word") == "one", box.read("default.cab.lock"))


@case("sixteen lines and every character of the grammar are taken")
def _(box):
    lines = [f"a{number}.+- {chr(97 + number) * 512}" for number in range(13)]
    lines += ["w" * 32 + " x", "a ~!@#%^&*()_+{}|:<>?-=[];,./"]
    said = "; ".join(f"printf '%s\\n' '{line}' > $CAB_HASH" for line in lines)
    box.write("default.cab", script("report", "echo 42 > $out", said, "echo cab . > $CAB_HASH"))
    box.cab("build")
    box.check(len(entry(box, "derivation:report")["identities"]) == 16, box.read("default.cab.lock"))


NO_REPORT = "reported no hash"
for NAME, LINE in (("never opened", "true"), ("opened and closed empty", ": > $CAB_HASH; : > $CAB_HASH"),
                   ("opened for reading only", "exec 3< $CAB_HASH"), ("held open to the end", "exec 3> $CAB_HASH"),
                   ("removed", "rm $CAB_HASH")):
    @case(f"F1: a FIFO that is {NAME} is no report")
    def _(box, line=LINE):
        refuses(box, script("report", "echo 42 > $out", line), NO_REPORT)


for NAME, LINE in (("a symlink", "ln -s /build/other"), ("a file", "touch"), ("a folder", "mkdir")):
    @case(f"F2: a FIFO that was replaced by {NAME} is the same FIFO: what stands in its place is not read")
    def _(box, line=LINE):
        replaced = f"rm $CAB_HASH; {line} $CAB_HASH"
        refuses(box, script("report", "echo 42 > $out", replaced, "echo cab . > $CAB_HASH || true"), NO_REPORT)
        box.write("default.cab", script("report", "echo 42 > $out", "exec 3> $CAB_HASH", replaced, "echo cab . >&3"))
        box.cab("build")
        box.check(box.read("result") == "42\n", "the held end is unaffected")


for KIND in ("file", "link", "folder"):
    @case(f"F2: a module that puts a {KIND} in the FIFO's place has reported nothing, or what it said before")
    def _(box, kind=KIND):
        # What is said to a file in its place is said to nobody.
        refuses(box, foreign(box, "put 42", f"replace {kind}", *(["say cab ."] if kind == "file" else [])), NO_REPORT)
        box.write("default.cab", foreign(box, "put 42", "say cab .", f"replace {kind}"))
        box.cab("build")
        box.check(box.read("result") == "42\n", box.read("result"))


GRAMMAR = "hash report: line "
for NAME, LINE, SAYS in (
        ("half a line at the end", "printf 'word one\\ncab .' > $CAB_HASH", "the last line has no end: \"cab .\""),
        ("seventeen lines", "for n in a b c d e f g h i j k l m n o p cab; do echo $n .; done > $CAB_HASH", "16 lines"),
        ("8 KiB and one line more", "for n in a b c d e f g h i j k l m n o; do echo $n $(head -c 600 /dev/zero | "
         "tr '\\0' x); done > $CAB_HASH", GRAMMAR + "1 "),
        ("more than 8 KiB of good lines", "for n in $(seq 16); do printf 'a%031d %s\\n' $n $(head -c 512 /dev/zero | "
         "tr '\\0' x); done > $CAB_HASH", "more than 8192 bytes"),
        ("a flood without a line's end", "head -c 1000000 /dev/zero | tr '\\0' x > $CAB_HASH", "more than 8192 bytes"),
        ("a flood that has no end", "yes > $CAB_HASH", GRAMMAR + "1 "),
        ("binary", "printf 'word \\377\\376\\ncab .\\n' > $CAB_HASH", GRAMMAR + "1 "),
        ("a NUL", "printf 'word o\\000e\\ncab .\\n' > $CAB_HASH", GRAMMAR + "1 "),
        ("an escape", "printf 'word one\\nother \\033[2J\\n' > $CAB_HASH", GRAMMAR + "2 "),
        ("a carriage return", "printf 'cab .\\r\\n' > $CAB_HASH", GRAMMAR + "1 "),
        ("an empty line", "printf '\\ncab .\\n' > $CAB_HASH", GRAMMAR + "1 "),
        ("a format without a value", "printf 'word\\ncab .\\n' > $CAB_HASH", GRAMMAR + "1 "),
        ("an empty value", "printf 'word \\ncab .\\n' > $CAB_HASH", GRAMMAR + "1 "),
        ("two spaces", "printf 'word  one\\ncab .\\n' > $CAB_HASH", GRAMMAR + "1 "),
        ("a third word", "printf 'word one two\\ncab .\\n' > $CAB_HASH", GRAMMAR + "1 "),
        ("a capital letter", "printf 'Word one\\ncab .\\n' > $CAB_HASH", GRAMMAR + "1 "),
        ("a format of 33 letters", "printf 'a%032d one\\ncab .\\n' 1 > $CAB_HASH", GRAMMAR + "1 "),
        ("a value of 513 letters", "printf 'a %0513d\\ncab .\\n' 1 > $CAB_HASH", GRAMMAR + "1 "),
        ("a format that stands twice", "printf 'word one\\nword two\\ncab .\\n' > $CAB_HASH", "line 2 repeats"),
        ("cab that stands twice", "printf 'cab .\\ncab .\\n' > $CAB_HASH", GRAMMAR + "2 follows"),
        ("a line after cab", "printf 'cab .\\nword one\\n' > $CAB_HASH", GRAMMAR + "2 follows"),
        ("a line after cab, much later", "echo cab . > $CAB_HASH; sleep 0.3; echo word one > $CAB_HASH",
         GRAMMAR + "2 follows"),
        ("no cab line", "echo word one > $CAB_HASH", "without reporting \"cab\""),
        ("a hash that is too short", "echo cab fabc > $CAB_HASH", "is not a Cab hash"),
        ("a hash of capitals", f"echo cab {WRONG.upper()} > $CAB_HASH", "is not a Cab hash"),
        ("a hash of no kind", f"echo cab q{WRONG[1:]} > $CAB_HASH", "is not a Cab hash")):
    @case(f"F3: {NAME} is an error that names it")
    def _(box, line=LINE, says=SAYS):
        result = refuses(box, script("report", "echo 42 > $out", line), says, timeout=60)
        box.check("\033" not in result.err, "nothing raw reaches a terminal")


@case("F4: a hash that is not the output's: both are shown, nothing is registered")
def _(box):
    good = script("report", "echo 42 > $out", "echo word one > $CAB_HASH", "echo cab . > $CAB_HASH")
    box.write("default.cab", good)
    box.cab("build")
    right = value_of(box, "derivation:report", "cab")
    lie = script("report", "echo 42 > $out", "echo word one > $CAB_HASH", f"echo cab {WRONG} > $CAB_HASH")
    refuses(box, lie, WRONG, right)
    box.cab("build", "--no-write-lock", "-e", good.replace('"report"', '"other"'))
    refuses(box, lie.replace('"report"', '"third"'), WRONG, right)


@case("F5: what was written after the report counts: the output is hashed when the program is dead")
def _(box):
    box.write("default.cab", script("report", "echo 1 > $out", "echo cab . > $CAB_HASH; sleep 0.2", "echo 2 > $out"))
    box.cab("build")
    box.check(box.read("result") == "2\n", box.read("result"))
    now = value_of(box, "derivation:report", "cab")
    box.write("default.cab", script("report", "echo 1 > $out", "echo cab . > $CAB_HASH"))
    box.cab("build")
    before = value_of(box, "derivation:report", "cab")
    refuses(box, script("report", "echo 1 > $out", f"echo cab {before} > $CAB_HASH; sleep 0.2", "echo 2 > $out"),
            before, now)


@case("F6: a child in the background that holds the FIFO holds nobody up, and writes nothing any more")
def _(box):
    box.write("default.cab", script(
        "report", "echo 42 > $out", "(trap '' HUP TERM INT; exec 3> $CAB_HASH; sleep 100000; echo word late >&3) &",
        "setsid sh -c 'exec 3> $CAB_HASH; sleep 100000' > /dev/null 2>&1 &", "echo cab . > $CAB_HASH"))
    box.cab("build", timeout=60)
    box.check(box.read("result") == "42\n", "built")


@case("F6: a child in the background that writes into the output after the end of its parent changes nothing")
def _(box):
    box.write("default.cab", script(
        "report", "echo 42 > $out", "(while :; do echo 43 > $out.new; mv $out.new $out; done) > /dev/null 2>&1 &",
        "echo cab . > $CAB_HASH"))
    result = box.run("build", timeout=60)
    box.check(result.status == 0, str(result))
    box.check(box.read("result") in ("42\n", "43\n"), box.read("result"))
    box.cab("store", "verify")


@case("F7: SIGKILL between report and registration leaves no object or a whole one, and the next run is good")
def _(box):
    box.write("default.cab", script("report", "echo 42 > $out", "echo word one > $CAB_HASH", "echo cab . > $CAB_HASH",
                                    "echo reported >&2", "sleep 2"))
    for wait in (0.0, 1.9, 2.0, 2.1):
        process = box.start("build", start_new_session=True)
        while "reported" not in logs(box):
            box.check(process.poll() is None, "it ended before it reported")
            time.sleep(0.05)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        box.check(len(box.objects()) <= 1, str(box.objects()))
        box.cab("store", "verify")
    box.cab("build")
    box.check(box.read("result") == "42\n", box.read("result"))
    # A run that finds all there sweeps nothing: gc does at the latest.
    box.cab("store", "gc")
    staging = os.path.join(box.root, "staging")
    box.check(not os.listdir(staging), f"what the killed left is gone: {os.listdir(staging)}")


def pinned(box, *lines):
    """A locked script with a consumer; then its object is gone, its flag is turned, and the consumer another."""
    source = script("report", *lines).strip()
    consumer = shell("use", "cat \\(source) > $out; echo \\(readFile ./more) >> $out")
    box.write("more", "1")
    box.write("default.cab", f"{FLAG}source = {source};\n{consumer}")
    box.cab("build")
    box.cab("store", "delete", box.object("report"))
    turn(box)
    box.write("more", "2")


@case("a locked program is run by its pin when its object is needed again, and finds it in CAB_PIN")
def _(box):
    pinned(box, 'if grep -q changed \\(flag); then echo "$CAB_PIN" > /build/pin; fi', "echo 42 > $out",
           "echo word one > $CAB_HASH; echo cab . > $CAB_HASH",
           "if test -e /build/pin; then sed 's/^/pinned: /' < /build/pin >&2; fi")
    before = box.read("default.cab.lock")
    box.cab("build")
    said = logs(box)
    cab = value_of(box, "derivation:report", "cab")
    box.check("pinned: word one" in said and f"pinned: cab {cab}" in said, said)
    box.check(box.read("result") == "42\n2\n" and box.read("default.cab.lock") == before, said)


@case("an unpinned run finds no CAB_PIN")
def _(box):
    box.write("default.cab", script("report", "echo ${CAB_PIN-none} > $out", "echo cab . > $CAB_HASH"))
    box.cab("build")
    box.cab("build", "--update")
    box.check(box.read("result") == "none\n", box.read("result"))


@case("a pinned program that reports another value of a locked format: both are shown, nothing changes")
def _(box):
    pinned(box, "echo 42 > $out", "if grep -q changed \\(flag); then echo word two; else echo word one; fi > $CAB_HASH",
           "echo cab . > $CAB_HASH")
    refuses(box, box.read("default.cab"), "word", "one", "two")


@case("a pinned program that makes another output: both hashes are shown, nothing changes")
def _(box):
    pinned(box, "cat \\(flag) > $out", "echo word one > $CAB_HASH", "echo cab . > $CAB_HASH")
    was = value_of(box, "derivation:report", "cab")
    said = refuses(box, box.read("default.cab"), was).err
    shown = set(re.findall(r"\bf[a-z2-7]{52}\b", said))
    box.check(len(shown) == 2, f"both hashes: {said}")


@case("two self-fixing derivations of one name in one graph are an error")
def _(box):
    one = script("report", "echo 1 > $out; echo cab . > $CAB_HASH").strip()
    two = script("report", "echo 2 > $out; echo cab . > $CAB_HASH").strip()
    use = shell("use", "cat \\(one) \\(two) > $out")
    refuses(box, f"one = {one};\ntwo = {two};\n{use}", "report")


@case("the output of a self-fixing native program refers to nothing: its own path or an input's is an error with the file")
def _(box):
    box.write("input", "1")
    refuses(box, script("report", "mkdir $out; echo $out > $out/own; echo cab . > $CAB_HASH"), "own")
    refuses(box, script("report", "mkdir $out; echo \\(./input) > $out/other; echo cab . > $CAB_HASH"), "other")


@case("a self-fixing program that fails has reported in vain")
def _(box):
    refuses(box, script("report", "echo 42 > $out; echo word one > $CAB_HASH; echo cab . > $CAB_HASH; exit 7"),
            "exit status 7")
    refuses(box, script("report", "echo 42 > $out; echo cab . > $CAB_HASH; kill -9 $$"), "signal 9")
    refuses(box, script("report", "echo cab . > $CAB_HASH"), "report")


@case("a consumer is not run anew when a self-fixing derivation changes without changing its output")
def _(box):
    def text(comment):
        source = script("report", f": {comment}", "echo 42 > $out", "echo cab . > $CAB_HASH").strip()
        return f"source = {source};\n" + shell("use", "cat \\(source) > $out")
    box.write("default.cab", text("one"))
    box.check(runs(box) == 2, "both")
    box.write("default.cab", text("two"))
    box.check(runs(box) == 1, "only the one that changed")


@case("a WASM module that is not ours fixes itself")
def _(box):
    box.write("default.cab", foreign(box, "put 42", "say word one", "say cab ."))
    box.check(runs(box) == 1 and box.read("result") == "42\n", "built")
    box.check(value_of(box, "derivation:foreign", "word") == "one", box.read("default.cab.lock"))
    box.check(runs(box) == 0, "and runs once")


def artifacts(box):
    found = {}
    for folder, _, files in os.walk(os.path.join(box.root, "artifacts")):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                found[os.path.join(folder, name)] = file.read()
    return found


@case("W10: compiled code that was edited in the store is not run: it is compiled anew")
def _(box):
    box.write("default.cab", foreign(box, "put 42", "say cab ."))
    box.check(runs(box) == 1, "built")
    before = artifacts(box)
    box.check(before, "nothing is kept")
    for edit in (lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], lambda data: data[:len(data) // 2], lambda data: b""):
        for path, data in before.items():
            os.chmod(path, 0o644)
            with open(path, "wb") as file:
                file.write(edit(data))
        box.check(runs(box, "--update") == 1 and box.read("result") == "42\n", "built again")
        now = artifacts(box)
        box.check(set(now) == set(before) and [path for path in now if now[path] != edit(before[path])], "compiled anew")


@case("a module's grammar, lies and silence are judged as a script's are")
def _(box):
    refuses(box, foreign(box, "put 42"), NO_REPORT)
    refuses(box, foreign(box, "put 42", "say word"), GRAMMAR + "1 ")
    refuses(box, foreign(box, "put 42", "say word one"), "without reporting \"cab\"")
    refuses(box, foreign(box, "put 42", f"say cab {WRONG}"), WRONG)
    refuses(box, foreign(box, "say cab ."), "foreign")


@case("a module reads its inputs, objects and outputs alike, and cannot change them")
def _(box):
    box.write("tree/leaf", "of a folder\n")
    box.write("default.cab", foreign(box, "copy \\(./tree)/leaf", "say cab ."))
    box.cab("build")
    box.check(box.read("result") == "of a folder\n", box.read("result"))
    made = shell("made", "mkdir $out; echo of a build > $out/leaf").strip()
    ordinary = foreign(box, "copy \\(made)/leaf", name="ordinary").replace(SELF + ",", "")
    box.write("default.cab", f"made = {made};\n{ordinary}")
    box.cab("build")
    box.check(box.read("result") == "of a build\n", box.read("result"))
    for step in ("copy \\(./tree)/none", "copy /cull/store/none"):
        refuses(box, foreign(box, step, "say cab ."), "exit status 2")
    refuses(box, foreign(box, "break \\(./tree)/leaf", "say cab ."), "exit status 5")


@case("a module's output that names an input refers to it")
def _(box):
    box.write("tree/leaf", "text")
    box.write("default.cab", foreign(box, "put \\(./tree)").replace(SELF + ",", ""))
    box.cab("build")
    tree = box.object("tree")
    box.check(os.path.basename(tree) in box.read("result"), box.read("result"))
    box.check(os.path.basename(tree) in box.cab("store", "info", box.path("result")).out, "the reference is known")


@case("a known line stops a module, even one that would stay for ever")
def _(box):
    box.write("default.cab", foreign(box, "say shared one", "put 42", "say cab ."))
    box.cab("build")
    box.write("default.cab", foreign(box, "say shared one", "stay"))
    box.cab("build", timeout=60)
    box.check(box.read("result") == "42\n", "shared formats are known whatever the arguments are")


@case("a line that only another run of a module proved stops nobody, unless the module vouches for the format")
def _(box):
    box.write("default.cab", foreign(box, "say own one", "put 42", "say cab ."))
    box.cab("build")
    box.write("default.cab", foreign(box, "say own one", "put 43", "say cab ."))
    box.cab("build")
    box.check(box.read("result") == "43\n", box.read("result"))


@case("a module with an environment, or with another input, shares no identities")
def _(box):
    box.write("default.cab", foreign(box, "say shared one", "put 42", "say cab ."))
    box.cab("build")
    box.write("default.cab", foreign(box, "say shared one", "put 43", "say cab .", more='environment = { A = "1" },'))
    box.cab("build")
    box.check(box.read("result") == "43\n", box.read("result"))
    box.write("other", "1")
    box.write("default.cab", foreign(box, "say shared one", "say other \\(./other)", "put 44", "say cab ."))
    box.cab("build")
    box.check(box.read("result") == "44\n", box.read("result"))


def serve_file(box):
    server = box.serve_file()
    return server, f'origins = ["{server.url}"],'


@case("a module's request after a known line never leaves")
def _(box):
    server, origins = serve_file(box)
    steps = ("say word one", f"get {server.url}/file", "put 42", "say cab .")
    box.write("default.cab", foreign(box, *steps, more=origins))
    box.cab("build")
    box.check(server.count() == 1, server.log())
    server.forget()
    box.cab("build", "--update")
    box.check(server.count() == 0, server.log())


@case("where the known object cannot be had, the program goes on as if nothing had been found")
def _(box):
    server, origins = serve_file(box)
    steps = ("say shared one", f"get {server.url}/file", "put 42", "say cab .")
    box.write("default.cab", foreign(box, *steps, more=origins))
    box.cab("build")
    os.unlink(box.path("result"))
    box.cab("store", "delete", box.object("foreign"))
    server.forget()
    box.cab("build")
    box.check(server.count() == 1 and box.read("result") == "42\n", server.log())


@case("a module finds its pin in CAB_PIN")
def _(box):
    box.write("default.cab", foreign(box, "put 42", "pin", "say word one", "say cab ."))
    box.cab("build")
    box.check(box.read("result") == "42\n", "an unpinned run has none")
    os.unlink(box.path("result"))
    box.cab("store", "delete", box.object("foreign"))
    said = refuses(box, box.read("default.cab"), value_of(box, "derivation:foreign", "cab")).err
    box.check(len(set(re.findall(r"\bf[a-z2-7]{52}\b", said))) == 2, f"the pinned run wrote another output: {said}")


@case("a module reaches only the origins that its derivation lists, and only where it fixes itself or is fixed")
def _(box):
    server, origins = serve_file(box)
    refuses(box, foreign(box, f"get {server.url}/file", "put 42", "say cab ."), "exit status 3")
    ordinary = foreign(box, f"get {server.url}/file", "put 42", more=origins).replace(SELF + ",", "")
    refuses(box, ordinary, "origins")
    refuses(box, ordinary.replace(origins, ""), "exit status 3")
    box.check(server.count() == 0, server.log())
    box.write("default.cab", foreign(box, f"get {server.url}/file", "put 42", "say cab .", more=origins))
    box.cab("build")
    box.check(server.count() == 1, server.log())


main()
