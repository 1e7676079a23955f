#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Archives of every kind that is known: the same tree, in one object, as GNU tar makes of the tar file."""
import os
import subprocess

from harness import case, main, shell, tree_of

PACKERS = {"tar": "cat", "tar.gz": "gzip", "tar.xz": "xz -T1 -C sha256", "tar.zst": "zstd -q -19", "tar.bz2": "bzip2"}


def sh(line, folder):
    subprocess.run(["sh", "-c", line], check=True, cwd=folder)


def archives(box):
    """One tree, in each kind of archive, behind a web server. Gives its URL and the tree that GNU tar unpacks."""
    top = os.path.join(box.top, "sources")
    os.makedirs(os.path.join(top, "thing-1", "src"))
    sh("seq 1 20000 >thing-1/numbers; head -c 300000 /dev/zero >thing-1/src/zeros; printf '#!/bin/sh\\n' >thing-1/run; "
       "chmod 755 thing-1/run; ln -s ../run thing-1/src/link; : >thing-1/empty; mkdir thing-1/nothing web there", top)
    for ending, packer in PACKERS.items():
        sh(f"tar c thing-1 | {packer} >web/thing.{ending}", top)
    sh("head -c 4000 web/thing.tar.xz >web/cut.tar.xz", top)
    sh("tar x --strip-components=1 -C there <web/thing.tar", top)
    box.configure(network_allow='["127.0.0.1"]')
    return box.serve(os.path.join(top, "web")).url, tree_of(os.path.join(top, "there"))


@case("each kind of archive is unpacked, and all are one object")
def _(box):
    url, expected = archives(box)
    for ending in PACKERS:
        box.write("default.cab", shell("use", f": {ending}; cp -r \\(<{url}/thing.{ending}>) $out"))
        box.cab("build")
        box.check(tree_of(box.path("result")) == expected, f"{ending}: {tree_of(box.path('result')).keys()}")
    box.object("thing")


@case("an archive is known by its content, whatever its name says")
def _(box):
    url, expected = archives(box)
    web = os.path.join(box.top, "sources", "web")
    os.rename(os.path.join(web, "thing.tar.zst"), os.path.join(web, "download"))
    box.write("default.cab", shell("use", f"cp -r \\(<{url}/download>) $out"))
    box.cab("build")
    box.check(tree_of(box.path("result")) == expected, "the tree of the tar file")


@case("an archive that is cut off, or of a kind that is not known, is one clear error")
def _(box):
    url, _ = archives(box)
    with open(os.path.join(box.top, "sources", "web", "thing.rar"), "wb") as file:
        file.write(b"Rar!\x1a\x07\x01\x00" + bytes(600))
    for name, says in (("cut.tar.xz", "xz: cut off"), ("thing.rar", "no archive")):
        box.write("default.cab", shell("use", f"cp -r \\(<{url}/{name}>) $out"))
        box.fails("build", says=says)
        box.check(not box.exists("default.cab.lock") and not box.exists("result"), name)


main()
