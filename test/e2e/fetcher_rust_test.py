#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""The example of a fetcher in Rust: built by cab with the distribution's rustc and its source of core, which takes a while."""
import hashlib
import json
import os
import shutil

from harness import HERE, Skip, case, main, state

EXAMPLE = os.path.join(HERE, "..", "..", "examples", "fetcher-rust")


def serve(box, where, files):
    for name, text in files.items():
        path = os.path.join(box.top, where, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return box.serve(os.path.join(box.top, where))


@case("the example in Rust: a list of sums is the early identity, believed wherever the files came from")
def _(box):
    if not os.path.exists("/usr/lib/rustlib/src/rust/library/core/src/lib.rs"):
        raise Skip("there is no source of Rust's core here")
    sums = {"greeting": "hello\n", "more": "and more\n"}
    listed = "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sums.items())
    files = {f"release/{name}": text for name, text in sums.items()}
    server = serve(box, "one", {**files, "release/SHA256SUMS": listed})
    for file in os.listdir(EXAMPLE):
        shutil.copy(os.path.join(EXAMPLE, file), box.path(file))
    box.configure(network_allow='["127.0.0.1"]')
    box.cab("build", "--input", f'server="{server.url}"', timeout=580)
    box.check(box.read("result") == "hello\nand more\n", box.read("result"))
    said = json.loads(box.read("default.cab.lock"))["sums:release"]["identities"]
    box.check(said[0].startswith("sha256.sums1 ") and said[1].startswith("cab d") and server.count() == 3, str(said))
    before = state(box)
    other = serve(box, "other", {"release/SHA256SUMS": "".join(reversed(listed.splitlines(True)))})
    said = box.cab("build", "--update", "--input", f'server="{other.url}"').err
    box.check(other.count() == 1 and state(box)[1:] == before[1:] and "nothing new" in said, said + other.log())
    tried = box.cab("island", "conform", box.object("sums.wasm"), box.path("conform.cab")).out.splitlines()
    box.check(len(tried) == 15 and all(line.startswith("pass  ") for line in tried), str(tried))


main()
