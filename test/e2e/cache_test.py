#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Cache directories: what is pushed, what is taken from one, and what is then not asked of anybody."""
import os
import re
import shutil
import subprocess
import sys

from harness import case, commit, git_tree_of, main, repository, shell, tree_of

OTHER, HEIR = (os.path.join(os.path.dirname(os.path.abspath(sys.argv[2])), name) for name in ("cab-other", "cab-heir"))
# Evaluation reads a file of the island; the consumer uses all of it, and its result refers to nothing.
READS = "name = readFile <github:o/r>/name;\n" + shell("use", "echo \\(name) > $out; cat \\(<github:o/r>)/big >> $out")
RESULT = "world\n" + "1" * 5000


def served(box):
    folder = os.path.join(box.top, "git", "o", "r")
    repository(folder, {"name": "world", "big": "1" * 5000, "d/other": "2"})
    return folder, box.serve_git(os.path.join(box.top, "git"))


def use_cache(box, cache):
    box.configure(caches=f'[{{ url = "file://{cache}", trusted = true }}]')


def forget(box):
    """An empty store; the lock stays."""
    if box.exists("result"):
        os.unlink(box.path("result"))
    subprocess.run(["chmod", "-R", "u+rwX", box.root], check=True)
    shutil.rmtree(box.root)


def pushed(box):
    """Built, pushed to a cache directory, forgotten: what is left is the lock and the cache."""
    folder, server = served(box)
    cache = os.path.join(box.top, "cache")
    box.write("default.cab", READS)
    box.cab("build")
    box.cab("cache", "push", f"file://{cache}")
    forget(box)
    use_cache(box, cache)
    server.forget()
    return folder, cache, server


def account(box, *arguments):
    """requests, bytes and programs of a build."""
    text = box.cab("build", "--account", *arguments).out
    return tuple(map(int, re.search(r"(\d+) requests?, (\d+) bytes received, (\d+) programs? run", text).groups()))


def store_of(root):
    folder = os.path.join(root, "store")
    return sorted(name.split("-", 1)[1] for name in os.listdir(folder)) if os.path.isdir(folder) else []


@case("a cache holds the goal's closure and what evaluation read, and not the source")
def _(box):
    _, cache, _ = pushed(box)
    box.check(store_of(cache) == ["use"], str(store_of(cache)))
    kept = sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(cache) for name in names)
    box.check(kept < 20000, f"{kept} bytes")


@case("an empty store with the lock and such a cache: no request to any source, no program, nothing unpacked")
def _(box):
    _, _, server = pushed(box)
    box.check(account(box) == (0, 0, 0), "nothing was asked")
    box.check(box.read("result") == RESULT and server.count() == 0, server.log())
    box.check(store_of(box.root) == ["use"], str(store_of(box.root)))
    box.cab("store", "verify")


@case("without the lock too, the island is asked once, and all else comes from the cache")
def _(box):
    _, _, server = pushed(box)
    os.unlink(box.path("default.cab.lock"))
    box.cab("build")
    box.check(server.count() == 1, f"stopped at its first line:\n{server.log()}")
    box.check(box.read("result") == RESULT and store_of(box.root) == ["use"], str(store_of(box.root)))


@case("an update with an empty store and such a cache: one request, stopped at its first line, no object")
def _(box):
    _, _, server = pushed(box)
    before = box.read("default.cab.lock")
    said = box.cab("build", "--update").err
    box.check(server.count() == 1 and "nothing new" in said, server.log())
    box.check(store_of(box.root) == ["use"] and box.read("default.cab.lock") == before, str(store_of(box.root)))


@case("a cache that is another store: an island is asked once, stopped at its first line, and its object taken from there")
def _(box):
    folder, server = served(box)
    box.cab("island", "fetch", "<github:o/r>")
    cache = os.path.join(box.top, "cache")
    os.rename(box.root, cache)
    use_cache(box, cache)
    server.forget()
    box.cab("island", "fetch", "<github:o/r>")
    box.check(server.count() == 1, server.log())
    box.check(tree_of(box.object("r")) == git_tree_of(folder), "the tree is what git stores")
    box.cab("store", "verify")


@case("a changed consumer fetches the source once, by its pin, for the cache has it not")
def _(box):
    _, _, server = pushed(box)
    box.write("default.cab", READS.replace("echo", "printf '%s\\\\n'"))
    before = box.read("default.cab.lock")
    box.cab("build")
    box.check(box.read("result") == RESULT and 1 <= server.count() <= 2, server.log())
    box.check(box.read("default.cab.lock") == before, "the lock is what it was")


@case("a cache that nobody trusts is refused with a sentence")
def _(box):
    box.configure(caches=f'[{{ url = "file://{box.top}/cache" }}]')
    box.write("default.cab", READS)
    box.fails("build", says="trusted")


@case("a cache that is not there is one that has nothing")
def _(box):
    _, server = served(box)
    use_cache(box, os.path.join(box.top, "nowhere"))
    box.write("default.cab", READS)
    box.cab("build")
    box.check(server.count() == 2 and not os.path.exists(os.path.join(box.top, "nowhere")), server.log())


@case("of two caches the first hostile, the second is taken")
def _(box):
    _, cache, server = pushed(box)
    hostile = os.path.join(box.top, "hostile")
    shutil.copytree(cache, hostile, symlinks=True)
    for folder, _, names in os.walk(hostile):
        for name in names:
            if "/blobs" in folder or "/store" in folder or "/nodes" in folder:
                path = os.path.join(folder, name)
                os.chmod(folder, 0o755)
                os.chmod(path, 0o644)
                with open(path, "r+b") as file:
                    file.write(b"spoilt")
    box.configure(caches=f'[{{ url = "file://{hostile}", trusted = true }}, {{ url = "file://{cache}", trusted = true }}]')
    box.cab("build")
    box.check(box.read("result") == RESULT and server.count() == 0, server.log())
    box.cab("store", "verify")


@case("a cache is pushed to again without harm, and by another goal")
def _(box):
    _, cache, server = pushed(box)
    box.cab("build")
    box.cab("cache", "push", f"file://{cache}")
    box.write("default.cab", READS.replace('"use"', '"other"'))
    box.cab("build")
    box.cab("cache", "push", f"file://{cache}")
    box.check(store_of(cache) == ["other", "use"], str(store_of(cache)))
    forget(box)
    server.forget()
    box.check(account(box) == (0, 0, 0) and server.count() == 0, server.log())


def other(box, *arguments, program=OTHER):
    """The same cab, but for its island.wasm, which has one custom section more."""
    own, box.program = box.program, program
    try:
        return box.cab(*arguments)
    finally:
        box.program = own


@case("another island.wasm is another program, and yet nothing is fetched again")
def _(box):
    _, server = served(box)
    box.write("default.cab", READS)
    box.cab("build")
    before = (box.objects(), box.read("default.cab.lock"))
    ours = box.cab("show", "--derivation", "<github:o/r>").out
    box.check(other(box, "show", "--derivation", "<github:o/r>").out != ours, "its digest is another")
    server.forget()
    said = other(box, "build", "--account").out
    box.check(server.count() == 0 and "0 programs run" in said, f"{said}\n{server.log()}")
    box.check((box.objects(), box.read("default.cab.lock")) == before, "nothing was written")


@case("another island.wasm updates with one request, by what the lock says")
def _(box):
    _, server = served(box)
    box.write("default.cab", READS)
    box.cab("build")
    before = (box.objects(), box.read("default.cab.lock"))
    server.forget()
    other(box, "build", "--update")
    box.check(server.count() == 1, server.log())
    box.check((box.objects(), box.read("default.cab.lock")) == before, "nothing was written")


@case("another island.wasm takes all from a cache that the first one filled")
def _(box):
    _, _, server = pushed(box)
    other(box, "build")
    box.check(server.count() == 0 and box.read("result") == RESULT, server.log())
    box.check(store_of(box.root) == ["use"], str(store_of(box.root)))


@case("what another island.wasm claims is not believed: without a lock it fetches for itself")
def _(box):
    folder, server = served(box)
    box.cab("island", "fetch", "<github:o/r>")
    server.forget()
    other(box, "island", "fetch", "<github:o/r>")
    box.check(server.count() == 2, server.log())
    commit(folder, {"name": "moved"})
    other(box, "island", "fetch", "<github:o/r>")


@case("a cab that lists an earlier island.wasm believes in what that one reported")
def _(box):
    folder, server = served(box)
    box.write("default.cab", shell("use", "cat \\(<github:o/r>)/big > $out"))
    box.cab("build")
    others = other(box, "check", "--lock").out
    heirs = other(box, "check", "--lock", program=HEIR).out
    box.check("1 entry: 0 proved, 1 unproved" in others, others)
    box.check("1 entry: 1 proved, 0 unproved" in heirs and "by a run of this store's" in heirs, heirs)
    server.forget()
    other(box, "island", "fetch", "<github:o/r>", program=HEIR)
    box.check(server.count() == 1, f"the listing's identity is known:\n{server.log()}")
    commit(folder, {"name": "moved"})
    other(box, "island", "fetch", "<github:o/r>", program=HEIR)
    box.check(server.count() > 2, f"and what is new is fetched:\n{server.log()}")


main()
