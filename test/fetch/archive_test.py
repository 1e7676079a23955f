#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""archive_test.py NATIVE_RUN: archives of every kind, unpacked by the fetcher's C run natively, and by GNU tar,
bsdtar and unzip: the same tree each time, or a refusal."""
import filecmp
import hashlib
import http.server
import os
import pathlib
import random
import shutil
import stat
import subprocess
import sys
import tempfile
import threading

from points import run_all, test

RUN = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp(prefix="archive-test-"))
FILES = ROOT / "files"
PACKERS = {"tar": "cat", "tar.gz": "gzip -9", "tar.xz": "xz -T1 -6", "tar.zst": "zstd -q -19", "tar.bz2": "bzip2 -9"}


def shell(line, **more):
    return subprocess.run(["sh", "-c", line], check=True, cwd=ROOT, stdout=subprocess.PIPE, **more).stdout


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            file = (FILES / self.path[1:]).open("rb")
        except OSError:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
        self.end_headers()
        with file:
            shutil.copyfileobj(file, self.wfile)

    def log_message(self, *words):
        pass


def fetch(name, *arguments):
    folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
    (folder / "hash").write_bytes(b"")
    with tempfile.TemporaryFile() as log:
        run = os.posix_spawn(RUN, [RUN, folder, "http", f"//127.0.0.1:{SERVER.server_port}/{name}", *arguments], {},
                             file_actions=[(os.POSIX_SPAWN_DUP2, log.fileno(), 2)])
        _, status, usage = os.wait4(run, 0)
        log.seek(0)
        said = log.read().decode(errors="replace")
    assert usage.ru_maxrss < 256 << 10, f"{name}: {usage.ru_maxrss} KiB of memory"
    identities = dict(line.split(" ") for line in (folder / "hash").read_text().splitlines())
    return folder / "out", os.waitstatus_to_exitcode(status), said, identities


def fetched(name, *arguments):
    out, status, log, identities = fetch(name, *arguments)
    assert status == 0, f"{name}: {log}"
    return out, identities


def refused(name, sentence, *arguments):
    out, status, log, identities = fetch(name, *arguments)
    assert status == 1 and sentence in log and "cab" not in identities, f"{name}: exit {status}: {log}"
    assert not os.path.lexists(out), name


def tree_of(folder):
    """{path: (kind, content)}, folders included; names as bytes."""
    found = {}
    top = os.fsencode(folder)
    for place, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(place, name)
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                value = ("link", os.readlink(path))
            elif stat.S_ISDIR(status.st_mode):
                value = ("folder", b"")
            else:
                with open(path, "rb") as file:
                    value = ("program" if status.st_mode & 0o100 else "file", file.read())
            found[os.path.relpath(path, top)] = value
    return found


def unpacked_by(command, name):
    """By another tool, in a folder of its own."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
    subprocess.run(["sh", "-c", command, "sh", FILES / name], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    return tree_of(folder)


def sources_make():
    """A tree of texts, programs, links, noise, empty things, and a name that is not UTF-8."""
    chance = random.Random(4)
    top = ROOT / "sources" / "thing-2.0"
    words = ["return ", "struct ", "size_t ", "if (", "else ", "{\n", "}\n", "0x7f, ", "value;\n", "error"]
    for number in range(60):
        folder = top / f"folder-{number % 7}" / ("deep" if number % 3 else "")
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(chance.choice(words) for _ in range(chance.randrange(9000)))
        path = folder / f"file-{number}.c"
        path.write_text(text)
        path.chmod(0o755 if number % 11 == 0 else 0o644)
    (top / "noise").write_bytes(chance.randbytes(400000))
    (top / "zeros").write_bytes(bytes(1500000))
    (top / "empty").write_bytes(b"")
    (top / "nothing").mkdir()
    os.symlink("noise", top / "link")
    os.symlink("../folder-1", top / "folder-2" / "over")
    (top / ("n" * 120)).write_text("a long name")
    with open(os.fsencode(top) + b"/gr\xfc\xdf \xff", "wb") as file:
        file.write(b"latin")


def packed(name, packer, source="thing-2.0", options=""):
    shell(f"tar c {options} -C sources {source} | {packer} >files/{name}")
    return name


@test
def every_packing_of_a_tar_gives_one_tree_and_one_hash():
    expected = tree_of(ROOT / "sources/thing-2.0")
    hashes = set()
    for ending, packer in PACKERS.items():
        # The name says nothing.
        name = packed(f"a-{len(hashes)}-{ending.replace('.', '-')}", packer)
        out, identities = fetched(name)
        assert tree_of(out) == expected, name
        assert identities["sha256.tar1"] == hashlib.sha256((FILES / name).read_bytes()).hexdigest()
        assert unpacked_by('tar xf "$1" --strip-components=1', name) == expected
        assert unpacked_by('bsdtar xf "$1" --strip-components=1', name) == expected
        hashes.add(identities["cab"])
    assert len(hashes) == 1, hashes


@test
def settings_of_the_packers_make_no_difference():
    expected = tree_of(ROOT / "sources/thing-2.0")
    for number, packer in enumerate((
            "xz -T1 -0", "xz -T1 -9", "xz -T2 --block-size=100000", "xz -T1 -1 -C sha256", "xz -T1 -1 -C none",
            "xz -T1 -1 -C crc32", "xz --lzma2=preset=1,dict=4KiB,lc=0,lp=3,pb=1",
            "zstd -q -1", "zstd -q --ultra -22", "zstd -q -3 --long=27", "zstd -q -3 --no-check", "zstd -q --fast=9",
            "zstd -q -3 --zstd=wlog=10", "bzip2 -1")):
        out, _ = fetched(packed(f"s-{number}", packer))
        assert tree_of(out) == expected, packer


@test
def T8_members_in_a_row_are_one_archive():
    expected = tree_of(ROOT / "sources/thing-2.0")
    for number, packer in enumerate(("zstd -q -5", "xz -1 -C sha256", "bzip2 -2", "gzip -1")):
        out, _ = fetched(packed(f"m-{number}", f"split -b 300000 --filter='{packer}'"))
        assert tree_of(out) == expected, packer


@test
def small_and_empty_archives_are_read():
    (ROOT / "sources/little").mkdir()
    (ROOT / "sources/little/f").write_text("x")
    expected = {b"f": ("file", b"x")}
    for ending, packer in PACKERS.items():
        out, _ = fetched(packed("little." + ending, packer, "little"))
        assert tree_of(out) == expected, ending


PYTHON_ZIP = """
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", int(sys.argv[2])) as archive:
    for folder, folders, files in os.walk("thing-3"):
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                archive.write(path)
"""


@test
def z6_a_zip_by_any_writer_is_the_tree_that_others_unpack():
    # The name that is not UTF-8 is what each writer and reader has its own view of.
    shell("cp -a sources/thing-2.0 sources/thing-3 && rm sources/thing-3/gr*")
    expected = tree_of(ROOT / "sources/thing-3")
    hashes = set()
    for number, writer in enumerate((
            "zip -qry", "zip -qry -0", "zip -qry -9 -X", "zip -qry -fz",
            "bsdtar --format zip -cf $1 thing-3; :", "bsdtar --format zip --options zip:compression=store -cf $1 thing-3; :")):
        name = f"z-{number}.zip"
        shell(f"cd sources && set -- ../files/{name} && {writer} $1 thing-3")
        out, identities = fetched(name)
        assert tree_of(out) == expected, writer
        assert unpacked_by('unzip -q "$1" && mv thing-3/* . && rmdir thing-3', name) == expected, writer
        assert unpacked_by('bsdtar xf "$1" --strip-components=1', name) == expected, writer
        hashes.add(identities["cab"])
    assert len(hashes) == 1, hashes
    for method in (0, 8):
        name = f"python-{method}.zip"
        shell(f"cd sources && python3 -c '{PYTHON_ZIP}' ../files/{name} {method}")
        out, _ = fetched(name)
        assert tree_of(out) == unpacked_by('unzip -q "$1" && mv thing-3/* . && rmdir thing-3', name)
        assert tree_of(out) == unpacked_by('bsdtar xf "$1" --strip-components=1', name)
    # To a pipe, with descriptors behind the data; zip writes no links so.
    shell("cd sources && zip -qr - thing-3/folder-1 | cat >../files/pipe.zip")
    assert tree_of(fetched("pipe.zip")[0]) == unpacked_by('unzip -q "$1" && mv thing-3/* . && rmdir thing-3', "pipe.zip")
    # Put together from others, and with one taken away.
    shell("cd sources && zip -qry ../files/u.zip thing-3/folder-1 && zip -qry ../files/u.zip thing-3/folder-2 thing-3/noise"
          "&& zip -qd ../files/u.zip thing-3/noise")
    assert tree_of(fetched("u.zip")[0]) == unpacked_by('unzip -q "$1" && mv thing-3/* . && rmdir thing-3', "u.zip")
    (FILES / "nothing.zip").write_bytes(b"PK\5\6" + bytes(18))
    assert tree_of(fetched("nothing.zip")[0]) == {}
    out, _ = fetched("z-0.zip", "strip=0", "subpath=thing-3/folder-1")
    assert tree_of(out) == tree_of(ROOT / "sources/thing-3/folder-1")


@test
def T8_damage_is_refused_wherever_it_is():
    chance = random.Random(8)
    whole = {}
    for ending, packer in PACKERS.items():
        if ending != "tar":
            whole[packed("d." + ending, packer, "thing-2.0/folder-1")] = ending
    shell("cd sources && zip -qry ../files/d.zip thing-2.0/folder-1")
    whole["d.zip"] = "zip"
    for name in whole:
        data = (FILES / name).read_bytes()
        expected = tree_of(fetched(name)[0])
        for number in range(12):
            broken = bytearray(data)
            if number < 4:
                broken = broken[:chance.randrange(600, len(data))]
            elif number < 6:
                broken += bytes(1 + chance.randrange(600)) if number == 4 else b"garbage"
            else:
                broken[chance.randrange(600, len(data))] ^= 1 << chance.randrange(8)
            (FILES / "broken").write_bytes(broken)
            out, status, log, identities = fetch("broken")
            # xz allows zeros behind its end, four at a time.
            # Modes in a zip's directory have no sum.
            contents = {path: value[1] for path, value in tree_of(out).items()} if name == "d.zip" and not status else None
            assert status == 1 and "cab" not in identities or tree_of(out) == expected or \
                contents == {path: value[1] for path, value in expected.items()}, (name, number, log)


@test
def T8_bombs_end_at_a_ceiling():
    shell("head -c 300000000 /dev/zero | zstd -q -19 >files/b.zst; head -c 300000000 /dev/zero | xz -T1 -1 >files/b.xz;"
          "head -c 300000000 /dev/zero | bzip2 >files/b.bz2")
    # Zeros alone are an empty tar, and its end.
    for ending in ("zst", "xz", "bz2"):
        refused("b." + ending, "larger than any archive")
    # A window of 2 GiB, in a frame's head.
    (FILES / "w.zst").write_bytes(b"\x28\xb5\x2f\xfd\x00\xa8" + bytes(600))
    refused("w.zst", "a window of more than 128 MiB")
    shell("tar c -C sources little | xz -T1 --lzma2=preset=1,dict=256MiB >files/w.xz")
    refused("w.xz", "a dictionary of more than 128 MiB")


@test
def T8_a_window_of_128_mib_takes_less_than_256_mib():
    """150 MiB go through it; `fetch` looks at what lay in memory, where a child has at first what this process holds: little."""
    source = ROOT / "sources" / "wide" / "a"
    source.parent.mkdir()
    with source.open("wb") as file:
        for _ in range(150):
            file.write(random.Random(9).randbytes(1 << 20))
    for name, packer in (("wide.zst", "zstd -q -1 --long=27"), ("wide.xz", "xz -T1 --lzma2=preset=0,dict=128MiB")):
        out, _ = fetched(packed(name, packer, "wide"))
        assert filecmp.cmp(out / "a", source, shallow=False), name
        shutil.rmtree(out)
    shutil.rmtree(source.parent)


@test
def what_is_not_read_is_refused_by_name():
    shell("tar c -C sources thing-2.0 | xz -T1 --x86 --lzma2=preset=1 >files/x86.xz")
    refused("x86.xz", "a filter other than LZMA2 alone")
    (FILES / "page").write_bytes(b"<html>log in</html>" * 100)
    refused("page", "no archive")
    (FILES / "7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(600))
    refused("7z", "no archive")


FILES.mkdir()
sources_make()
SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=SERVER.serve_forever, daemon=True).start()
run_all(ROOT)
