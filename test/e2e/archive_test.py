#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Archives of every kind that is known: the same tree, in one object, as GNU tar makes of the tar file."""
import os
import subprocess

import copy
import io
import warnings
import zipfile

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
    sh("zip -qry web/thing.zip thing-1", top)
    sh("head -c 4000 web/thing.tar.xz >web/cut.tar.xz; head -c 4000 web/thing.zip >web/cut.zip", top)
    sh("tar x --strip-components=1 -C there <web/thing.tar", top)
    box.configure(network_allow='["127.0.0.1"]')
    return box.serve(os.path.join(top, "web")).url, tree_of(os.path.join(top, "there"))


@case("each kind of archive is unpacked, and all are one object")
def _(box):
    url, expected = archives(box)
    for ending in (*PACKERS, "zip"):
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
    for name, says in (("cut.tar.xz", "xz: cut off"), ("cut.zip", "zip: no end record at the end"),
                       ("thing.rar", "no archive")):
        box.write("default.cab", shell("use", f"cp -r \\(<{url}/{name}>) $out"))
        box.fails("build", says=says)
        box.check(not box.exists("default.cab.lock") and not box.exists("result"), name)


def entry(name, mode=0o100644, **fields):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def zipped(*entries, spoil=lambda archive: None):
    """A zip of (entry or name, content), whose directory `spoil` may change before it is written."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")
        for what, content in entries:
            archive.writestr(what if isinstance(what, zipfile.ZipInfo) else entry(what), content)
        spoil(archive)
    return out.getvalue()


def directory(**fields):
    """Changes the directory's record of the first entry."""
    def spoil(archive):
        for key, value in fields.items():
            setattr(archive.filelist[0], key, value)
    return spoil


def overlap(archive):
    """A second record for the first entry's bytes."""
    twin = copy.copy(archive.filelist[0])
    twin.filename = "t/twin"
    archive.filelist.append(twin)


PLAIN = zipped(("t/a", b"hello" * 100))
DIFFERS = "an entry differs from the directory"
CLEAN = "a path leads elsewhere, or is no clean path"
KIND = "an entry is no file, link, folder or submodule"
END = "the directory and its end record differ"
HOSTILE = (
    ("Z1: a name that the local header has not", PLAIN.replace(b"t/a", b"t/b", 1), DIFFERS),
    ("Z1: a size that the local header has not", zipped(("t/a", b"x" * 9), spoil=directory(file_size=8)), DIFFERS),
    ("Z1: a method that the local header has not", zipped(("t/a", b"x" * 9), spoil=directory(compress_type=0)),
     "an entry has two sizes"),
    ("Z1: flags that the local header has not", zipped(("t/a", b"x"), spoil=directory(flag_bits=1 << 11)), DIFFERS),
    ("Z2: two records for the same bytes", zipped(("t/a", bytes(1000000)), spoil=overlap), "entries overlap"),
    ("Z2: bytes between two entries", PLAIN[:PLAIN.index(b"PK\1\2")] + b"hidden" + PLAIN[PLAIN.index(b"PK\1\2"):], END),
    ("Z3: bytes before the archive", b"PK\3\4 or so" + PLAIN, END),
    ("Z3: bytes behind it", PLAIN + b"more", "no end record at the end"),
    ("Z3: two end records", PLAIN[:-2] + b"\x16\0" + zipped(), "there are two end records"),
    ("Z3: a comment with the mark of an end record", PLAIN[:-2] + b"\5\0PK\5\6.", "there are two end records"),
    ("Z4: one name twice", zipped(("t/a", b"1"), ("t/a", b"2")), "two entries of one name"),
    ("Z4: a backslash in a name", zipped(("t\\..\\a", b"1")), CLEAN),
    ("Z4: a drive's letter", zipped(("C:/a", b"1")), CLEAN),
    ("Z4: an absolute name", zipped(("/tmp/cab-canary", b"1")), CLEAN),
    ("Z4: a name that climbs", zipped(("t/../../canary", b"1")), CLEAN),
    ("Z5: a file beneath a link that points outward", zipped((entry("t/l", 0o120777), b"/tmp"), ("t/l/cab-canary", b"1")),
     "a path lies beneath what is no folder"),
    ("Z5: a device", zipped((entry("t/a", 0o020644), b"")), KIND),
    ("Z5: a wrong sum", zipped(("t/a", b"x" * 9), spoil=directory(CRC=1)), DIFFERS),
    ("Z5: content that its sums do not fit", zipped((entry("t/a", compress_type=0), b"hello")).replace(b"hello", b"hallo"),
     "the sum of an entry differs"),
    ("Z5: an encrypted entry", zipped(("t/a", b"x"), spoil=directory(flag_bits=1)), "an entry is encrypted"),
    ("Z5: a method that is not read", zipped((entry("t/a", compress_type=12), b"x")), "an entry is packed by another method"),
)


@case("Z1 to Z5: a zip that two readers could take for two things is refused, by a sentence")
def _(box):
    url, _ = archives(box)
    web = os.path.join(box.top, "sources", "web")
    for number, (name, data, says) in enumerate(HOSTILE):
        with open(os.path.join(web, f"{number}.zip"), "wb") as file:
            file.write(data)
        box.write("default.cab", shell("use", f"cp -r \\(<{url}/{number}.zip>) $out"))
        result = box.fails("build", says=f"zip: {says}" if "name" not in says and "folder" not in says else says)
        box.check(not box.exists("result"), f"{name}: {result}")
    box.check(not os.path.lexists("/tmp/cab-canary"), "nothing was written outside")


@case("Z4, Z5: names of a zip that differ in case are two names, and a link is what is written")
def _(box):
    box.configure(network_allow='["127.0.0.1"]')
    folder = os.path.join(box.top, "web")
    os.mkdir(folder)
    with open(os.path.join(folder, "a.zip"), "wb") as file:
        file.write(zipped(("t/README", b"1"), ("t/readme", b"2"), (entry("t/l", 0o120777), b"../../outside")))
    url = box.serve(folder).url
    box.write("default.cab", shell("use", f"cp -r \\(<{url}/a.zip>) $out"))
    box.cab("build")
    expected = {b"README": ("f", b"1"), b"readme": ("f", b"2"), b"l": ("l", b"../../outside")}
    box.check(tree_of(box.path("result")) == expected, f"{tree_of(box.path('result'))}")


main()
