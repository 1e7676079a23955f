#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""What cab says it did for each source, in which words, and what of it is kept."""
import hashlib
import json
import os
import signal
import time
import xml.dom.minidom

from harness import case, commit, main, repository, shell

USE = shell("use", "cat \\(<github:o/r>)/a > $out")
HOSTILE = "\x1b]0;owned\x07<script>alert(1)</script>&amp;\"'\u202e"


def served(box, *names):
    for name in names or ("r",):
        repository(os.path.join(box.top, "git", "o", name), {"a": name})
    return box.serve_git(os.path.join(box.top, "git"))


def kept(box):
    folder = os.path.join(box.root, "accounts")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def account(box):
    return json.loads(box.cab("account", "--json").out)


def source(box, name="github:o/r"):
    return next(row for row in account(box)["sources"] if row["source"] == name)


def other_store(box):
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "other")


def origins(row):
    return {identity["identity"].split()[0]: (identity["from"], identity["proved"]) for identity in row["identities"]}


@case("a first fetch: identities by its run, requests with their URLs, the origin, by whom, and why")
def _(box):
    server = served(box)
    box.write("default.cab", USE)
    said = box.cab("build", "--account").out
    row = source(box)
    box.check(origins(row) == {name: ("run", True) for name in ("git", "git-tree", "cab")}, str(row))
    box.check(row["why"] == "the lock had no entry for it: asked, and as nobody knew the answer, fetched whole", str(row))
    box.check(row["by"] == "this machine" and row["origins"] == [server.url] and row["requests"] == 2, str(row))
    run, = row["runs"]
    box.check([request["request"] for request in run["requests"]] == [f"POST {server.url}/o/r/git-upload-pack"] * 2, str(run))
    box.check(all(request["status"] == 200 and run["start"] <= request["start"] <= request["end"] <= run["end"]
                  for request in run["requests"]), str(run))
    box.check([mark["identity"].split()[0] for mark in run["identities"]] == ["git", "git-tree", "cab"], str(run))
    # The end of the listing is not waited for, and what came of it counts.
    sent = [int(line.split()[3]) for line in server.log().splitlines()]
    came = [request["received"] for request in run["requests"]]
    # What frames the parts of a body is sent and not counted.
    box.check(len(sent) == 2 and all(0 <= there - here < 40 for there, here in zip(sent, came)), f"{came} {sent}")
    box.check(sum(came) == row["received"], f"{came} {row}")
    whole = account(box)
    box.check(whole["version"] == 1 and whole["command"] == "build" and whole["entry"] == box.path("default.cab"), str(whole))
    box.check(whole["requests"] == 2 and whole["programs"] == 2 and whole["received"] == row["received"] > 0, str(whole))
    for words in (f"2 requests, {row['received']} bytes", f"from {server.url}, by this machine", row["why"], "(run)"):
        box.check(words in said, said)
    again = box.cab("account").out
    box.check(again.startswith(f"cab build {box.path('default.cab')}, 20") and said.split("\n", 1)[1] in again, again)
    printed = json.loads(box.cab("build", "--account", "--json").out.splitlines()[1])
    box.check(printed["requests"] == 0 and printed["sources"][0]["why"].startswith("what uses it is there"), str(printed))


@case("a run that asks for nothing keeps nothing, not even a folder")
def _(box):
    box.write("default.cab", shell("plain", "echo 1 > $out"))
    box.cab("build", "--account")
    box.check(not os.path.lexists(os.path.join(box.root, "accounts")), "no folder")
    box.fails("account", says="no run with the store")
    served(box)
    box.write("default.cab", USE)
    box.cab("build")
    before = kept(box)
    for command in (("build",), ("build", "--account"), ("show",), ("store", "ls")):
        box.cab(*command)
    box.check(len(before) == 1 and kept(box) == before, str(kept(box)))


@case("an update with nothing new was stopped by the lock, or by the table where there is no lock")
def _(box):
    served(box)
    box.write("default.cab", USE)
    box.cab("build")
    box.cab("update")
    row = source(box)
    box.check(row["why"] == "an update was wanted: asked, and stopped where the lock knew the answer", str(row))
    box.check(origins(row) == {"git": ("run", True), "git-tree": ("lock", True), "cab": ("lock", True)}, str(row))
    box.check(row["requests"] == 1 and row["runs"][0]["known"] == "lock", str(row))
    os.unlink(box.path("default.cab.lock"))
    box.cab("build")
    row = source(box)
    box.check(row["runs"][0]["known"] == "table" and origins(row)["cab"] == ("table", True), str(row))


@case("what only the lock says is unproved; a cache that knows it is named")
def _(box):
    served(box)
    box.write("default.cab", USE)
    box.cab("build")
    cache = os.path.join(box.top, "cache")
    box.cab("cache", "push", cache)
    with open(box.path("default.cab.lock"), encoding="utf-8") as file:
        locked = file.read()
    other_store(box)
    box.check("unproved" in box.cab("update", "--account").out, "the account says it")
    row = source(box)
    box.check(origins(row) == {"git": ("run", False), "git-tree": ("lock", False), "cab": ("lock", False)}, str(row))
    os.unlink(box.path("default.cab.lock"))
    box.configure(caches=f'[{{ url = "file://{cache}", trusted = true }}]')
    box.cab("update")
    row = source(box)
    box.check(origins(row)["cab"] == (f"cache {cache}", True), str(row))
    box.check(f"stopped where the cache {cache} knew the answer" in row["why"], str(row))
    box.check(sorted(locked.split('"')[1::2]) == sorted(box.read("default.cab.lock").split('"')[1::2])
              or box.exists("default.cab.lock"), "locked again")


@case("a source that is fetched by its pin, one that nothing uses, one that is replaced, and one on this machine")
def _(box):
    served(box)
    box.write("default.cab", USE)
    box.cab("build")
    os.unlink(box.path("result"))
    box.cab("store", "gc", "--drop-sources")
    box.cab("build")
    row = source(box)
    box.check(row["why"] == "what uses it had to run, and no store held it: fetched by its pin", str(row))
    box.check(origins(row)["git"] == ("run", True) and row["runs"][0]["work"] == "fetch", str(row))
    box.write("mine/a", "mine")
    said = box.cab("build", "--account", "--override", "github:o/r=./mine").out
    box.check("it lies on this machine, by --override ./mine" in said, said)
    box.write("default.cab", "unused = <github:o/q>;\n" + shell("use", "cat \\(<github:o/r>)/a \\(./mine)/a > $out"))
    said = box.cab("build", "--account").out
    box.check("source github:o/r\n  why          what uses it had to run, and a store or cache held it\n" in said, said)


@case("a checksum in the text is by the text, and a self-fixing derivation is a source as well")
def _(box):
    box.write("files/a", "content")
    server = box.serve(box.path("files"))
    checksum = hashlib.sha256(b"content").hexdigest()
    island = f'file:{server.url}/a:{{ checksum = "sha256-{checksum}", }}'
    box.configure(network_allow='["127.0.0.1"]')
    report = shell("report", "cat \\(source) > $out; echo cab . > $CAB_HASH", 'fixed = "self"').strip()
    box.write("default.cab", f"source = <{island}>;\nreport = {report};\n" + shell("use", "cat \\(report) > $out"))
    box.cab("build")
    row = source(box, island)
    box.check(origins(row)["sha256.file1"][0] == "run" and row["origins"] == [server.url], str(row))
    row = source(box, "derivation:report")
    box.check(origins(row) == {"cab": ("run", True)} and row["requests"] == 0, str(row))
    said = box.cab("build", "--account").out
    box.check("(text)" in said, said)
    os.unlink(box.path("result"))
    box.cab("store", "gc", "--drop-sources")
    box.cab("build")
    row = source(box, "derivation:report")
    box.check(row["why"] == "what the lock says of it was wanted, and no store held that: run again", str(row))


@case("a run that fails is kept, with the reason and the status of its request")
def _(box):
    served(box)
    box.write("default.cab", USE.replace("o/r", "o/gone"))
    box.fails("build", says="404")
    row = source(box, "github:o/gone")
    box.check("it failed" in row["why"] and "404" in row["why"] and row["runs"][0]["outcome"] == "failed", str(row))
    box.check(row["runs"][0]["requests"][0]["status"] == 404, str(row))


@case("a run that is interrupted is told as that; its request, whose answer never came, has no status")
def _(box):
    server = box.serve_file()
    server.rules("/file stall 0")
    box.write("default.cab", shell("use", f"cat \\(<file:{server.url}/file>) > $out"))
    process = box.start("build")
    while process.poll() is None and server.count() == 0:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    result = box.finish(process)
    box.check(result.status == 130, f"{result}")
    row = source(box, f"file:{server.url}/file")
    run = row["runs"][0]
    box.check(run["outcome"] == "interrupted" and row["why"].endswith("it was interrupted"), str(row))
    box.check(run["end"] >= run["requests"][0]["start"] and run["requests"][0]["status"] == 0, str(row))


@case("the last accounts are kept, and no more")
def _(box):
    served(box)
    box.write("default.cab", USE)
    box.cab("build")
    folder = os.path.join(box.root, "accounts")
    for number in range(70):
        with open(os.path.join(folder, f"{number:016x}-00000001.json"), "w", encoding="utf-8") as file:
            file.write("{}")
    with open(os.path.join(folder, "mine.txt"), "w", encoding="utf-8") as file:
        file.write("no account")
    box.cab("update")
    names = kept(box)
    box.check(len(names) == 51 and "mine.txt" in names and f"{69:016x}-00000001.json" in names, str(names))
    box.check(account(box)["command"] == "update", "the newest is shown")


@case("the picture is whole XML that holds every request and no other address")
def _(box):
    server = served(box, "x", "y")
    box.write("default.cab", shell("use", "cat \\(<github:o/x>)/a \\(<github:o/y>)/a > $out"))
    box.cab("build")
    box.cab("account", "--svg", "time.svg")
    text = box.read("time.svg")
    parsed = xml.dom.minidom.parseString(text)
    titles = [node.firstChild.data for node in parsed.getElementsByTagName("title")]
    box.check(len([title for title in titles if title.startswith("POST ")]) == 4, str(titles))
    box.check(any(title.startswith("git ") for title in titles) and any("fetched whole" in title for title in titles), text)
    box.check(text.count("http") == 1 + text.count(server.url), "nothing is loaded from elsewhere")
    for word in ("<script", "href", "<style", "<image", "<foreignObject"):
        box.check(word not in text, word)
    box.check(box.cab("account", "--svg", "-").out == text, "the same on standard output")
    box.fails("account", "--svg", "no/such/folder.svg", says="no/such/folder.svg")


def put(box, text):
    folder = os.path.join(box.root, "accounts")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "f" * 16 + "-00000001.json"), "w", encoding="utf-8") as file:
        file.write(text)


@case("hostile texts reach neither the terminal nor the picture; what is no account is refused")
def _(box):
    box.cab("store", "ls")
    run = {"work": HOSTILE, "outcome": HOSTILE, "start": -5, "end": 1 << 62, "by": HOSTILE,
           "identities": [{"at": 1 << 62, "identity": HOSTILE}, 7],
           "requests": [{"start": 3, "end": 1, "request": HOSTILE, "status": -1, "received": "much"}] * 300}
    row = {"source": HOSTILE, "why": HOSTILE, "by": HOSTILE, "origins": [HOSTILE, 7], "requests": "many", "runs": [run, []],
           "identities": [{"identity": f"x {HOSTILE}", "from": HOSTILE}, {"identity": "short"}, None]}
    put(box, json.dumps({"version": 1, "command": HOSTILE, "entry": HOSTILE, "milliseconds": 10,
                         "sources": [row, None, {"source": "é" * 100, "runs": [run]}]}))
    said = box.cab("account").out
    box.check("\x1b" not in said and "\u202e" not in said and "\x07" not in said, repr(said))
    text = box.cab("account", "--svg", "-").out
    xml.dom.minidom.parseString(text)
    box.check("<script" not in text and "\x1b" not in text and "\u202e" not in text, repr(text[:2000]))
    for text, words in (("{", "cannot be read"), ("[]", "version 1"), ('{"version": 2, "sources": []}', "version 1"),
                        ('{"version": 1}', "version 1"), ("", "cannot be read"), ("[" * 100000, "cannot be read")):
        put(box, text)
        box.fails("account", says=words)


@case("with --json a fetch tells bytes and rate while it lasts, and sums when it ends")
def _(box):
    box.write("files/a", "x" * 60)
    server = box.serve(box.path("files"))
    box.configure(network_allow='["127.0.0.1"]')
    server.rules("/a drip 0.05")
    box.write("default.cab", shell("use", f"cat \\(<file:{server.url}/a>) > $out"))
    events = [json.loads(line) for line in box.cab("build", "--json").err.splitlines()]
    progress = [event for event in events if event["event"] == "progress"]
    box.check(progress and all({"received", "expected", "objects", "rate", "milliseconds"} <= set(event)
                               for event in progress), str(events))
    box.check(any(event["expected"] == 60 and 0 < event["received"] <= 60 for event in progress), str(progress))
    done = next(event for event in events if event["event"] == "done" and event["verb"] == "ask")
    box.check(done["requests"] == 1 and done["received"] >= 60 and done["milliseconds"] > 0, str(done))


main()
