#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""differential_test.py NATIVE_RUN MANUAL [SEED [COUNT]]: some hundred odd tar archives, unpacked by the fetcher's C, by
GNU tar and by bsdtar: the same tree, or a refusal that the manual explains.

The archives are made byte by byte, from a fixed seed: each is a few entries of one of three dialects (ustar, GNU, v7),
with up to two oddities. One without an oddity must be taken. One that is taken must be the tree that each of the other
two makes of it, where that one makes one; a difference that is meant has a row in DIFFERENT, which says why. One that is
refused is refused with a sentence of REFUSALS, whose words stand in cab-island(7), "REFUSED".

Then a real tree, of this project's files and of what file systems have, as real writers pack it in each of their formats.
"""
import gzip
import http.server
import os
import pathlib
import random
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import threading

RUN, MANUAL = (os.path.abspath(path) for path in sys.argv[1:3])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 20260
COUNT = int(sys.argv[4]) if len(sys.argv) > 4 else 400
ROOT = pathlib.Path(tempfile.mkdtemp(prefix="differential-test-"))
BLOCK = 512

# What the fetcher says, and the manual's words for it.
REFUSALS = {
    "a path leads elsewhere, or is no clean path": "absolute and climbing paths, and files whose name ends in a slash",
    "a path lies beneath what is no folder": "entries beneath a file or link",
    "two entries of one name": "two entries of one name",
    "a hard link to no file before it": "hard links to anything but a file before them",
    "an entry is no file, link, folder or submodule": "entries of any other kind",
    "attributes (pax) that cannot be followed": "pax attributes given twice",
    "attributes of no entry": "attributes of no entry",
    "a size that no entry may have": "sizes of what has no bytes",
    "a mode is no number": "fields that are no number",
    "its sum differs": "headers whose sum differs",
    "more bytes behind its end": "with anything but zeros behind",
    "cut off": "without their two blocks of zeros",
    "no archive": "headers whose sum differs",
    "a symbolic link with no target that can be": "links to nothing",
}


def field(number, size, style="octal"):
    if style == "binary":
        return b"\x80" + number.to_bytes(size - 1, "big")
    if style == "spaces":
        return b"%*o " % (size - 1, number)
    if style == "full":
        return b"%0*o" % (size, number)
    if style == "space and NUL":
        return b"%0*o \0" % (size - 2, number)
    return b"%0*o\0" % (size - 1, number)


def header(name, kind=b"0", size=0, mode=0o644, link=b"", dialect="ustar", prefix=b"", style="octal", sum_of=None):
    magic = {"ustar": b"ustar\x0000", "gnu": b"ustar  \0", "v7": bytes(8)}[dialect]
    assert len(name) <= 100 and len(link) <= 100 and len(prefix) <= 155
    block = bytearray(name.ljust(100, b"\0") + field(mode, 8, style) + field(0, 8, style) * 2 + field(size, 12, style)
                      + field(1_000_000_000, 12, style) + b" " * 8 + kind + link.ljust(100, b"\0") + magic
                      + (b"root".ljust(32, b"\0") * 2 if dialect != "v7" else bytes(64)) + field(0, 8) * 2
                      + prefix.ljust(155, b"\0")).ljust(BLOCK, b"\0")
    block[148:156] = b"%06o\0 " % ((sum(block) if sum_of is None else sum_of(block)) & 0o777777)
    return bytes(block)


def padded(data):
    return data + bytes(-len(data) % BLOCK)


def record(key, value):
    text = key + b"=" + value + b"\n"
    size = len(text) + 3
    while len(b"%d " % size) + len(text) != size:
        size = len(b"%d " % size) + len(text)
    return b"%d " % size + text


def pax(pairs, kind=b"x"):
    body = b"".join(record(key, value) for key, value in pairs)
    return header(b"PaxHeaders/x", kind, len(body)) + padded(body)


def gnu_long(kind, text):
    return header(b"././@LongLink", kind, len(text) + 1, dialect="gnu") + padded(text + b"\0")


class Maker:
    """One archive, in pieces. Each oddity is a method, and gives bytes that stand after the common entries."""

    def __init__(self, chance):
        self.chance = chance
        self.dialect = chance.choice(("ustar", "gnu", "v7"))
        self.files = []
        self.number = 0

    def name(self, size=None, encoding=None):
        self.number += 1
        letters = "abcdefghijklmnopqrstuvwxyz0123456789 _+~\xe9\u4e00"
        text = "".join(self.chance.choice(letters) for _ in range(size or self.chance.randrange(1, 12)))
        encoding = encoding or ("utf-8" if self.chance.random() < 0.8 else "utf-16-be")
        return b"n%d" % self.number + text.strip().encode(encoding).replace(b"\0", b"").replace(b"/", b"")

    def path(self):
        return b"/".join([b"top", *(b"d%d" % self.chance.randrange(3) for _ in range(self.chance.randrange(3))), self.name()])

    def content(self):
        return self.chance.randbytes(self.chance.choice((0, 1, 511, 512, 513, 1500)))

    def file(self, name=None, content=None, **more):
        name = self.path() if name is None else name
        content = self.content() if content is None else content
        # With attributes in front, or a prefix, this name is not the file's.
        if name != b"short" and "prefix" not in more:
            self.files.append(name)
        more.setdefault("dialect", self.dialect)
        more.setdefault("mode", self.chance.choice((0o644, 0o755, 0o600, 0o444, 0o100, 0o7755)))
        more.setdefault("style", self.chance.choice(("octal", "spaces", "space and NUL")))
        kind = more.pop("kind", b"0")
        return header(name, kind, len(content), **more) + padded(content)

    def common(self):
        """Entries that every reader takes."""
        made = []
        for _ in range(self.chance.randrange(1, 5)):
            what = self.chance.randrange(8)
            if what < 4 or not self.files:
                made.append(self.file(self.path()[-100:] if self.chance.random() < 0.9 else None))
            elif what == 4:
                made.append(header(self.path() + b"/", b"5", mode=0o755, dialect=self.dialect))
            elif what == 5:
                made.append(header(self.path(), b"2", mode=0o777, dialect=self.dialect, link=self.chance.choice(
                    (b"../x", b"a", b"/absolute/y", b"n\xff", b"very/" * 19 + b"long"))))
            elif what == 6:
                made.append(header(self.path(), b"1", dialect=self.dialect, link=self.chance.choice(self.files)))
            else:
                made.append(self.file(kind=b"\0"))
        return b"".join(made)

    # What readers take, all of them.

    def fine_pax_long_name(self):
        return pax([(b"path", b"top/" + b"p" * 120 + b"/" + self.name(80, "utf-8"))]) + self.file(b"short")

    def fine_pax_other_attributes(self):
        return pax([(b"mtime", b"1.5"), (b"comment", b"x\ny"), (b"SCHILY.xattr.user.x", b"a\0b")]) + self.file()

    def fine_pax_for_all(self):
        return pax([(b"comment", b"0" * 40)], b"g") + self.file()

    def fine_pax_size(self):
        content = self.content()
        return pax([(b"size", b"%d" % len(content))]) + self.file(content=content)

    def fine_pax_link(self):
        return pax([(b"linkpath", b"x/" * 90)]) + header(self.path(), b"2", link=b"short")

    def fine_gnu_long_name(self):
        return gnu_long(b"L", b"top/" + self.name(150)) + self.file(b"short", dialect="gnu")

    def fine_gnu_long_link(self):
        return gnu_long(b"K", b"y/" * 90 + b"z") + header(self.path(), b"2", link=b"short", dialect="gnu")

    def fine_gnu_long_both(self):
        return (gnu_long(b"K", b"y/" * 90 + b"z") + gnu_long(b"L", b"top/" + self.name(150))
                + header(b"short", b"2", link=b"short", dialect="gnu"))

    def fine_prefix(self):
        return self.file(self.name(40), prefix=b"top/" + b"/".join([b"q" * 30] * 4), dialect="ustar")

    def fine_name_of_100(self):
        return self.file((b"top/" + self.name(90).ljust(100, b"x"))[:100])

    def fine_number_without_end(self):
        return self.file(style="full")

    def fine_number_in_binary(self):
        return self.file(style="binary", dialect="gnu")

    def fine_contiguous(self):
        return self.file(kind=b"7", dialect="ustar")

    def fine_dot_slash(self):
        return header(b"./", b"5", mode=0o755) + self.file(b"./" + self.path()) + self.file(b"././" + self.path())

    def fine_folder_without_slash(self):
        return header(self.path(), b"5", mode=0o700, dialect=self.dialect)

    def fine_folder_after_its_file(self):
        folder = b"top/" + self.name()
        return self.file(folder + b"/f") + header(folder + b"/", b"5", mode=0o755)

    def fine_folder_of_odd_mode(self):
        return header(self.path() + b"/", b"5", mode=self.chance.choice((0o755, 0o1777, 0o2755, 0o6700)), dialect=self.dialect)

    def fine_hard_link_to_a_link_of_its_own(self):
        first, second = self.path(), self.path()
        return (self.file(first) + header(second, b"1", link=first, dialect=self.dialect)
                + header(self.path(), b"1", link=second, dialect=self.dialect))

    def fine_names_of_any_byte(self):
        return b"".join(self.file(b"top/" + self.name() + odd) for odd in (b"\xff\xfe", b"\n", b"\\x", b"\x01\x1b", b" ", b"*?[", b"-r", b":z"))

    # What some reader, or every one, does otherwise.

    def odd_absolute(self):
        return self.file(b"/top/" + self.name())

    def odd_climbing(self):
        return self.file(b"top/../" + self.name())

    def odd_dot_within(self):
        return self.file(b"top/./" + self.name())

    def odd_two_slashes(self):
        return self.file(b"top//" + self.name())

    def odd_file_with_a_slash(self):
        return self.file(b"top/" + self.name() + b"/", content=b"")

    def odd_old_folder(self):
        return header(b"top/" + self.name() + b"/", b"\0", mode=0o755, dialect="v7")

    def odd_no_name(self):
        return self.file(b"")

    def odd_file_twice(self):
        name = self.path()
        return self.file(name) + self.file(name)

    def odd_folder_twice(self):
        name = self.path() + b"/"
        return header(name, b"5", mode=0o755) * 2

    def odd_file_then_folder(self):
        name = self.path()
        return self.file(name) + header(name + b"/", b"5", mode=0o755)

    def odd_beneath_a_file(self):
        name = self.path()
        return self.file(name) + self.file(name + b"/x")

    def odd_beneath_a_link(self):
        name = self.path()
        return header(name, b"2", link=b".", dialect=self.dialect) + self.file(name + b"/x")

    def odd_link_twice(self):
        name = self.path()
        return header(name, b"2", link=b"a") + header(name, b"2", link=b"b")

    def odd_hard_link_before_its_file(self):
        first = self.path()
        return header(self.path(), b"1", link=first) + self.file(first)

    def odd_hard_link_to_a_folder(self):
        return header(b"top/a folder/", b"5", mode=0o755) + header(self.path(), b"1", link=b"top/a folder")

    def odd_hard_link_to_a_link(self):
        return header(b"top/a link", b"2", link=b"x") + header(self.path(), b"1", link=b"top/a link")

    def odd_hard_link_with_bytes(self):
        first = self.path()
        return self.file(first, b"abc") + header(self.path(), b"1", 3, link=first) + padded(b"abc")

    def odd_link_to_nothing(self):
        return header(self.path(), b"2", link=b"", dialect=self.dialect)

    def odd_folder_with_a_size(self):
        return header(self.path() + b"/", b"5", 512, mode=0o755)

    def odd_device(self):
        return header(self.path(), self.chance.choice((b"3", b"4", b"6")), dialect="ustar")

    def odd_kind(self):
        return header(self.path(), self.chance.choice((b"V", b"M", b"D", b"A", b"N", b"Z", b"8")), dialect="gnu")

    def odd_sparse_of_gnu(self):
        data = b"x" * BLOCK
        block = bytearray(header(self.path(), b"S", BLOCK, dialect="gnu"))
        block[386:410] = field(4096, 12) + field(BLOCK, 12)
        block[483:495] = field(4096 + BLOCK, 12)
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        return bytes(block) + data

    def odd_sparse_of_pax(self):
        return pax([(b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", self.path()),
                    (b"GNU.sparse.realsize", b"8192")]) + self.file(content=b"1\n0\n1\n".ljust(BLOCK, b"\0") + b"x")

    def odd_pax_path_twice(self):
        return pax([(b"path", self.path()), (b"path", self.path())]) + self.file(b"short")

    def odd_pax_path_twice_in_two(self):
        return pax([(b"path", self.path())]) + pax([(b"path", self.path())]) + self.file(b"short")

    def odd_pax_path_and_gnus(self):
        return pax([(b"path", self.path())]) + gnu_long(b"L", self.path()) + self.file(dialect="gnu")

    def odd_pax_path_of_nothing(self):
        return pax([(b"path", b"")]) + self.file()

    def odd_pax_path_of_nothing_for_a_folder(self):
        return pax([(b"path", b"")]) + header(self.path() + b"/", b"5", mode=0o755)

    def odd_pax_link_of_nothing(self):
        return pax([(b"linkpath", b"")]) + header(self.path(), b"2", link=b"real")

    def odd_pax_size_of_nothing(self):
        return pax([(b"size", b"")]) + self.file(content=b"abc")

    def odd_pax_path_with_nul(self):
        return pax([(b"path", self.path() + b"\0x")]) + self.file()

    def odd_pax_path_for_all(self):
        return pax([(b"path", self.path())], b"g") + self.file()

    def odd_pax_size_differs(self):
        return pax([(b"size", b"600")]) + header(self.path(), size=100) + bytes(1024)

    def odd_pax_link_of_a_file(self):
        return pax([(b"linkpath", b"x")]) + self.file()

    def odd_pax_damaged(self):
        body = self.chance.choice((b"99 path=x\n", b"path=x\n", b"9 path=xy", b"11 path=x\n", b"7 path\n", b"08 path=\n", b" 9 path=x\n"))
        return header(b"PaxHeaders/x", b"x", len(body)) + padded(body) + self.file()

    def odd_pax_at_the_end(self):
        return pax([(b"path", self.path())])

    def odd_pax_charset(self):
        return pax([(b"hdrcharset", b"BINARY"), (b"path", b"top/\xff\xfe" + self.name())]) + self.file(b"short")

    def odd_gnu_long_name_twice(self):
        return gnu_long(b"L", self.path()) + gnu_long(b"L", self.path()) + self.file(dialect="gnu")

    def odd_gnu_long_name_without_nul(self):
        name = b"top/" + self.name(120)
        return header(b"././@LongLink", b"L", len(name), dialect="gnu") + padded(name) + self.file(dialect="gnu")

    def odd_gnu_long_name_with_nul(self):
        return gnu_long(b"L", self.path() + b"\0tail") + self.file(dialect="gnu")

    def odd_mode_of_group(self):
        return self.file(mode=self.chance.choice((0o010, 0o001, 0o654, 0o611)))

    def odd_mode_that_is_none(self):
        block = bytearray(self.file(content=b""))
        block[100:108] = b"rw-r--r-"
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        return bytes(block)

    def odd_sum(self):
        return self.file(sum_of=lambda block: sum(block) + 1)

    def odd_sum_of_signed_bytes(self):
        return self.file(b"top/\xff" + self.name(), sum_of=lambda block: sum(byte - 256 * (byte > 127) for byte in block))

    def odd_negative_size(self):
        block = bytearray(self.file(content=b""))
        block[124:136] = b"\xff" * 12
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        return bytes(block)

    def odd_prefix_in_gnus(self):
        block = bytearray(self.file(content=b"", dialect="gnu"))
        block[345:369] = field(1_000_000_000, 12) * 2
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        return bytes(block)

    def odd_prefix_of_a_slash(self):
        return self.file(self.name(), prefix=b"top/", dialect="ustar")

    def odd_git(self):
        return self.file(b"top/" + self.chance.choice((b".git", b".GIT", b"git~1", b".git.", b".g\xe2\x80\x8cit")) + b"/x")

    def odd_end(self):
        """Not an entry: another end."""
        return b""


ODD = sorted(name for name in dir(Maker) if name.startswith("odd_"))
FINE = sorted(name for name in dir(Maker) if name.startswith("fine_"))


def archive(number):
    """(what is odd about it, its bytes)"""
    chance = random.Random(SEED * 100_000 + number)
    maker = Maker(chance)
    # The first ones go through all oddities, each alone; then through pairs, by chance.
    names = (FINE + ODD)[number:number + 1] or chance.sample(FINE, 2) + chance.sample(ODD, chance.choice((0, 1, 1, 2)))
    parts = [maker.common(), *(getattr(maker, name)() for name in names), maker.common()]
    end = bytes(2 * BLOCK + BLOCK * chance.randrange(18))
    if "odd_end" in names:
        end = chance.choice((b"", bytes(BLOCK), bytes(2 * BLOCK) + b"x", bytes(2 * BLOCK) + maker.common() + bytes(2 * BLOCK),
                             bytes(700)))
    data = b"".join(parts) + end
    if number % 5 == 1:
        # In members, cut anywhere.
        cuts = sorted(chance.randrange(len(data)) for _ in range(3))
        data = b"".join(gzip.compress(data[start:stop], mtime=0) for start, stop in zip([0, *cuts], [*cuts, len(data)]))
    return names, data


def tree_of(folder):
    """{path: (kind, content)}; what cannot be read is made readable first, its executable bit kept."""
    found = {}
    top = os.fsencode(folder)
    os.chmod(top, 0o700)
    for place, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(place, name)
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                value = ("link", os.readlink(path))
            elif stat.S_ISDIR(status.st_mode):
                os.chmod(path, 0o700)
                value = ("folder", b"")
            elif stat.S_ISREG(status.st_mode):
                os.chmod(path, status.st_mode | 0o600)
                with open(path, "rb") as file:
                    value = ("program" if status.st_mode & 0o100 else "file", file.read())
            else:
                value = ("other", b"")
            found[os.path.relpath(path, top)] = value
    return found


class Server(http.server.BaseHTTPRequestHandler):
    data = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(Server.data)))
        self.end_headers()
        self.wfile.write(Server.data)

    def log_message(self, *words):
        pass


def ours(data, port):
    """(tree, None) or (None, the sentence)."""
    Server.data = data
    folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
    (folder / "hash").write_bytes(b"")
    run = subprocess.run([RUN, folder, "http", f"//127.0.0.1:{port}/x", "strip=0"], env={}, stderr=subprocess.PIPE,
                         timeout=100, check=False)
    said = run.stderr.decode(errors="replace").strip()
    hashed = any(line.startswith("cab ") for line in (folder / "hash").read_text().splitlines())
    assert run.returncode in (0, 1) and hashed == (run.returncode == 0), f"exit {run.returncode}: {said}"
    tree = tree_of(folder / "out") if run.returncode == 0 else None
    shutil.rmtree(folder)
    return tree, said


def theirs(program, data):
    """The tree that another tool makes, None where it fails."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
    packed = ["-z"] if data[:2] == b"\x1f\x8b" else []
    run = subprocess.run([program, "-x", "-f", "-", *packed, "-C", folder, "--no-same-owner"], input=data, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    tree = tree_of(folder) if run.returncode == 0 else None
    shutil.rmtree(folder)
    return tree


# Where another takes otherwise what ours takes: the oddity, who, and why ours is right. There is none: what two readers
# take differently is refused.
DIFFERENT = {}


def compare(number, port, manual, counts):
    names, data = archive(number)
    tree, said = ours(data, port)
    odd = [name for name in names if name.startswith("odd_")]
    if tree is None:
        assert odd, f"refused without a reason: {said}"
        sentence = next((text for text in REFUSALS if text in said), None)
        assert sentence, f"a refusal that is not known: {said}"
        assert REFUSALS[sentence] in manual, f"cab-island(7) lacks \"{REFUSALS[sentence]}\""
        counts["refused"] += 1
        return
    counts["taken"] += 1
    for program in ("tar", "bsdtar"):
        other = theirs(program, data)
        if any((name, program) in DIFFERENT for name in odd):
            continue
        if other is None:
            counts[program + " refuses"] += 1
            assert odd, f"{program} refuses it"
            continue
        counts["equal to " + program] += other == tree
        assert other == tree, (f"{program}: " + ", ".join(
            f"{name!r}: {tree.get(name, ('none',))[0]} here, {other.get(name, ('none',))[0]} there"
            for name in sorted(set(tree) | set(other)) if tree.get(name) != other.get(name))[:1500])


def source_make():
    """A tree of this project's own files, and of names, links and holes that file systems have."""
    top = ROOT / "source" / "top"
    project = pathlib.Path(MANUAL).parent.parent
    for folder in ("doc", "guest", "test/fuzz"):
        shutil.copytree(project / folder, top / folder)
    (top / "program").write_text("#!/bin/sh\n")
    (top / "program").chmod(0o755)
    (top / "private").write_bytes(b"")
    (top / "private").chmod(0o600)
    os.link(top / "program", top / "the same program")
    os.symlink("program", top / "link")
    os.symlink("/absolute/" + "x" * 150, top / "long link")
    (top / "nothing").mkdir()
    with open(top / "holes", "wb") as file:
        file.seek(1 << 20)
        file.write(b"end")
    long = top / ("f" * 90) / ("g" * 90)
    long.mkdir(parents=True)
    (long / ("h" * 120)).write_text("long")
    (long / ("i" * 250)).write_text("longest")
    for name in (b"caf\xe9", b"a\nline", b"back\\slash", "\u4e00".encode()):
        with open(os.fsencode(top) + b"/" + name, "wb") as file:
            file.write(name)


def python_tar(form):
    return [sys.executable, "-c", "import sys, tarfile\nwith tarfile.open(fileobj=sys.stdout.buffer, mode='w|', "
            f"format=tarfile.{form}_FORMAT, encoding='utf-8', errors='surrogateescape') as out: out.add('top')"]


WRITERS = [
    *(["tar", "-c", f"--format={form}", *more, "top"] for form in ("v7", "oldgnu", "gnu", "ustar", "posix")
      for more in ([], ["--sparse"], ["--owner=9999999", "--group=9999999"])),
    *(["bsdtar", "-c", "-f", "-", f"--format={form}", *more, "top"] for form in ("v7tar", "gnutar", "ustar", "pax")
      for more in ([], ["--no-read-sparse"])),
    *(python_tar(form) for form in ("USTAR", "GNU", "PAX")),
    ["git", "-c", "safe.directory=*", "archive", "HEAD"],
]


def written_by_others(port, manual):
    """What each writer makes, where it can, is the tree that it was given, or refused for a reason that is known."""
    source_make()
    source = ROOT / "source"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false"]
    for words in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *words], cwd=source, check=True)
    expected = tree_of(source / "top")
    taken = 0
    for writer in WRITERS:
        run = subprocess.run(writer, cwd=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        wanted = {b"top"} | {b"top/" + name for name in expected}
        tree, said = ours(run.stdout, port) if run.stdout else (None, "")
        name = " ".join(writer)[:60]
        if tree is None:
            sentence = next((text for text in REFUSALS if text in said), None)
            assert run.returncode or sentence and REFUSALS[sentence] in manual, f"{name}: {said}"
            # Holes; and the folders of v7, which bsdtar writes as files whose name ends in a slash.
            assert run.returncode or name.endswith(("--sparse top", "--format=pax top")) or "v7tar" in name, f"{name}: {said}"
            continue
        if writer[0] == "git":
            wanted.discard(b"top/nothing")
        other = theirs("tar", run.stdout)
        assert other is None or other == tree, f"{name}: GNU tar makes another tree of it"
        # A format without long names leaves them out, or cuts a link's target off, and says so.
        different = [path for path in tree if path != b"top" and tree[path] != expected[path[4:]]]
        assert run.returncode or run.stderr or (set(tree) == wanted and not different), f"{name}: {sorted(set(tree) ^ wanted)} {different}"
        taken += 1
    assert taken >= 12, f"only {taken} are taken"
    return f"# {taken} of {len(WRITERS)} writers' archives are taken"


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(MANUAL, encoding="utf-8") as file:
        manual = re.sub(r"\s+", " ", file.read().replace("*", ""))
    counts = dict.fromkeys(("taken", "refused", "equal to tar", "equal to bsdtar", "tar refuses", "bsdtar refuses"), 0)
    failed = 0
    print("1..2")
    for number in range(COUNT):
        try:
            compare(number, server.server_port, manual, counts)
        except AssertionError as error:
            failed += 1
            print(f"# archive {number} of seed {SEED}, {' '.join(archive(number)[0])}: {error}", flush=True)
    # A generator that makes only what is refused, or only what is taken, would show nothing.
    few = [name for name in ("taken", "refused", "equal to tar", "equal to bsdtar") if counts[name] < COUNT / 10]
    print(f"# {counts}" + (f", too few: {few}" if few else ""))
    print(f"{'not ' if failed or few else ''}ok 1 - {COUNT} odd archives: the same tree, or a refusal that is explained")
    try:
        print(written_by_others(server.server_port, manual))
        print("ok 2 - a real tree, written by every writer that is here")
    except AssertionError as error:
        failed += 1
        print(f"not ok 2 - a real tree, written by every writer that is here\n# {error}"[:3000])
    shutil.rmtree(ROOT)
    sys.exit(1 if failed or few else 0)


main()
