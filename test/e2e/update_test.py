#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""What a user does with a lock: shows an update, aims it, tries it, prunes, proves, and replaces islands for one run."""
import json
import os
import sys

from harness import SERVER, case, commit, git, main, repository, shell

sys.path.insert(0, SERVER)
from peer import BLOB, COMMIT, TREE, Peer, commit_of, identity_of, packed, pkt, refs, sent, tree_entry  # noqa: E402

USE = shell("use", "cat \\(<github:o/r>)/a > $out")


def served(box, *names):
    for name in names or ("r",):
        repository(os.path.join(box.top, "git", "o", name), {"a": name})
    return box.serve_git(os.path.join(box.top, "git"))


def move(box, name, text="moved"):
    return commit(os.path.join(box.top, "git", "o", name), {"a": text})


def lock(box):
    return json.loads(box.read("default.cab.lock"))


def revision(box, name):
    return lock(box)[f"github:o/{name}"]["identities"][0].split()[1]


def two(box):
    box.write("default.cab", shell("use", "cat \\(<github:o/x>)/a \\(<github:o/y>)/a > $out"))
    return served(box, "x", "y")


# What cab update shows

@case("an update shows old and new, since when, and the page that compares them")
def _(box):
    server = two(box)
    box.cab("build")
    old = revision(box, "y")
    new = move(box, "y")
    said = box.cab("update").out
    day = lock(box)["github:o/x"]["locked"][:10]
    box.check("github:o/x: nothing new\n" in said, said)
    box.check(f"github:o/y: git {old[:12]} (locked {day}) -> {new[:12]} (2001-09-09, 1 commit)\n" in said, said)
    box.check(f"  {server.url}/o/y/compare/{old}...{new}\n" in said, said)
    rows = [json.loads(line) for line in box.cab("update", "--json").out.splitlines()]
    box.check(rows[0]["island"] == "github:o/x" and not rows[0]["changed"] and "compare" not in rows[0], str(rows))


@case("with --json an update's rows hold both identities whole, and the page")
def _(box):
    server = served(box)
    box.write("default.cab", USE)
    box.cab("build")
    old, new = revision(box, "r"), move(box, "r")
    row, pairs = [json.loads(line) for line in box.cab("update", "--json").out.splitlines()]
    box.check(row == {"island": "github:o/r", "changed": True, "old": f"git {old}", "new": f"git {new}",
                      "committed": 1000000000, "commits": 1, "compare": f"{server.url}/o/r/compare/{old}...{new}"}, str(row))
    box.check(pairs == {"pairs": 2, "unproved": 0}, str(pairs))


def identities(box, name, key):
    return json.loads(box.read(f"{name}.lock"))[key]["identities"]


@case("an entry is the same whichever way its source was come by: stopped at the first line, or run to its end")
def _(box):
    server = served(box)
    other = USE.replace("<github:o/r>", f"<git:{server.url}/o/r>")
    box.write("default.cab", USE)
    box.write("fresh.cab", USE)
    box.write("other.cab", other)
    box.cab("build")
    box.cab("build", "other.cab", "-o", "other")
    first = identities(box, "default.cab", "github:o/r")
    box.check([line.split()[0] for line in first] == ["git", "git-tree", "cab"], str(first))
    box.check(identities(box, "other.cab", f"git:{server.url}/o/r") == first, "another scheme, stopped at its first line")
    move(box, "r")
    box.cab("build", "fresh.cab", "-o", "fresh")
    whole = identities(box, "fresh.cab", "github:o/r")
    box.check(len(whole) == 3 and whole != first, str(whole))
    for name, key in ("default.cab", "github:o/r"), ("other.cab", f"git:{server.url}/o/r"):
        server.forget()
        box.cab("build", "--update", name, "-o", "again")
        box.check(server.count() == 1 and identities(box, name, key) == whole, f"{name}: {identities(box, name, key)}")
    # Back to what was held before, which no memo has any more.
    git(os.path.join(box.top, "git", "o", "r"), "reset", "-q", "--hard", "HEAD^")
    server.forget()
    box.cab("build", "--update", "--account")
    box.check(server.count() == 1 and lock(box)["github:o/r"]["identities"] == first, str(lock(box)))
    rows = json.loads(box.cab("account", "--json").out)["sources"][0]["identities"]
    box.check([row["from"] for row in rows] == ["run", "table", "table"] and all(row["proved"] for row in rows), str(rows))


@case("an entry is the same where a cache knew its source; what an older cab left out of one is completed, and said so")
def _(box):
    served(box)
    box.write("default.cab", USE)
    cache = os.path.join(box.top, "cache")
    box.cab("cache", "push", cache)
    whole = lock(box)["github:o/r"]["identities"]
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "other")
    box.configure(caches=f'[{{ url = "file://{cache}", trusted = true, }}]')
    os.unlink(box.path("default.cab.lock"))
    box.cab("build")
    box.check(lock(box)["github:o/r"]["identities"] == whole, str(lock(box)))
    box.write("default.cab.lock", box.read("default.cab.lock").replace(f'"{whole[1]}",', ""))
    box.check(len(lock(box)["github:o/r"]["identities"]) == 2, "it has no git-tree")
    said = box.cab("update").out
    box.check("github:o/r: nothing new; its entry is completed\n" in said and "compare" not in said, said)
    box.check(lock(box)["github:o/r"]["identities"] == whole, str(lock(box)))
    box.check("github:o/r: nothing new\n" in box.cab("update").out, "once")


def arrow(box, *arguments):
    """What an update says behind the arrow, and its row of JSON."""
    said = box.cab("update", "-n", *arguments).out
    row = json.loads(box.cab("update", "-n", "--json", *arguments).out.splitlines()[0])
    return said.split(" -> ", 1)[1].splitlines()[0], row


@case("an update over several commits counts them by two requests, in a dry run too, and one that is at hand by none")
def _(box):
    server = served(box)
    box.write("default.cab", USE)
    box.cab("build")
    move(box, "r", "once")
    new = move(box, "r", "twice")
    objects = box.objects()
    server.forget()
    said, row = arrow(box)
    box.check(said == f"{new[:12]} (2 commits)" and row["commits"] == 2 and "committed" not in row, f"{said} {row}")
    box.check(server.count() == 6 and box.objects() == objects, server.log())
    server.forget()
    result = box.cab("update")
    box.check(f"-> {new[:12]} (2001-09-09, 2 commits)\n" in result.out and "ask github:o/r: 2 commits" in result.err, f"{result}")
    box.check(server.count() == 4, server.log())
    move(box, "r", "thrice")
    server.forget()
    box.check("(2001-09-09, 1 commit)" in box.cab("update").out and server.count() == 2, server.log())
    move(box, "r", "four")
    move(box, "r", "five")
    server.forget()
    box.cab("build", "--update")
    box.check(server.count() == 2, f"a build counts nothing: {server.log()}")


@case("commits of a merge are counted each, and those that the old one has are not")
def _(box):
    served(box)
    folder = os.path.join(box.top, "git", "o", "r")
    box.write("default.cab", USE)
    box.cab("build")
    git(folder, "checkout", "-q", "-b", "side")
    for text in ("1", "2"):
        commit(folder, {"side": text})
    git(folder, "checkout", "-q", "main")
    move(box, "r")
    git(folder, "merge", "-q", "--no-ff", "-m", "a merge", "side")
    box.check(arrow(box)[1]["commits"] == 4, "two, one and the merge")
    git(folder, "tag", "-a", "-m", "a tag", "v1")
    box.check(arrow(box, "<github:o/r>", "--update-to", "v1")[1]["commits"] == 4, "a tag means its commit")
    box.write("default.cab", shell("use", "cat \\(<github:o/r>)/a \\(<github:o/r::/side>) \\(<github:o/r@side>)/side > $out"))
    box.cab("build")
    commit(folder, {"side": "3"})
    move(box, "r", "more")
    rows = [json.loads(line) for line in box.cab("update", "-n", "--json").out.splitlines()]
    box.check([row.get("commits") for row in rows] == [6, 2, None], f"the branch has not moved: {rows}")


@case("a branch that was wound back, or has nothing of the old one, has no number; one that was written anew counts what is new")
def _(box):
    served(box)
    folder = os.path.join(box.top, "git", "o", "r")
    for text in ("1", "2", "3", "4"):
        move(box, "r", text)
    box.write("default.cab", USE)
    box.cab("build")
    old = git(folder, "rev-parse", "HEAD")
    for back in ("HEAD~1", "HEAD~2"):
        git(folder, "reset", "-q", "--hard", back)
        said, row = arrow(box)
        box.check(said == git(folder, "rev-parse", "HEAD")[:12] and "commits" not in row, f"{said} {row}")
    git(folder, "reset", "-q", "--hard", old)
    git(folder, "commit", "-q", "--amend", "-m", "written anew")
    box.check(arrow(box)[1]["commits"] == 1, "what is new is one")
    git(folder, "checkout", "-q", "--orphan", "else")
    commit(folder, {"a": "another history"})
    commit(folder, {"a": "of two"})
    git(folder, "branch", "-f", "main", "else")
    git(folder, "checkout", "-q", "main")
    said, row = arrow(box)
    box.check(" " not in said and "commits" not in row, f"{said} {row}")


def can(words):
    return b"".join(map(pkt, (b"version 2\n", b"ls-refs\n", b"fetch=" + words + b"\n"))) + b"0000"


TOP = tree_entry(b"100644", b"a", identity_of(BLOB, b"a"))
FIRST = commit_of(TOP)
SECOND = FIRST + b"second"
KNOWN = pkt(b"acknowledgments\n") + pkt(b"ready\n") + b"0001"


@case("a server that cannot count, errs or lies: there is no number, and no failure")
def _(box):
    counted = KNOWN + sent(packed([(COMMIT, SECOND)], count=7))
    answers = {"fetch": counted, "advertise": can(b"filter shallow")}
    made = Peer(listing=refs(("HEAD", identity_of(COMMIT, FIRST))),
                fetch=lambda body: answers["fetch"] if b"tree:0" in body else sent(packed([(COMMIT, FIRST), (TREE, TOP), (BLOB, b"a")])))
    box.stops.append(made.stop)
    box.configure(islands_github_base=f'"{made.url}"')
    box.write("default.cab", USE)
    box.cab("build")
    made.answers["listing"] = refs(("HEAD", identity_of(COMMIT, SECOND)))
    for name, wanted in (("fetch", counted), ("advertise", can(b"shallow filter"))):
        made.answers["advertise"] = answers["advertise"]
        answers[name] = wanted
        box.check(arrow(box)[1]["commits"] == 7, f"what it says when it does not lie: {name}")
    many = KNOWN + sent(packed([(COMMIT, SECOND)], count=0xffffffff))
    for name, answer in (
            ("no filter", {"advertise": can(b"shallow")}), ("nothing of it", {"advertise": 404}),
            ("another version", {"advertise": pkt(b"# service=git-upload-pack\n") + b"0000" + pkt(
                identity_of(COMMIT, SECOND).encode() + b" HEAD\0filter side-band-64k") + b"0000"}),
            ("not known", {"fetch": pkt(b"acknowledgments\n") + pkt(b"NAK\n") + b"0000"}),
            ("nothing", {"fetch": b""}), ("an error", {"fetch": pkt(b"ERR no such thing\n")}), ("refused", {"fetch": 400}),
            ("a tree first", {"fetch": KNOWN + sent(packed([(TREE, TOP), (COMMIT, SECOND)]))}),
            ("none", {"fetch": KNOWN + sent(packed([]))}), ("cut off", {"fetch": counted[:-40]}),
            ("no pack", {"fetch": KNOWN + sent(b"x" * 100)}), ("no frames", {"fetch": b"nonsense"})):
        made.answers["advertise"] = answer.get("advertise", can(b"shallow filter"))
        answers["fetch"] = answer.get("fetch", many)
        result = box.cab("update", "-n", "--json")
        row = json.loads(result.out.splitlines()[0])
        box.check(row["changed"] and "commits" not in row and '"failed"' not in result.err, f"{name}: {result}")


@case("an island that was not met cannot be updated: what was met is said")
def _(box):
    server = two(box)
    box.fails("update", "<github:o/z>", says=("no island <github:o/z>", "<github:o/x>, <github:o/y>"))
    box.fails("build", "--update", "<github:o/z>", says="no island <github:o/z>")
    box.check(server.count() == 0 and not box.exists("default.cab.lock"), server.log())


@case("a mistyped island is an error that names the nearest, and nothing is asked or changed")
def _(box):
    server = two(box)
    box.cab("build")
    before = box.read("default.cab.lock")
    move(box, "x")
    server.forget()
    for text, near in (("<nope:x>", ""), ("nope:x", ""), ("<github:o/yy>", "the nearest is <github:o/y>"),
                       ("githubb:o/x", "the nearest is <github:o/x>")):
        wanted = "<" + text.strip("<>") + ">"
        for command in (("update", text), ("build", "--update", text), ("build", f"--update={text}"),
                        ("update", "<github:o/x>", text)):
            box.fails(*command, says=("met no island " + wanted, near))
    box.write("default.cab", shell("use", "cat \\(<github:o/x>)/a > $out"))
    box.fails("update", "<github:o/y>", says="though the lock has it")
    box.check(server.count() == 0 and box.read("default.cab.lock") == before, server.log())


# --dry-run

@case("update --dry-run asks for one listing an island, and for what is between, shows what is new, and writes nothing")
def _(box):
    server = two(box)
    box.cab("build")
    old, before, objects = revision(box, "y"), box.read("default.cab.lock"), box.objects()
    new = move(box, "y")
    server.forget()
    said = box.cab("update", "--dry-run").out
    box.check(f"git {old[:12]}" in said and f"-> {new[:12]}" in said and "github:o/x: nothing new" in said, said)
    box.check(server.count() == 4, f"one request an island, and two that count:\n{server.log()}")
    box.check(box.read("default.cab.lock") == before and box.objects() == objects, "nothing was written")
    box.check("nothing was written" in said, said)
    box.cab("build", "--locked", "--offline")


@case("update --dry-run tells of what evaluation reads too, which it fetches for that")
def _(box):
    two(box)
    box.write("default.cab", shell("use", "cp -r \\(<github:o/y>) $out; echo \\(readFile <github:o/y>/a)"))
    box.cab("build")
    old, before = revision(box, "y"), box.read("default.cab.lock")
    new = move(box, "y")
    said = box.cab("update", "--dry-run").out
    box.check(f"github:o/y: git {old[:12]}" in said and f"-> {new[:12]}" in said, said)
    box.check(box.read("default.cab.lock") == before, "nothing was written")


@case("update -n without a lock makes none, and fetches nothing")
def _(box):
    server = served(box)
    box.write("default.cab", USE)
    said = box.cab("update", "-n").out
    box.check("github:o/r: git " in said and server.count() == 1, said + server.log())
    box.check(not box.exists("default.cab.lock"), "no lock")


# --update-to

@case("--update-to takes an island to a tag, a branch or a revision without a change of its text")
def _(box):
    served(box)
    folder = os.path.join(box.top, "git", "o", "r")
    first = git(folder, "rev-parse", "HEAD")
    git(folder, "tag", "v1")
    second = move(box, "r", "2")
    git(folder, "branch", "next")
    third = move(box, "r", "3")
    box.write("default.cab", USE)
    box.cab("build")
    shown = box.cab("show", "--derivation").out
    for reference, wanted, text in (("v1", first, "r"), ("next", second, "2"), (third, third, "3"), (first, first, "r")):
        said = box.cab("update", "github:o/r", "--update-to", reference).out
        box.check(revision(box, "r") == wanted and f"-> {wanted[:12]}" in said, f"{reference}: {said}")
        box.cab("build", "--locked")
        box.check(box.read("result") == text, f"{reference}: {box.read('result')}")
        box.check(box.cab("show", "--derivation").out == shown, "the derivation is the same")
    box.cab("update", "github:o/r")
    box.check(revision(box, "r") == third, "the next update goes by the island's text again")


@case("--update-to of a locked object that is gone fetches by the lock, which its text alone would not find")
def _(box):
    server = served(box)
    folder = os.path.join(box.top, "git", "o", "r")
    git(folder, "tag", "v1")
    move(box, "r", "2")
    box.write("default.cab", USE)
    box.cab("update", "<github:o/r>", "--update-to", "v1")
    box.cab("store", "gc", "--drop-sources")
    server.forget()
    box.cab("build", "--locked")
    box.check(box.read("result") == "r" and server.count() == 1, server.log())


@case("--update-to wants one island, of git, whose text names no revision, and a reference that is there")
def _(box):
    two(box)
    box.fails("update", "--update-to", "v1", says="the one island", status=2)
    box.fails("update", "<github:o/x>", "<github:o/y>", "--update-to", "v1", says="the one island", status=2)
    box.fails("update", "<github:o/x>", "--update-to", "v1", says="no branch or tag of this name")
    box.fails("update", "<github:o/x>", "--update-to", "a..b", says="a..b")
    pinned = "github:o/x@" + git(os.path.join(box.top, "git", "o", "x"), "rev-parse", "HEAD")
    box.write("default.cab", shell("use", f"cat \\(<{pinned}>)/a > $out"))
    box.fails("update", f"<{pinned}>", "--update-to", "main", says="names a revision in its own text")


# island versions

@case("island versions lists tags as people count them, with the commits that they mean, by one request")
def _(box):
    server = served(box)
    folder = os.path.join(box.top, "git", "o", "r")
    first = git(folder, "rev-parse", "HEAD")
    git(folder, "tag", "v1.9")
    second = move(box, "r", "2")
    git(folder, "tag", "-a", "-m", "a tag", "v1.10")
    git(folder, "tag", "odd\u202e")
    git(folder, "branch", "v9")
    objects = box.objects()
    said = box.cab("island", "versions", "<github:o/r@main::/a>").out
    rows = [line.split() for line in said.splitlines()]
    box.check([row[0] for row in rows] == ["odd\\u{202e}", "v1.9", "v1.10"] and server.count() == 1, said + server.log())
    box.check([row[1] for row in rows] == [second, first, second], said)
    box.check([name.split("-", 1)[1] for name in box.objects() if name not in objects] == ["r-versions"], "no source")
    rows = [json.loads(line) for line in box.cab("island", "versions", f"git:{server.url}/o/r", "--json").out.splitlines()]
    box.check(rows[1] == {"version": "v1.9", "revision": first}, str(rows))
    for tag in ("v1.9", "v1.10", "odd\u202e"):
        git(folder, "tag", "-d", tag)
    box.check(box.cab("island", "versions", "github:o/r").out == "", "no tags, no lines")
    box.check(not box.exists("default.cab.lock"), "no lock")


@case("island versions of what has none, or is not there, is refused with a sentence")
def _(box):
    served(box)
    box.fails("island", "versions", "oci:images.example/x", says="only the tags of git and the versions of packages")
    box.fails("island", "versions", "nothing", says="nothing", status=2)
    box.fails("island", "versions", "github:o/gone", says="404")
    box.fails("island", "versions", "github:o/r", "--offline", says="--offline")
    box.check("versions=true" not in box.cab("show", "github:o/r").out, "no island's derivation has it")


# --prune

@case("update --prune takes out what evaluation does not meet, and asks nobody")
def _(box):
    server = two(box)
    box.write("x.cab", "")
    box.cab("build")
    box.write("default.cab", USE.replace("o/r", "o/x"))
    before = lock(box)["github:o/x"]
    move(box, "x")
    server.forget()
    said = box.cab("update", "--prune").out
    box.check("github:o/y: removed" in said and server.count() == 0, said + server.log())
    box.check(lock(box) == {"github:o/x": before, "~": 1}, box.read("default.cab.lock"))
    box.check("removed" not in box.cab("update", "--prune").out, "once")


@case("update --prune evaluates all, not what a build would take; a derivation's entry goes with the derivation")
def _(box):
    served(box, "x", "y")
    report = shell("report", "echo 1 > $out; echo cab . > $CAB_HASH", 'fixed = "self"').strip()
    box.write("default.cab", "{ packages = { default = " + USE.replace("o/r", "o/x").strip() + ", other = "
              + USE.replace("o/r", "o/y").strip() + f", }}, report = {report}, }}\n")
    for goal in ("packages.default", "packages.other", "report"):
        box.cab("build", f"default.cab#{goal}", "--no-out-link")
    before = lock(box)
    box.check(sorted(before) == ["derivation:report", "github:o/x", "github:o/y", "~"], str(before))
    box.cab("update", "--prune")
    box.check(lock(box) == before, str(lock(box)))
    box.write("default.cab", "{ packages = { other = " + USE.replace("o/r", "o/y").strip() + ", }, }\n")
    said = box.cab("update", "--prune").out
    box.check("derivation:report: removed" in said and sorted(lock(box)) == ["github:o/y", "~"], said)
    box.fails("update", "default.cab#packages", "--prune", says="whole", status=2)


@case("update --prune -n only says what would go")
def _(box):
    two(box)
    box.cab("build")
    before = box.read("default.cab.lock")
    box.write("default.cab", USE.replace("o/r", "o/x"))
    box.check("github:o/y: removed" in box.cab("update", "--prune", "-n").out, "it is said")
    box.check(box.read("default.cab.lock") == before, "nothing was written")


# check --lock

def forge(box, old, new):
    box.write("default.cab.lock", box.read("default.cab.lock").replace(old, new))


def check(box, *arguments, status=0):
    result = box.run("check", "--lock", "--json", *arguments)
    box.check(result.status == status, str(result))
    return {row["entry"]: row for row in map(json.loads, result.out.splitlines())}


@case("check --lock: a run of this store's proves its pairs; another store has the lock's word alone, until a deep check")
def _(box):
    server = two(box)
    box.cab("build")
    server.forget()
    rows = check(box)
    box.check([row["status"] for row in rows.values()] == ["proved", "proved"] and server.count() == 0, str(rows))
    box.check("2 entries: 2 proved, 0 unproved, 0 contradicted" in box.cab("check", "--lock").out, "as text")
    box.check("0 of the lock's 4 pairs unproved" in box.cab("update").out, "an update says it")
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "other")
    server.forget()
    box.check([row["status"] for row in check(box).values()] == ["unproved", "unproved"], "nothing is known here")
    box.check("4 of the lock's 4 pairs unproved" in box.cab("update").out, "an update says it")
    server.forget()
    before = box.read("default.cab.lock")
    rows = check(box, "--deep")
    box.check([row["status"] for row in rows.values()] == ["proved", "proved"], str(rows))
    box.check(server.count() == 2, f"each is fetched once, by its pin:\n{server.log()}")
    box.check(box.read("default.cab.lock") == before, "the lock is what it was")
    server.forget()
    box.check([row["pairs"][0]["by"] for row in check(box, "--deep").values()] == ["a run of this store's"] * 2, "kept")
    box.check(server.count() == 0, server.log())


@case("check --lock: a trusted cache proves pairs, and says which cache")
def _(box):
    two(box)
    cache = os.path.join(box.top, "cache")
    box.cab("cache", "push", cache)
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "other")
    box.configure(caches=f'[{{ url = "file://{cache}", trusted = true, }}]')
    rows = check(box)
    box.check(all(pair["status"] == "proved" and pair["by"] == f"cache {cache}"
                  for row in rows.values() for pair in row["pairs"]), str(rows))


@case("check --lock: a forged Cab hash is contradicted by the table, and by a deep check where no table is")
def _(box):
    server = two(box)
    box.cab("build")
    hashes = [lock(box)[f"github:o/{name}"]["identities"][-1].split()[1] for name in "xy"]
    forge(box, hashes[1], hashes[0])
    rows = check(box, status=1)
    box.check(rows["github:o/y"]["status"] == "contradicted" and rows["github:o/x"]["status"] == "proved", str(rows))
    box.check(rows["github:o/y"]["pairs"][0]["by"] == f"the table says cab {hashes[1]}", str(rows))
    said = box.run("check", "--lock")
    box.check(said.status == 1 and "1 contradicted" in said.out and hashes[1] in said.out, str(said))
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "other")
    check(box)
    server.forget()
    rows = check(box, "--deep", status=1)
    box.check(rows["github:o/y"]["status"] == "contradicted" and hashes[1] in rows["github:o/y"]["why"], str(rows))
    box.check(rows["github:o/x"]["status"] == "proved", "another entry is proved beside it")
    box.check(len([name for name in box.objects() if name.endswith("-y")]) == 0, "nothing was registered")


@case("check --lock --deep: a source that cannot be had leaves its entry unproved, with the reason; others go on")
def _(box):
    two(box)
    box.cab("build")
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "other")
    os.rename(os.path.join(box.top, "git", "o", "y"), os.path.join(box.top, "git", "o", "gone"))
    rows = check(box, "--deep")
    box.check(rows["github:o/x"]["status"] == "proved" and rows["github:o/y"]["status"] == "unproved", str(rows))
    box.check("404" in rows["github:o/y"]["why"], str(rows))
    box.check([row["status"] for row in check(box, "--deep", "--offline").values()] == ["proved", "unproved"], "offline")


@case("check --lock: a self-fixing derivation is proved by what it has said here; --deep runs it, and what differs is contradicted")
def _(box):
    box.write("seed", "1")
    text = shell("report", "echo 1 > $out; echo mark 7 > $CAB_HASH; echo cab . > $CAB_HASH", 'fixed = "self"')
    box.write("default.cab", text)
    box.cab("build")
    box.check(check(box)["derivation:report"]["pairs"][0]["by"] == "a run of this store's", "this store ran it")
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "other")
    box.check(check(box)["derivation:report"]["status"] == "unproved", "another did not")
    good = box.read("default.cab.lock")
    cab = lock(box)["derivation:report"]["identities"][-1].split()[1]
    forge(box, cab, cab[:-1] + ("a" if cab[-1] != "a" else "q"))
    rows = check(box, "--deep", status=1)
    box.check(rows["derivation:report"]["status"] == "contradicted", str(rows))
    box.write("default.cab.lock", good)
    rows = check(box, "--deep")
    box.check(rows["derivation:report"]["pairs"][0]["by"] == "a run just now", str(rows))
    box.check(check(box)["derivation:report"]["status"] == "proved", "and is kept")
    box.write("default.cab", text.replace("echo 1", "echo 2"))
    for deep in [], ["--deep"]:
        rows = check(box, *deep)
        box.check("another derivation" in rows["derivation:report"]["why"], str(rows))


@case("check --lock: entries of islands in islands, two pins of one island, and a lock that is not there")
def _(box):
    served(box, "x")
    repository(os.path.join(box.top, "git", "o", "lib"), {"default.cab": "{ text = readFile <github:o/x>/a, }\n"})
    box.check(check(box) == {} if box.write("default.cab", USE) else False, "no lock, no entries")
    box.write("default.cab", "library = import <github:o/lib>;\n" + shell("use", "echo \\(library.text) > $out"))
    box.cab("build")
    lines = box.read("default.cab.lock").splitlines(True)
    move(box, "x")
    box.write("default.cab", USE.replace("o/r", "o/x"))
    os.unlink(box.path("default.cab.lock"))
    box.cab("build")
    box.write("default.cab.lock", "".join(lines[:-2]) + "".join(box.read("default.cab.lock").splitlines(True)[1:]))
    box.check(len({entry["identities"][0] for key, entry in lock(box).items() if key.endswith("o/x")}) == 2, "two pins")
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "other")
    rows = check(box, "--deep")
    box.check([row["status"] for row in rows.values()] == ["proved"] * 3, str(rows))
    box.fails("check", says="--lock", status=2)


# --override

@case("--override takes a folder for an island, here and in what imports it, and leaves the lock alone")
def _(box):
    server = two(box)
    box.cab("build")
    before = box.read("default.cab.lock")
    server.forget()
    box.write("mine/a", "mine")
    for option in (f"<github:o/x>={box.path('mine')}", "github:o/x=./mine"):
        box.cab("build", "--override", option, "-o", "other")
        box.check(box.read("other") == "miney", box.read("other"))
        box.check(box.read("default.cab.lock") == before and server.count() == 0, server.log())
    box.cab("build", "--locked")
    box.check(box.read("result") == "xy", box.read("result"))
    box.write("read.cab", "readFile <github:o/x>/a\n")
    box.check(box.cab("eval", "read.cab", "--override", "github:o/x=./mine").out.strip() == '"mine"', "eval")
    box.check("mine" in box.cab("show", "--override", "github:o/x=./mine").out, "show")


@case("--override takes another island, which is asked for and not locked, with --locked too")
def _(box):
    served(box, "x", "y", "z")
    box.write("default.cab", shell("use", "cat \\(<github:o/x>)/a \\(<github:o/y>)/a > $out"))
    box.cab("build")
    before = box.read("default.cab.lock")
    box.cab("build", "--locked", "--override", "github:o/x=github:o/z")
    box.check(box.read("result") == "zy" and box.read("default.cab.lock") == before, box.read("default.cab.lock"))
    os.unlink(box.path("default.cab.lock"))
    box.cab("build", "--override", "<github:o/x>=<github:o/z@main>")
    box.check(sorted(lock(box)) == ["github:o/y", "~"], "what is not replaced is locked as always")


@case("--override replaces an island in the files of a fetched one, and a subpath of it")
def _(box):
    served(box, "x")
    repository(os.path.join(box.top, "git", "o", "lib"), {"default.cab": "{ text = readFile <github:o/x::/a>, }\n",
                                                          "d/a": "lib"})
    box.write("mine/a", "mine")
    box.write("default.cab", "library = import <github:o/lib>;\n" + shell("use", "echo \\(library.text) > $out"))
    box.cab("build", "--override", "github:o/x=./mine")
    box.check(box.read("result") == "mine\n" and sorted(lock(box)) == ["github:o/lib", "~"], box.read("default.cab.lock"))
    box.write("default.cab", shell("use", "cat \\(<github:o/x::/d>)/a > $out"))
    box.cab("build", "--override", "github:o/x=github:o/lib", "--no-write-lock")
    box.check(box.read("result") == "lib", box.read("result"))


@case("what a replaced island's own files use is not locked either")
def _(box):
    served(box, "x")
    repository(os.path.join(box.top, "git", "o", "lib"), {"default.cab": '{ text = "lib", }\n'})
    box.write("mine/default.cab", "{ text = readFile <github:o/x>/a, }\n")
    box.write("default.cab", "library = import <github:o/lib>;\n" + shell("use", "echo \\(library.text) > $out"))
    box.cab("build")
    before = box.read("default.cab.lock")
    box.cab("build", "--override", "github:o/lib=./mine")
    box.check(box.read("result") == "x\n" and box.read("default.cab.lock") == before, box.read("default.cab.lock"))


@case("an override that met nothing is said, and a bad one is refused")
def _(box):
    two(box)
    box.write("mine/a", "mine")
    said = box.cab("build", "--override", "github:o/z=./mine").err
    box.check("met no island <github:o/z>" in said and "<github:o/x>, <github:o/y>" in said, said)
    for text, words in (("github:o/x", "ISLAND=PATH"), ("=x", "ISLAND=PATH"), ("<github:o/x>", "ISLAND=PATH"),
                        ("fs:/tmp=./mine", "fs:/tmp"),
                        ("githb:o/x=./mine", "did you mean `github`"), ("github:o/x=nothing:o/x", "nothing")):
        box.fails("build", "--override", text, says=words, status=2)
    box.fails("build", "--override", "github:o/x=./missing", says="missing")
    box.fails("build", "--override", "github:o/x=./mine", "--override", "<github:o/x>=./mine", says="already", status=2)
    box.fails("update", "--prune", "--override", "github:o/x=./mine", says="--override", status=2)


@case("update --override updates the others and leaves the replaced one's entry")
def _(box):
    server = two(box)
    box.cab("build")
    old, moved = revision(box, "x"), move(box, "y")
    move(box, "x")
    box.write("mine/a", "mine")
    server.forget()
    box.cab("update", "--override", "github:o/x=./mine")
    box.check(revision(box, "x") == old and revision(box, "y") == moved and server.count("/o/x") == 0, server.log())


main()
