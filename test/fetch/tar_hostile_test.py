#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""tar_hostile_test.py NATIVE_RUN: archives that no packer makes, unpacked by the fetcher's C run natively: the rows T1 to T9 of
what must be survived, each by its name. Nothing is written outside of the run's folder, and nothing is called the output."""
import gzip
import http.server
import io
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import threading

from points import run_all, test

RUN = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp(prefix="tar-hostile-"))
ARCHIVES = {}
FILE, HARD, LINK, CHARACTERS, BLOCKS, FOLDER, FIFO = b"0", b"1", b"2", b"3", b"4", b"5", b"6"


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = ARCHIVES[self.path[1:]]
        self.send_response(200)
        with data.open("rb") if isinstance(data, pathlib.Path) else io.BytesIO(data) as file:
            self.answer(file)

    def answer(self, file):
        self.send_header("Content-Length", str(file.seek(0, os.SEEK_END)))
        self.end_headers()
        file.seek(0)
        try:
            shutil.copyfileobj(file, self.wfile)
        except OSError:  # it had enough
            pass

    def log_message(self, *words):
        pass


def header(name, kind=FILE, size=0, mode=b"0000644", target=b"", **more):
    """A header as ustar has it; `size` may be its twelve bytes."""
    size = size if isinstance(size, bytes) else b"%011o\0" % size
    block = bytearray(512)
    for at, part in ((0, name), (100, mode), (108, b"0000000"), (116, b"0000000"), (124, size), (136, b"%011o" % 1),
                     (148, b" " * 8), (156, kind), (157, target), (257, b"ustar\0" b"00")):
        block[at:at + len(part)] = part
    block[148:156] = b"%06o\0 " % sum(block)
    if more.get("sum"):
        block[148:156] = more["sum"]
    assert len(block) == 512, name
    return bytes(block)


def body(data):
    return data + bytes(-len(data) % 512)


def file(name, data=b"x", **more):
    return header(name, size=len(data), **more) + body(data)


def pax(*records, kind=b"x"):
    return header(b"pax", kind, sum(map(len, records))) + body(b"".join(records))


def record(text):
    """"SIZE KEY=VALUE\n", which counts its own digits."""
    size = len(text) + 2
    while len(b"%d %s\n" % (size, text)) != size:
        size += 1
    return b"%d %s\n" % (size, text)


END = bytes(1024)


def run(data, *arguments, memory=256 << 10):
    folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT)) / "work"
    folder.mkdir()
    (folder / "hash").write_bytes(b"")
    (folder.parent / "canary").write_bytes(b"untouched")
    ARCHIVES[folder.parent.name] = data
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = subprocess.run([RUN, folder, "http", f"//127.0.0.1:{SERVER.server_port}/{folder.parent.name}", *arguments],
                          env={}, stderr=subprocess.PIPE, timeout=300, check=False)
    del ARCHIVES[folder.parent.name]
    identities = [line.split(" ")[0] for line in (folder / "hash").read_text().splitlines()]
    log = done.stderr.decode(errors="replace")
    assert (folder.parent / "canary").read_bytes() == b"untouched", log
    assert sorted(os.listdir(folder.parent)) == ["canary", "work"], log
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, memory), "memory"
    return folder / "out", done.returncode, log, identities


def refused(data, sentence, *arguments, **more):
    out, status, log, identities = run(data, *arguments, **more)
    assert status == 1 and sentence in log, f"exit {status}: {log}"
    assert "cab" not in identities and not os.path.lexists(out), log


def taken(data, *arguments):
    out, status, log, identities = run(data, *arguments)
    assert status == 0 and identities[-1] == "cab", f"exit {status}: {log}"
    return out


CLEAN = "a path leads elsewhere, or is no clean path"
NOT_TWICE = "two entries of one name"
NO_ENTRY = "an entry is no file, link, folder or submodule"
PAX = "attributes (pax) that cannot be followed"
SIZE = "a size that no entry may have"


@test
def T1_a_name_that_leads_elsewhere_is_refused_in_each_of_its_spellings():
    for name in (b"/tmp/canary", b"../canary", b"t/../../canary", b"..", b"t//f", b"t/./f", b"", b"t/f/", b"/"):
        refused(file(b"t/first") + file(name) + END, CLEAN)
        refused(file(b"t/first") + pax(record(b"path=" + name)) + file(b"t/f") + END, CLEAN if name else PAX)
        long = header(b"././@LongLink", b"L", len(name) + 1) + body(name + b"\0")
        refused(file(b"t/first") + long + file(b"t/f") + END, CLEAN)


@test
def T2_nothing_is_written_through_a_symlink():
    below = "a path lies beneath what is no folder"
    up = header(b"t/x", LINK, target=b"..")
    refused(file(b"t/first") + up + file(b"t/x/canary") + END, below)
    refused(file(b"t/first") + header(b"t/x", LINK, target=b"/tmp") + file(b"t/x/canary") + END, below)
    refused(file(b"t/first") + header(b"t/x", LINK, target=b"../../canary") + file(b"t/x") + END, NOT_TWICE)
    refused(up + header(b"t/y", LINK, target=b"x/..") + header(b"t/z", HARD, target=b"t/y/canary") + END, "")
    refused(up + header(b"t/x/d", FOLDER) + END, below)
    # A link that leads out is data: nobody follows it here.
    assert os.readlink(taken(file(b"t/first") + header(b"t/x", LINK, target=b"../../../canary") + END) / "x") == \
        "../../../canary"


@test
def T3_a_hard_link_names_a_file_of_the_archive_that_was_before_it():
    for target, sentence in ((b"/etc/passwd", CLEAN), (b"../canary", CLEAN), (b"t/later", ""), (b"t/link", ""),
                             (b"t/folder", ""), (b"t/link/f", ""), (b"", "")):
        refused(file(b"t/first") + header(b"t/link", LINK, target=b"first") + header(b"t/folder", FOLDER) +
                header(b"t/hard", HARD, target=target) + file(b"t/later") + END, sentence)
    out = taken(file(b"t/first", b"one") + header(b"t/hard", HARD, target=b"t/first") + END)
    assert (out / "hard").read_bytes() == b"one" and (out / "hard").stat().st_nlink == 1


@test
def T4_devices_are_refused_and_mode_bits_are_reduced_to_the_executable_one():
    for kind in (CHARACTERS, BLOCKS, FIFO, b"7", b"s", b"D", b"M", b"V"):
        data = file(b"t/first") + header(b"t/x", kind) + END
        if kind == b"7":  # POSIX: a file, where contiguous ones mean nothing
            out, status, _, _ = run(data)
            assert status == 1 or (out / "x").is_file()
        else:
            refused(data, NO_ENTRY)
    for mode, executable in ((b"0004755", True), (b"0002755", True), (b"0001644", False), (b"0007666", False)):
        found = (taken(file(b"t/first") + file(b"t/x", mode=mode) + END) / "x").stat().st_mode
        assert found & 0o7000 == 0 and bool(found & 0o100) == executable, oct(found)


@test
def T5_attributes_that_contradict_the_header_or_hide_an_archive_are_refused():
    nested = file(b"t/evil", b"hidden")
    # The header says none, the attribute all of the nested archive: one reader sees `evil`, another does not.
    refused(pax(record(b"size=%d" % len(nested))) + header(b"t/f") + nested + END, SIZE)
    refused(pax(record(b"size=0")) + header(b"t/f", size=len(nested)) + nested + END, SIZE)
    refused(pax(record(b"size=%d" % (8 << 60))) + file(b"t/f") + END, "")
    for broken in (b"99 path=x\n", b"3 =\n", b"garbage", b"0 path=x\n", b"11 path=x", b"-1 path=x\n", b"011 path=xy\n",
                   b"12 path=x\n", b"9999999999999999999999 path=x\n", b"10 size=1\n10 size=1\n"):
        refused(pax(broken) + file(b"t/f") + END, PAX)
    refused(pax(record(b"path=t/x"), record(b"path=t/y")) + file(b"t/f") + END, PAX)
    refused(pax(record(b"path=t/x"), kind=b"g") + file(b"t/f") + END, PAX)
    refused(pax(record(b"path=t/x\0y")) + file(b"t/f") + END, "")
    refused(pax(record(b"path=t/x")) + END, "attributes of no entry")
    refused(pax(record(b"path=t/x")) + pax(record(b"path=t/y")) + file(b"t/f") + END, "")
    assert (taken(pax(record(b"size=1")) + file(b"t/f") + file(b"t/g") + END) / "f").read_bytes() == b"x"


@test
def T6_sizes_and_long_names_have_ceilings():
    for kind in (b"L", b"K"):
        for size in (1 << 30, (1 << 33) - 1, 1 << 20):
            refused(file(b"t/first") + header(b"././@LongLink", kind, size) + bytes(8192), "")
    refused(header(b"pax", b"x", 1 << 30) + bytes(4096), PAX)
    for size in (b"\xff" * 12, b"\xff" + b"\0" * 11, b"\x80" + b"\xff" * 11, b"\x80\1" + b"\0" * 10, b"77777777777\0",
                 b"-0000000001\0", b"0x000000001\0", b"8\0" + bytes(10)):
        refused(file(b"t/first") + header(b"t/x", size=size) + bytes(4096), "")
    sparse = (record(b"GNU.sparse.major=1"), record(b"GNU.sparse.minor=0"), record(b"GNU.sparse.realsize=%d" % (1 << 60)))
    refused(pax(*sparse) + file(b"t/f") + END, PAX)
    refused(file(b"t/first") + header(b"t/f", b"S", 512) + bytes(512) + END, NO_ENTRY)
    # Base 256 is fine where the number is.
    assert (taken(file(b"t/f") + header(b"t/g", size=b"\x80" + bytes(10) + b"\1") + body(b"y") + END) / "g").read_bytes() == b"y"


@test
def T7_damage_a_cut_and_what_stands_behind_the_end_are_refused():
    whole = file(b"t/a", b"1" * 700) + file(b"t/b") + END
    for size in (0, 1, 511, 512, 513, 1024, 1400, 1536, 2048, len(whole) - 1, len(whole) - 512, len(whole) - 1024):
        refused(whole[:size], "")
    # The first header's sum is what tells a tar from other kinds.
    refused(file(b"t/a", sum=b"000000\0 ") + END, "what came is no archive")
    refused(file(b"t/a") + file(b"t/b", sum=b"000000\0 ") + END, "its sum differs")
    refused(file(b"t/a") + bytes(512), "cut off")
    refused(file(b"t/a") + bytes(512) + file(b"t/b") + END, "more bytes behind its end")
    for junk, sentence in ((file(b"t/b"), "more bytes behind its end"), (b"x", "cut off"), (bytes(512) + b"x", "cut off"),
                           (b"\0", "cut off")):
        refused(file(b"t/a") + END + junk, sentence)
    for second in (file(b"t/a"), header(b"t/a", FOLDER), header(b"t/a", LINK, target=b"b")):
        for first in (file(b"t/a"), header(b"t/a", LINK, target=b"b")):
            refused(first + second + END, NOT_TWICE)
    refused(header(b"t/a", FOLDER) + file(b"t/a/f") + file(b"t/a") + END, NOT_TWICE)
    refused(gzip.compress(whole) + b"junk", "")


@test
def T8_a_bomb_of_gzip_meets_a_ceiling_and_members_follow_each_other():
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as out:
        for _ in range(300):
            out.write(bytes(1 << 20))
    refused(bomb.getvalue(), "larger than any archive")
    parts = file(b"t/a", b"1" * 700), file(b"t/b"), END
    out = taken(b"".join(gzip.compress(part) for part in parts))
    assert sorted(os.listdir(out)) == ["a", "b"]
    refused(gzip.compress(parts[0]) + b"\0" * 3 + gzip.compress(parts[1] + END), "")


@test
def T9_depth_and_names_have_ceilings():
    deep = b"/".join([b"d"] * 10000) + b"/f"
    refused(file(b"t/first") + pax(record(b"path=t/" + deep)) + file(b"t/f") + END, "")
    refused(b"".join(header(b"/".join([b"d"] * at), FOLDER) for at in range(1, 50)) +
            b"".join(pax(record(b"path=" + b"/".join([b"d"] * at))) + header(b"d", FOLDER) for at in range(50, 140)) + END,
            "folders in each other")
    for size in (256, 4096, 65000, 65536, 1 << 20):
        refused(file(b"t/first") + pax(record(b"path=t/" + b"n" * size)) + file(b"t/f") + END, "")
        refused(file(b"t/first") + header(b"././@LongLink", b"L", size + 3) + body(b"t/" + b"n" * size + b"\0") +
                file(b"t/f") + END, "")
    assert len(os.listdir(taken(file(b"t/first") + pax(record(b"path=t/" + b"n" * 255)) + file(b"t/f") + END))) == 2
    # The count of entries is held where files are made: guest_file_test, T9; and here, whole, for those who ask.


@test
def T9_five_million_entries_are_refused_at_the_ceiling():
    """Two million files on a disk, minutes of it: with CAB_FULL alone. Else five thousand, which are fine."""
    full = "CAB_FULL" in os.environ
    archive = ROOT / "many.tar.gz"
    # By way of a file: a child's memory is at first what this process holds.
    with gzip.open(archive, "wb", compresslevel=1) as file:
        for at in range(5_000_000 if full else 5_000):
            file.write(header(b"t/%03d/%d" % (at // 10_000, at)))
        file.write(END)
    if full:
        refused(archive, "more than 2 million files", memory=512 << 10)  # what each entry is, for the hash
    else:
        assert sum(len(names) for _, _, names in os.walk(taken(archive))) == 5_000


SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=SERVER.serve_forever, daemon=True).start()
run_all(ROOT)
