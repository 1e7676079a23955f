#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Schemes that are no builtin ones: a fetcher built by cab itself, bound in the language or by the configuration."""
import json
import os
import shutil
import sys

from harness import HERE, case, main, refuses, shell, state

BUILT = os.path.dirname(os.path.abspath(sys.argv[2]))
FOREIGN = os.path.join(BUILT, "foreign.wasm")
EXAMPLES = os.path.join(HERE, "..", "..", "examples")


def serve(box, files):
    """A server with these files; gives it."""
    folder = os.path.join(box.top, "served")
    os.makedirs(folder, exist_ok=True)
    put(box, files)
    return box.serve(folder)


def put(box, files):
    for name, text in files.items():
        path = os.path.join(box.top, "served", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def example(box, name):
    """The files of an example, in the working folder."""
    for file in os.listdir(os.path.join(EXAMPLES, name)):
        shutil.copy(os.path.join(EXAMPLES, name, file), box.path(file))


def paste(box, server):
    """The scheme `paste` by configuration: the example's own fetcher, and a base that the configuration names."""
    fetcher = os.path.join(EXAMPLES, "fetcher-c", "fetcher.cab")
    box.configure(schemes_paste_fetcher=f'"import {fetcher} {{ platform, }}"', schemes_paste_base=f'"{server.url}"')


def entries(box):
    lock = json.loads(box.read("default.cab.lock"))
    return {key: value for key, value in lock.items() if key != "~"}


def steps(box, *words, name="x", more=""):
    """An island of the module that does what it is told, and a use of it."""
    shutil.copy(FOREIGN, box.path("foreign.wasm"))
    entries = ", ".join(f'{chr(97 + at)} = "{word}"' for at, word in enumerate(words))
    island = f"<steps:{name}:{{ {entries}, }}>"
    return f"steps = {{ program = ./foreign.wasm, {more} }};\nisland = {island};\n" + shell("use", "cp \\(island) $out")


def declines(box, *says, **more):
    """The build fails with these words; nothing but what was given to it is in the store, no lock is written."""
    result = box.fails("build", says=says, **more)
    left = {name.split("-", 1)[1] for name in box.objects()} - {"module", "foreign.wasm", "work"}
    box.check(not left and state(box)[1:] == (None, False), f"{left} {state(box)} {result}")
    return result


def conform(box, module, scenario, status=0):
    """What `island conform` says, {check: (status, why)}."""
    result = box.run("island", "conform", "--json", module, scenario)
    box.check(result.status == status, str(result))
    return {row["check"]: (row["status"], row["why"]) for row in map(json.loads, result.out.splitlines())}


USE = shell("use", "cat \\(<paste:notes>) > $out")


@case("the example in C: a module that cab builds fetches, is locked, and is not needed again")
def _(box):
    server = serve(box, {"raw/notes.txt": "hello\n"})
    example(box, "fetcher-c")
    box.configure(network_allow='["127.0.0.1"]')
    box.cab("build", "--input", f'server="{server.url}"')
    box.check(box.read("result") == "HELLO\n", box.read("result"))
    found = entries(box)
    box.check(list(found) == ["paste:notes.txt"], str(found))
    said = found["paste:notes.txt"]["identities"]
    box.check(said[0].startswith('etag "') and said[1].startswith("cab f") and len(said) == 2, str(said))
    box.check(server.count() == 1, server.log())
    before = state(box)
    box.cab("build", "--input", f'server="{server.url}"', "--locked", "--offline")
    box.check(state(box) == before and server.count() == 1, "nothing is asked for again")
    said = conform(box, box.object("paste.wasm"), box.path("conform.cab"))
    box.check(len(said) == 12 and all(status == "pass" for status, _ in said.values()), str(said))
    box.check(state(box) == before, "a trial has a store of its own")


@case("bound by the configuration: shown, fetched, and held to the origins that the derivation names")
def _(box):
    server = serve(box, {"raw/notes": "hello\n"})
    paste(box, server)
    shown = json.loads(box.cab("show", "<paste:notes>").out)
    box.check(shown["arguments"] == ["paste", "notes", f"base={server.url}"], str(shown))
    box.check(shown["fixed"] == "self" and shown["requiredRealizerFeatures"] == ["wasm"], str(shown))
    box.check(shown["origins"] == [server.url] and len(shown["inputs"]) == 1, str(shown))
    box.check(shown["program"].endswith("-paste.wasm") and shown["name"] == "notes", str(shown))
    box.write("default.cab", USE)
    box.cab("build")
    box.check(box.read("result") == "hello\n" and list(entries(box)) == ["paste:notes"], str(entries(box)))
    again = json.loads(box.cab("show", "<paste:notes>").out)
    box.check(again == shown, "the derivation is the same with and without a lock")
    fetched = box.cab("island", "fetch", "<paste:notes>").out.splitlines()
    box.check(fetched[0].endswith("-notes") and any(line.strip().startswith('etag "') for line in fetched), str(fetched))
    said = box.cab("island", "show", "<paste:notes>").out
    box.check(f"base={server.url}" in said and "paste:notes" in said, said)
    said = box.cab("config", "schemes").out
    box.check("schemes.paste.fetcher" in said and server.url in said, said)
    said = box.cab("build", "--account", "--update=paste:notes").out
    box.check("source paste:notes" in said and "etag" in said and "unproved" not in said, said)
    said = box.cab("update").out
    box.check("0 of the lock's 1 pairs unproved" in said, said)


@case("an update with nothing new is stopped at the first line; one with news is locked")
def _(box):
    server = serve(box, {"raw/notes": "hello\n"})
    paste(box, server)
    box.write("default.cab", USE)
    box.cab("build")
    before = state(box)
    server.forget()
    said = box.cab("build", "--update").err
    box.check(state(box) == before and server.count() == 1 and "nothing new" in said, said + server.log())
    put(box, {"raw/notes": "another\n"})
    box.cab("build")
    box.check(state(box) == before and server.count() == 1, "the lock holds")
    shown = box.cab("update").out
    box.check("paste:notes" in shown, shown)
    box.cab("build")
    box.check(box.read("result") == "another\n", box.read("result"))


@case("evaluation reads a file of it: one resolution, though the module is built first")
def _(box):
    server = serve(box, {"raw/notes": "hello"})
    paste(box, server)
    box.write("default.cab", 'text = readFile <paste:notes>;\n' + shell("use", "echo \\(text) \\(<paste:notes>) > $out"))
    box.cab("build")
    box.check(box.read("result").startswith("hello /cull/store/") and server.count() == 1, server.log())


@case("its module may itself come from an island, of whatever scheme")
def _(box):
    folder = os.path.join(box.top, "served")
    os.makedirs(folder)
    shutil.copy(FOREIGN, folder)
    server = box.serve(folder)
    box.configure(network_allow='["127.0.0.1"]')
    text = steps(box, "put hi", "say cab .").replace("./foreign.wasm", f"<file:{server.url}/foreign.wasm>")
    box.write("default.cab", text)
    box.cab("build")
    box.check(box.read("result") == "hi\n", box.read("result"))
    found = list(entries(box))
    box.check(found == [f"file:{server.url}/foreign.wasm", 'steps:x:{ a = "put hi", b = "say cab .", }'], str(found))
    box.check(server.count() == 1, server.log())
    box.write("default.cab", text.replace("cp ", "true; cp "))
    box.cab("build", "--locked", "--offline")
    os.remove(box.path("default.cab.lock"))
    box.write("default.cab", "text = readFile island;\n" + text.replace("cp ", "echo \\(stringLength text); cp "))
    box.cab("build")
    box.check(list(entries(box)) == found, "evaluation reads it, and locks what its module needs")


@case("a scheme that nothing binds is told with where it could be bound")
def _(box):
    box.write("default.cab", shell("use", "cat \\(<gopher:x>) > $out"))
    refuses(box, "there is no scheme `gopher`", "`schemes` of the configuration")
    box.write("default.cab", shell("use", "cat \\(<gihub:o/r>) > $out"))
    refuses(box, "there is no scheme `gihub`, did you mean `github`")
    result = box.fails("show", "<gopher:x>", says="there is no scheme `gopher`")
    box.check("<gopher:x>" in result.err, result.err)


@case("the configuration is refused where it binds a builtin scheme, or nothing, or what is no expression")
def _(box):
    box.write("default.cab", shell("use", "true > $out"))
    box.fails("build", "--set", 'schemes.github.fetcher="{}"', says=("schemes.github", "no builtin scheme"))
    box.fails("build", "--set", 'schemes.paste.base="http://h"', says="schemes.paste has no fetcher")
    box.fails("build", "--set", 'schemes.paste.base="ftp://h"', says="base")
    box.fails("build", "--set", 'schemes.paste.fetcher="{"', says="schemes.paste.fetcher cannot be evaluated")
    box.fails("build", "--set", "schemes.paste.fetcher={}", says="must be a string")
    box.write("default.cab", USE)
    box.fails("build", "--set", 'schemes.paste.fetcher="{ bse = 1, }"', says="the scheme 'paste'")


@case("a module that is none, that lacks its exports, or that does not build, is told by name")
def _(box):
    use = shell("use", "cat \\(<steps:x>) > $out")
    box.write("module", "hello")
    box.write("default.cab", "steps = { program = ./module, };\n" + use)
    declines(box, "<steps:x>", "neither WebAssembly nor ELF")
    box.write("module", b"\0asm\1\0\0\0")
    declines(box, "<steps:x>", "_start")
    box.write("default.cab", "steps = { program = \"\\(./.)/nothing.wasm\", };\n" + use)
    declines(box, "<steps:x>", "nothing.wasm")
    box.write("default.cab", "steps = { program = " + shell("module", "echo no such thing >&2; false").strip() + ", };\n" + use)
    declines(box, "module", "status 1")


@case("a module that lies about its output, or says nothing of it, registers nothing")
def _(box):
    box.write("default.cab", steps(box, "put hi", "say cab f" + "a" * 52))
    declines(box, "<steps:x", "the program reported cab f" + "a" * 52)
    box.write("default.cab", steps(box, "put hi"))
    declines(box, "<steps:x", "reported no hash")
    box.write("default.cab", steps(box, "unknown"))
    declines(box, "<steps:x", "status 4")


@case("one text with two fetchers in one run is refused")
def _(box):
    shutil.copy(FOREIGN, box.path("foreign.wasm"))
    box.write("default.cab", "a = { program = ./foreign.wasm, };\nb = { program = ./foreign.wasm, base = \"http://h.example\", };\n"
              "f = paste => <paste:x>;\n" + shell("use", "echo \\(f a) \\(f b)"))
    declines(box, "<paste:x> has two fetchers in one run")


@case("it reaches the origins of its fetcher and no other, and a credential goes to its own origin alone")
def _(box):
    folder = os.path.join(box.top, "served")
    os.makedirs(folder)
    put(box, {"a": "hi"})
    one, two = box.serve(folder), box.serve(folder)
    box.configure(network_allow='["127.0.0.1"]', **{f'credentials_"{one.url}"': '{ environment = "TOKEN", kind = "bearer", }'})
    secret = {"environment": {"TOKEN": "s3cret"}}
    box.write("default.cab", steps(box, f"get {one.url}/a", f"get {two.url}/a", "put hi", "say cab .", more=f'base = "{one.url}",'))
    declines(box, "<steps:x", "status 3", **secret)
    box.check((one.count(), two.count()) == (1, 0), one.log() + two.log())
    box.write("default.cab", steps(box, f"get {one.url}/a", f"get {two.url}/a", "put hi", "say cab .",
                                   more=f'base = "{one.url}", origins = ["{two.url}"],'))
    box.cab("build", **secret)
    heads = [open(os.path.join(server.state, "heads"), encoding="utf-8").read() for server in (one, two)]
    box.check("s3cret" in heads[0] and "s3cret" not in heads[1] and two.count() == 1, heads[1])
    box.write("default.cab", steps(box, f"get {one.url}/a", "put hi", "say cab .", name="y"))
    refuses(box, "<steps:y", "status 3", **secret)


@case("a base that only a build's text names is held to public addresses")
def _(box):
    server = serve(box, {"a": "hi"})
    box.write("default.cab", steps(box, f"get {server.url}/a", "put hi", "say cab .", more=f'base = "{server.url}",'))
    declines(box, "<steps:x", "network.allow")
    box.check(server.count() == 0, server.log())


@case("it is replaced, updated and pruned by its text, as any island")
def _(box):
    server = serve(box, {"raw/notes": "hello\n", "raw/other": "more\n"})
    paste(box, server)
    box.write("default.cab", shell("use", "cat \\(<paste:notes>) \\(<paste:other>) > $out"))
    box.cab("build")
    first = entries(box)
    put(box, {"raw/notes": "changed\n", "raw/other": "changed too\n"})
    box.cab("update", "paste:notes")
    found = entries(box)
    box.check(found["paste:notes"] != first["paste:notes"] and found["paste:other"] == first["paste:other"], str(found))
    box.write("mine", "mine\n")
    box.cab("build", "--override", f"<paste:notes>={box.path('mine')}", "-o", "over")
    box.check(entries(box) == found, "the lock is not touched")
    box.fails("update", "--update-to", "v2", "paste:notes", says="has no other reference")
    box.write("default.cab", USE)
    box.cab("update", "--prune")
    box.check(list(entries(box)) == ["paste:notes"], str(entries(box)))


@case("an island whose scheme only the text binds is replaced without a lock that has it")
def _(box):
    example(box, "fetcher-c")
    box.write("default.cab", "paste = import ./fetcher.cab { platform };\n" + USE)
    box.write("mine", "mine\n")
    box.cab("build", "--override", "paste:notes=./mine")
    box.check(box.read("result") == "mine\n" and not box.exists("default.cab.lock"), box.read("result"))
    box.cab("build", "--locked", "--override", "<paste:notes>=./mine")
    box.write("default.cab", "paste = import ./fetcher.cab { platform };\n" + shell("use", "cat \\(<fs::" + box.path("mine") + ">) > $out"))
    said = box.cab("build", "--override", "paste:notes=./mine").err
    box.check("the evaluation met no island <paste:notes>" in said, said)
    box.fails("build", "--override", "<github:o/r>=<paste:notes>", says="there is no scheme `paste`", status=2)


def proofs(box, *arguments, status=0):
    result = box.run("check", "--lock", "--json", *arguments)
    box.check(result.status == status, str(result))
    return {row["entry"]: row for row in map(json.loads, result.out.splitlines())}


@case("its pairs of the lock are proved by what its own module has said here, and nothing is asked, run or written")
def _(box):
    server = serve(box, {"raw/notes": "hello\n"})
    example(box, "fetcher-c")
    paste(box, server)
    box.write("default.cab", USE)
    box.cab("build")
    before = state(box)
    server.forget()
    row = proofs(box)["paste:notes"]
    box.check(row["status"] == "proved" and row["pairs"][0]["by"] == "a run of this store's" and "why" not in row, str(row))
    box.check(server.count() == 0 and state(box) == before, "without asking anybody")
    box.check("1 entry: 1 proved, 0 unproved, 0 contradicted" in box.cab("check", "--lock").out, "as text")
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "other")
    row = proofs(box)["paste:notes"]
    box.check(row["status"] == "unproved" and "fetcher is not in this store" in row["why"], str(row))
    box.check(server.count() == 0 and not [name for name in box.objects() if "notes" in name], server.log())
    row = proofs(box, "--deep")["paste:notes"]
    box.check(row["status"] == "proved" and row["pairs"][0]["by"] == "a run just now" and "why" not in row, str(row))
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "third")
    put(box, {"raw/notes": "changed\n"})
    result = box.run("check", "--lock", "--deep", "--json")
    box.check(result.status == 1 and json.loads(result.out)["status"] in ("unproved", "contradicted"), str(result))


@case("check --lock of a scheme that the text binds: its table, what contradicts it, and what the text does not bind any more")
def _(box):
    text = steps(box, "put hi", "say mark 7", "say cab .")
    box.write("default.cab", text)
    box.cab("build")
    (key,) = entries(box)
    box.check(proofs(box)[key]["status"] == "proved", "the text binds it")
    lock = box.read("default.cab.lock")
    cab = entries(box)[key]["identities"][-1].split()[1]
    box.write("default.cab.lock", lock.replace(cab, cab[:-1] + ("a" if cab[-1] != "a" else "q")))
    row = proofs(box, status=1)[key]
    box.check(row["status"] == "contradicted" and cab in row["pairs"][0]["by"], str(row))
    box.write("default.cab.lock", lock.replace('["mark 7"', '["mark 8"'))
    row = proofs(box)[key]
    box.check(row["status"] == "unproved" and "why" not in row, f"its module has never said that: {row}")
    box.write("default.cab.lock", lock)
    box.write("default.cab", shell("use", "echo > $out"))
    row = proofs(box)[key]
    box.check(row["status"] == "unproved" and row["why"] == "the entry file does not use it now", str(row))
    box.write("default.cab", text.replace("cp", "cp \\(nothing)"))
    row = proofs(box)[key]
    box.check(row["status"] == "unproved" and "cannot be evaluated: undefined name" in row["why"], str(row))
    result = box.cab("check", "--lock")
    box.check("error" not in result.err and f"unproved     {key}: the entry file cannot be evaluated" in result.out, str(result))
    box.write("default.cab", text.replace("derivation {", "{ part = { deep = derivation {").rstrip() + ", }, }\n")
    box.check(proofs(box)[key]["status"] == "proved", "it is in a part of the file that is built by its name")


@case("check --lock builds no fetcher and asks for nothing that the lock lacks: it says what it does not know")
def _(box):
    server = serve(box, {"raw/notes": "hello\n", "text": "left\n"})
    example(box, "fetcher-c")
    paste(box, server)
    box.write("default.cab", USE)
    box.cab("build")
    lock = box.read("default.cab.lock")
    box.write("default.cab", f'more = readFile <file:{server.url}/text>;\n' + USE.replace("cat", "echo \\(more); cat"))
    server.forget()
    row = proofs(box)["paste:notes"]
    box.check(row["status"] in ("proved", "unproved") and server.count() == 0, f"{row}\n{server.log()}")
    proofs(box, "--deep")
    box.check(box.read("default.cab.lock") == lock, "and writes no lock, deep or not")


@case("a cache that was pushed to stops it elsewhere, at its first line: what its own module said is in it")
def _(box):
    server = serve(box, {"raw/notes": "hello\n"})
    paste(box, server)
    box.write("default.cab", USE)
    box.cab("build")
    cache = os.path.join(box.top, "cache")
    box.cab("cache", "push", f"file://{cache}")
    os.unlink(box.path("result"))
    box.environment["CAB_ROOT"] = box.root = os.path.join(box.top, "other")
    box.configure(caches=f'[{{ url = "file://{cache}", trusted = true }}]')
    os.remove(box.path("default.cab.lock"))
    server.forget()
    said = box.cab("build").err
    box.check("nothing new (etag" in said and server.count() == 1, said + server.log())
    box.check(box.read("result") == "hello\n" and not any(name.endswith("-notes") for name in box.objects()),
              f"the result came from the cache, the source from nowhere: {box.objects()}")


def scenario(box, arguments, changed="another"):
    """One file that says hello, and then what it is changed to."""
    box.write("conform.cab", f"{{ base, }} => {{ arguments = [{arguments}], serves.\"/x\" = {{ body = \"hello\", headers = "
              f"[\"ETag: \\\"1\\\"\"], }}, changed.\"/x\" = {{ body = \"{changed}\", headers = [\"ETag: \\\"2\\\"\"], }}, "
              "output = \"hello\", }\n")
    return box.path("conform.cab")


@case("island conform: cab's own module keeps the rules that it sets")
def _(box):
    module = os.path.join(BUILT, "..", "..", "guest", "island.wasm")
    said = conform(box, module, scenario(box, '"file", "\\(base)/x"'))
    box.check(len(said) == 12 and all(status == "pass" for status, _ in said.values()), str(said))
    box.check(box.objects() == [], "a trial has a store of its own")
    text = box.cab("island", "conform", module, box.path("conform.cab")).out
    box.check(text.startswith("pass  it is a module") and len(text.splitlines()) == 12, text)


@case("island conform: a careless module fails at each rule that it breaks, by name")
def _(box):
    said = conform(box, os.path.join(BUILT, "careless.wasm"), scenario(box, '"careless", "\\(base)/x"'), status=1)
    failed = {check for check, (status, _) in said.items() if status == "fail"}
    box.check(failed == {"another content has other identities", "it fails where /x is 404", "it fails where /x breaks off",
                         "it refuses a key that it does not know", "it reaches nothing beyond its origins"}, str(said))
    box.check("word same was said of both" in said["another content has other identities"][1], str(said))


@case("island conform: a module that is none, that lies, or that says nothing early")
def _(box):
    where = scenario(box, '"steps", "x", "a=put hi"')
    module = "it is a module with the right imports and exports"
    for data, why in ((b"hello", "neither WebAssembly"), (b"\0asm\1\0\0\0", "exports no function _start"),
                      (b"\0asm\1\0\0", "not one that can run")):
        box.write("module", data)
        said = conform(box, box.path("module"), where, status=1)
        box.check(list(said) == [module] and why in said[module][1], str(said))
    said = conform(box, FOREIGN, where, status=1)
    box.check(said[module][0] == "pass" and "reported no hash" in said["it fetches"][1] and len(said) == 2, str(said))
    said = conform(box, FOREIGN, scenario(box, '"steps", "x", "a=put hi", "b=say cab f' + "a" * 52 + '"'), status=1)
    box.check(said["it fetches"][0] == "fail" and "its hash is" in said["it fetches"][1], str(said))
    said = conform(box, FOREIGN, scenario(box, '"steps", "x", "a=get \\(base)/x", "b=put hello", "c=say cab ."'), status=1)
    box.check(said["the output is the scenario's"][0] == "fail", str(said))
    box.check(said["with its content at hand it is stopped at its first identity"][0] == "skip", str(said))
    box.check("makes the same output" in said["another content has other identities"][1], str(said))
    box.check(said["it fails where /x is 404"][0] == "pass", str(said))


@case("island conform: what cannot be tried is an error, and nobody's fault")
def _(box):
    where = scenario(box, '"a"')
    box.fails("island", "conform", box.path("nothing"), where, says="module " + box.path("nothing"))
    box.fails("island", "conform", FOREIGN, box.path("nothing"), says="scenario")
    box.write("bad.cab", "{ arguments = [], srves = {}, }")
    box.fails("island", "conform", FOREIGN, box.path("bad.cab"), says=("bad.cab", "no key \"srves\""))
    box.fails("island", "conform", FOREIGN, where, says="cab-guest", environment={"CAB_LIBEXEC": box.path("nothing")})
    box.fails("island", "conform", FOREIGN, says="SCENARIO", status=2)


main()
