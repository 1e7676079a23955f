#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""A git server that lies: the rows G1-G5, G8, G9 and P1-P7 of what must be survived, each against the real cab."""
import hashlib
import os
import socket
import sys
import zlib

from harness import SERVER, case, main, refuses, shell, tree_of

sys.path.insert(0, SERVER)
from peer import (BLOB, COMMIT, ID_DELTA, OFFSET_DELTA, TAG, TREE, Peer, commit_of, entry, identity_of,  # noqa: E402
                  packed, pkt, refs, sealed, sent, tree_entry)

CONTENT = b"content\n"
FILE = tree_entry(b"100644", b"f", identity_of(BLOB, CONTENT))
HEAD = commit_of(FILE)
REVISION = identity_of(COMMIT, HEAD)
OBJECTS = [(COMMIT, HEAD), (TREE, FILE), (BLOB, CONTENT)]
WHOLE = sent(packed(OBJECTS))
LISTING = refs(("HEAD", REVISION))


def ask(box, island="o/r", **answers):
    """A peer that answers so, and a build that wants its island."""
    peer = Peer(**{"listing": LISTING, "fetch": WHOLE, **answers})
    box.stops.append(peer.stop)
    box.configure(islands_github_base=f'"{peer.url}"')
    box.write("default.cab", shell("use", f"cp -r \\(<github:{island}>) $out"))
    return peer


def takes(box, expected, **answers):
    peer = ask(box, **answers)
    box.cab("build")
    found = tree_of(box.path("result"))
    box.check(found == expected, f"{expected} {found}")
    return peer


def lie(name, *says, **answers):
    @case(name)
    def _(box):
        ask(box, **answers)
        refuses(box, *says)


def pack_lie(name, says, objects, revision=REVISION, **more):
    lie(name, says, listing=refs(("HEAD", revision)), fetch=sent(packed(objects, **more)))


def tree_lie(name, says, tree, *more):
    commit = commit_of(tree)
    pack_lie(name, says, [(COMMIT, commit), (TREE, tree), (BLOB, CONTENT), *more], identity_of(COMMIT, commit))


@case("what this server says when it does not lie is taken")
def _(box):
    peer = takes(box, {b"f": ("f", CONTENT)})
    box.check([kind for kind, _, _ in peer.requests] == ["listing", "fetch"], str(peer.requests))


# Frames


for NAME, FRAME, SAYS in (
        ("0003", b"0003", "not git's protocol"), ("fff1", b"fff1" + b"x" * 65521, "not git's protocol"),
        ("ffff", b"ffff" + b"x" * 65531, "not git's protocol"), ("letters", b"zzzz", "not git's protocol"),
        ("a sign", b"-001", "not git's protocol"), ("half a length", b"00", "cut off"),
        ("half a line", b"00ff\2half", "cut off")):
    lie(f"G1: a listing with {NAME}", SAYS, listing=LISTING[:-4] + FRAME)
    lie(f"G1: an answer with {NAME} before its pack", SAYS, fetch=FRAME + (WHOLE if SAYS[0] == "n" else b""))
    lie(f"G1: a pack with {NAME} inside", SAYS, fetch=WHOLE[:-4] + FRAME)
    lie(f"G1: an advertisement with {NAME}", SAYS, listing=b"", advertise=pkt(b"# service=git-upload-pack\n") + FRAME)
for NAME, FRAME in (("a delimiter", b"0001"), ("the end of a response", b"0002")):
    lie(f"G1: {NAME} within a listing", "not git's protocol", listing=LISTING[:-4] + FRAME + b"0000")
    lie(f"G1: {NAME} within a pack", "not git's protocol", fetch=WHOLE[:-4] + FRAME + b"0000")
lie("G1: the end of a response before the pack", "sent no pack", fetch=b"0002" + WHOLE)
lie("G1: a frame behind the pack's last", "more bytes behind its end", fetch=WHOLE + b"0000")


# Refs


STRANGE = [("refs/heads/../HEAD", "1" * 40), ("refs/heads/HEAD\0HEAD", "2" * 40), ("HEAD\r", "3" * 40),
           ("refs/heads/\033[2J", "4" * 40), ("", "5" * 40), ("HEAD/", "6" * 40), ("x" * 65000, "7" * 40)]
lie("G2: refs whose names lead elsewhere, hold NUL, CR or escapes, or are long, are nobody's",
    "no branch or tag of this name", listing=refs(*STRANGE))
lie("G2: a revision that is none", "no id of this repository's kind", listing=refs(("HEAD", "../../../../etc/passwd")))
lie("G2: a ref without an id", "no id of this repository's kind", listing=pkt(b" HEAD\n") + b"0000")


@case("G2: a name of 1 MiB, which no frame holds, is of as many lines as frames, and nobody's")
def _(box):
    long = pkt(b"1" * 40 + b" refs/heads/" + b"x" * 65000) + pkt(b"x" * 65000) * 16
    takes(box, {b"f": ("f", CONTENT)}, listing=long + LISTING)


@case("G2: a ref among 1000000 others is found")
def _(box):
    def listing():
        for part in range(100):
            yield b"".join(pkt(b"%040x refs/heads/%06d\n" % (part, at)) for at in range(10000))
        yield LISTING
    takes(box, {b"f": ("f", CONTENT)}, listing=listing)


@case("G2: a listing without an end is cut off at its ceiling")
def _(box):
    def listing():
        piece = b"".join(pkt(b"%040x refs/heads/%06d\n" % (at, at)) for at in range(20000))
        while True:
            yield piece
    ask(box, listing=listing)
    refuses(box, "more refs than 128 MiB")


@case("G3: URIs of packs and bundles, and what nobody knows, are ignored: no further connection")
def _(box):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(8)
        url = b"http://127.0.0.1:%d/x" % other.getsockname()[1]
        section = (pkt(b"packfile-uris\n") + pkt(b"11" * 20 + b" " + url + b"\n") + b"0001" + pkt(b"wanted-refs\n")
                   + pkt(REVISION.encode() + b" HEAD\n") + b"0001" + pkt(b"what-is-new\n") + pkt(url) + b"0001")
        listing = pkt(f"{REVISION} HEAD symref-target:refs/heads/main bundle-uri:{url.decode()}\n".encode()) + b"0000"
        peer = takes(box, {b"f": ("f", CONTENT)}, listing=listing, fetch=section + WHOLE)
        box.check(peer.count() == 2, str(peer.requests))
        words = b"side-band-64k shallow packfile-uris bundle-uri=" + url + b" object-format=sha1 agent=\033[2J"
        advertise = (pkt(b"# service=git-upload-pack\n") + b"0000" + pkt(REVISION.encode() + b" HEAD\0" + words + b"\n")
                     + b"0000")
        old = pkt(b"shallow " + REVISION.encode() + b"\n") + b"0000" + pkt(b"NAK\n") + WHOLE[len(pkt(b"packfile\n")):]
        box.write("default.cab.lock", '{\n"~": 1\n}\n')
        takes(box, {b"f": ("f", CONTENT)}, listing=b"", fetch=old, advertise=advertise)
        other.setblocking(False)
        try:
            other.accept()
            box.check(False, "nobody connects to what the server names")
        except BlockingIOError:
            pass


# What is sent


pack_lie("G4: an object that was asked for is missing", "did not send it", OBJECTS[:2])
pack_lie("G4: the commit that was asked for is missing", "did not send it", OBJECTS[1:])


@case("G4: objects that nobody asked for have no effect")
def _(box):
    more = [(BLOB, b"other"), (TREE, tree_entry(b"40000", b"..", "1" * 40)), (TAG, b"no tag"), (COMMIT, b"no commit")]
    takes(box, {b"f": ("f", CONTENT)}, fetch=sent(packed(more + OBJECTS + more)))


# The row's own size takes a while: with CAB_FULL alone.
CHATTER = 1024 if "CAB_FULL" in os.environ else 64


@case(f"G5: {CHATTER} MB of a server's own words with escapes are escaped and capped, and the fetch goes on")
def _(box):
    words = pkt(b"\2\033]52;c;evil\a \033[2J\r" + b"x" * 65000)

    def fetch():
        yield pkt(b"packfile\n")
        for _ in range(CHATTER * 16):
            yield words
        yield WHOLE[len(pkt(b"packfile\n")):]
    ask(box, fetch=fetch)
    said = box.cab("build").err
    box.check("\033" not in said and "\a" not in said and "\r" not in said and len(said) < 20000, repr(said[:300]))
    logs = os.path.join(box.root, "logs")
    kept = b""
    for path in (os.path.join(folder, name) for folder, _, names in os.walk(logs) for name in names):
        with open(path, "rb") as file:
            kept += file.read()
    box.check(b"the server says: ?]52;c;evil? ?[2J?xxx" in kept and b"\033" not in kept and b"\a" not in kept
              and len(kept) < 5000, f"{len(kept)} bytes: {kept[:300]!r}")
    box.check(tree_of(box.path("result")) == {b"f": ("f", CONTENT)}, "the tree is what it should be")


def modules_lie(name, says, text, mode=b"100644", entries=None):
    """A repository with this .gitmodules and a submodule `sub`, asked for: of a commit that is nowhere, so its server would be asked."""
    @case(name)
    def _(box):
        tree = tree_entry(mode, b".gitmodules", identity_of(BLOB, text)) + tree_entry(b"160000", b"sub", "ab" * 20)
        commit = commit_of(tree)
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen(8)
            changed = text.replace(b"PORT", b"%d" % other.getsockname()[1])
            tree = tree.replace(bytes.fromhex(identity_of(BLOB, text)), bytes.fromhex(identity_of(BLOB, changed)))
            commit = commit_of(tree)
            peer = ask(box, "o/r:{ submodules = true }", listing=refs(("HEAD", identity_of(COMMIT, commit))),
                       fetch=sent(packed([(COMMIT, commit), (TREE, tree), (BLOB, changed), *OBJECTS])))
            refuses(box, says)
            box.check(peer.count() == 2, str(peer.requests))
            other.setblocking(False)
            try:
                other.accept()
                box.check(False, "nobody connects to where the policy does not allow it")
            except BlockingIOError:
                pass


MODULE = b'[submodule "sub"]\n\tpath = %s\n\turl = %s\n'
modules_lie("G8: a .gitmodules that is a symlink", "no file", b"elsewhere", b"120000")
modules_lie("G8: a submodule's path that ends in CR", "control characters", MODULE % (b'"sub\r"', b"../x"))
modules_lie("G8: a submodule's path that climbs", "leads elsewhere", MODULE % (b"../sub", b"../x") + MODULE % (b"sub", b"../x"))
modules_lie("G8: a submodule's path that is absolute", "leads elsewhere", MODULE % (b"/sub", b"../x"))
modules_lie("G8: a submodule's URL that looks like an option", "begins with '-'", MODULE % (b"sub", b"--upload-pack=x"))
modules_lie("G8: a submodule's URL with a newline", "control characters", MODULE % (b"sub", b'"http://127.0.0.1\\n/x"'))
modules_lie("G8: a submodule's URL that runs a command", "not one of http, https or ssh", MODULE % (b"sub", b"ext::sh -c x"))
modules_lie("G8: a submodule's URL that climbs above its host", "above its host", MODULE % (b"sub", b"../../../../x"))
modules_lie("G8: a submodule at an origin of its own", "is not among the origins",
            MODULE % (b"sub", b"http://127.0.0.1:PORT/x"))
modules_lie("G8: a submodule without a URL", "no URL", b"")
modules_lie("G8: a .gitmodules of no syntax", "not in the syntax", b"[submodule \"sub")


@case("G9: a subpath through a symlink is no tree, wherever it leads")
def _(box):
    target = b"../../../../../../etc"
    tree = tree_entry(b"120000", b"link", identity_of(BLOB, target))
    commit = commit_of(tree)
    ask(box, "o/r::/link/passwd", listing=refs(("HEAD", identity_of(COMMIT, commit))),
        fetch=sent(packed([(COMMIT, commit), (TREE, tree), (BLOB, target)])))
    refuses(box, "beneath what is no folder")


# Packs


pack_lie("P1: a pack of 40 bytes that claims 4294967295 objects", "no zlib stream", [], count=0xffffffff,
         trailer=b"\x31" * 28)
BASE = identity_of(BLOB, CONTENT)
pack_lie("P2: two deltas, each on the other by id", "no base before it",
         OBJECTS + [(ID_DELTA, b"\x08\x08\x90\x08", bytes.fromhex("11" * 20)),
                    (ID_DELTA, b"\x08\x08\x90\x08", bytes.fromhex("22" * 20))])
pack_lie("P2: a delta on what is before the pack", "no base before it", OBJECTS + [(OFFSET_DELTA, b"\0\0", b"\xff\x7f")])
pack_lie("P2: a delta on the pack's own head", "no base before it", [(OFFSET_DELTA, b"\0\0", b"\x0c"), *OBJECTS])
pack_lie("P2: a delta on itself", "no base before it", [(OFFSET_DELTA, b"\0\0", b"\x00"), *OBJECTS])
pack_lie("P2: a delta on the middle of an object", "no base before it", OBJECTS + [(OFFSET_DELTA, b"\0\0", b"\x01")])


@case("P2: a chain of 100000 deltas is resolved as it comes")
def _(box):
    content, objects = b"%08d" % 0, []
    objects.append((BLOB, content))
    for at in range(1, 100001):
        delta = b"\x08\x08\x08" + b"%08d" % at
        objects.append((ID_DELTA, delta, bytes.fromhex(identity_of(BLOB, content))))
        content = b"%08d" % at
    tree = tree_entry(b"100644", b"f", identity_of(BLOB, content))
    commit = commit_of(tree)
    takes(box, {b"f": ("f", content)}, listing=refs(("HEAD", identity_of(COMMIT, commit))),
          fetch=sent(packed([*objects, (TREE, tree), (COMMIT, commit)])))


for NAME, DELTA, SAYS in (
        ("that copies past its base", b"\x08\x09\x90\x09", "does not fit"),
        ("that copies from behind its base", b"\x08\x02\x91\x09\x02", "does not fit"),
        ("that inserts nothing", b"\x08\x08\x00", "does not fit"),
        ("that inserts what is not there", b"\x08\x08\x08abc", "does not fit"),
        ("whose base has another size", b"\x09\x08\x90\x08", "does not fit"),
        ("that makes fewer bytes than it says", b"\x08\x09\x90\x08", "does not fit"),
        ("that makes more bytes than it says", b"\x08\x07\x90\x08", "does not fit"),
        ("that says 16 GiB", b"\x08\x80\x80\x80\x80\x40\x90\x08", "too large"),
        ("that says 2^63", b"\x08" + b"\xff" * 8 + b"\x7f\x90\x08", "does not fit"),
        ("of no bytes", b"", "does not fit")):
    pack_lie(f"P3: a delta {NAME}", SAYS, OBJECTS + [(ID_DELTA, DELTA, bytes.fromhex(BASE))])


def raw_pack(*entries):
    return sent(sealed(b"PACK\0\0\0\2" + len(entries).to_bytes(4, "big") + b"".join(entries)))


BOMB = zlib.compress(bytes(100 << 20), 9)
lie("P4: an object that says 100 GB", "too large", fetch=raw_pack(entry(BLOB, 100 << 30) + BOMB))
lie("P4: an object that inflates to more than it says", "no zlib stream", fetch=raw_pack(entry(BLOB, 5) + BOMB))
lie("P4: a large object that inflates to more than it says", "no zlib stream",
    fetch=raw_pack(entry(BLOB, 50 << 20) + BOMB))
lie("P4: an object that inflates to less than it says", "no zlib stream",
    fetch=raw_pack(entry(BLOB, 9) + zlib.compress(b"12345678")))
lie("P4: a tree of 100 MB", "too large", fetch=raw_pack(entry(TREE, 100 << 20) + BOMB))
lie("P4: junk behind an object's stream", "", fetch=raw_pack(entry(BLOB, 8) + zlib.compress(CONTENT) + b"junk", b""))
lie("P4: junk between an object's stream and the next", "",
    fetch=raw_pack(entry(BLOB, 8) + zlib.compress(CONTENT) + b"\0junk", entry(TREE, len(FILE)) + zlib.compress(FILE)))

lie("P4: junk behind the last object's stream, summed with the rest", "its sum differs",
    fetch=sent(sealed(b"PACK\0\0\0\2" + len(OBJECTS).to_bytes(4, "big") +
                      b"".join(entry(kind, len(data)) + zlib.compress(data) for kind, data in OBJECTS) + b"j" * 20)))


def copies(size, count):
    """A delta that copies the first 16 MiB less a byte of a base of this size so many times."""
    def number(value):
        out = b""
        while value >= 0x80:
            out, value = out + bytes([value & 0x7f | 0x80]), value >> 7
        return out + bytes([value])
    return number(size) + number(count * 0xffffff) + b"\xf0\xff\xff\xff" * count


# At the row's own size it is refused at 16 GiB, minutes of it: with CAB_FULL alone. Else its first object is too large.
@case("P4: a pack of 1 MB that makes 100 GB")
def _(box):
    full = "CAB_FULL" in os.environ
    zeros = bytes(0xffffff)
    base = identity_of(BLOB, zeros)
    # More than one object may have, in one delta; or as much as one may have, again and again.
    deltas = [copies(len(zeros), 16)] * 400 if full else [copies(len(zeros), 17)]
    answer = sent(packed([(BLOB, zeros), *((ID_DELTA, delta, bytes.fromhex(base)) for delta in deltas)]))
    box.check(len(answer) < 1 << 20, str(len(answer)))
    ask(box, fetch=answer)
    refuses(box, "too large")


pack_lie("P5: a wrong sum at the pack's end", "its sum differs", OBJECTS, trailer=bytes(20))
pack_lie("P5: an object under another's id", "did not send it", [*OBJECTS[:2], (BLOB, b"another\n")])
pack_lie("P5: a commit under another's id", "did not send it", [(COMMIT, HEAD + b"more"), *OBJECTS[1:]])


@case("P5: the two blocks that collide in SHA-1 are two objects: git's head before them parts their ids")
def _(box):
    # The first 320 bytes of shattered-1.pdf (https://shattered.io) and those of shattered-2.pdf. That an input which does
    # collide has no sum at all is tested where the host hashes.
    one = bytes.fromhex(
        "255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f4865696768742033203020522f547970"
        "652034203020522f537562747970652035203020522f46696c7465722036203020522f436f6c6f7253706163652037203020522f4c656e67"
        "74682038203020522f42697473506572436f6d706f6e656e7420383e3e0a73747265616d0affd8fffe00245348412d312069732064656164"
        "2121212121852fec092339759c39b1a1c63c4c97e1fffe017346dc9166b67e118f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de2"
        "18f86db3a90901d5df45c14f26fedfb3dc38e96ac22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f"
        "0e332edf93ac3500eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1")
    other = bytearray(one)
    # Where the second of the pair differs, in its two blocks.
    for at, byte in zip(range(192, 320), bytes.fromhex(
            "7f46dc93a6b67e013b029aaa1db2560b45ca67d688c7f84b8c4c791fe02b3df614f86db1690901c56b45c1530afedfb76038e972722fe7ad"
            "728f0e4904e046c230570fe9d41398abe12ef5bc942be33542a4802d98b5d70f2a332ec37fac3514e74ddc0f2cc1a874cd0c78305a215664"
            "61309789606bd0bf3f98cda8044629a1")):
        other[at] = byte
    other = bytes(other)
    box.check(one != other and hashlib.sha1(one).digest() == hashlib.sha1(other).digest(), "they collide")
    tree = b"".join(tree_entry(b"100644", name, identity_of(BLOB, data)) for name, data in ((b"1", one), (b"2", other)))
    commit = commit_of(tree)
    takes(box, {b"1": ("f", one), b"2": ("f", other)}, listing=refs(("HEAD", identity_of(COMMIT, commit))),
          fetch=sent(packed([(COMMIT, commit), (TREE, tree), (BLOB, one), (BLOB, other)])))


# Trees


def file(name, mode=b"100644"):
    return tree_entry(mode, name, BASE)


tree_lie("P6: a tree out of git's order", "out of order or twice", file(b"b") + file(b"a"))
tree_lie("P6: a name that stands twice", "out of order or twice", file(b"a") + file(b"a"))
tree_lie("P6: a file and a folder of one name", "two entries of one name",
         file(b"a") + file(b"a.b") + tree_entry(b"40000", b"a", identity_of(TREE, FILE)), (TREE, FILE))
for NAME in (b".git", b".GIT", b".gIt", b"git~1", b"GIT~1", b"git~1.", b".git.", b".git...", b".git ", b".git . .",
             b".git:", b".git:x", b".git::$INDEX_ALLOCATION", b".g\xe2\x80\x8cit", b"\xef\xbb\xbf.git", b".git\xe2\x81\xaf"):
    tree_lie(f"P6: a folder {NAME!r}", "the folder .git", tree_entry(b"40000", NAME, identity_of(TREE, FILE)), (TREE, FILE))
for MODE, KIND in ((b"100644", "file"), (b"100755", "program"), (b"120000", "link"), (b"160000", "submodule")):
    tree_lie(f"P6: a {KIND} '.git'", "the folder .git", file(b".git", MODE))
for NAME in (b".", b"..", b"a/b", b"", b"/a", b"x" * 256):
    tree_lie(f"P6: a name {NAME[:8]!r} of {len(NAME)} bytes", "leads elsewhere", file(NAME))
tree_lie("P6: a mode of 0", "no file, link, folder or submodule", file(b"f", b"0"))
tree_lie("P6: a device's mode", "no file, link, folder or submodule", file(b"f", b"20644"))
tree_lie("P6: a mode that is no number", "no number", file(b"f", b"1006x4"))
tree_lie("P6: an entry that is cut off", "cut off", file(b"f")[:-1])
tree_lie("P6: a file that is a tree", "which it is not", tree_entry(b"100644", b"f", identity_of(TREE, FILE)), (TREE, FILE))
tree_lie("P6: a folder that is a file", "which it is not", file(b"f", b"40000"))


@case("P6: a submodule that was not asked for is an empty folder, whatever the server sends")
def _(box):
    tree = tree_entry(b"160000", b"sub", REVISION)
    commit = commit_of(tree)
    takes(box, {b"sub": ("d", b"")}, listing=refs(("HEAD", identity_of(COMMIT, commit))),
          fetch=sent(packed([(COMMIT, commit), (TREE, tree), *OBJECTS])))


DEEP, FOLDERS = FILE, [(TREE, FILE), (BLOB, CONTENT)]
for _ in range(5000):
    DEEP = tree_entry(b"40000", b"d", identity_of(TREE, DEEP))
    FOLDERS.append((TREE, DEEP))
for NAME, ORDER in (("from the top", reversed(FOLDERS)), ("from the bottom", FOLDERS)):
    pack_lie(f"P6: 5000 folders in each other, sent {NAME}", "folders in each other",
             [(COMMIT, commit_of(DEEP)), *ORDER], identity_of(COMMIT, commit_of(DEEP)))


def doubling(levels):
    """A tree that stands twice in one that stands twice in one, so often, and all of them."""
    tree, trees = b"", [(TREE, b"")]
    for _ in range(levels):
        tree = b"".join(tree_entry(b"40000", name, identity_of(TREE, tree)) for name in (b"a", b"b"))
        trees.append((TREE, tree))
    return commit_of(tree), trees


@case("P6: folders that double with each of ten trees are all there")
def _(box):
    commit, trees = doubling(10)
    peer = ask(box, listing=refs(("HEAD", identity_of(COMMIT, commit))), fetch=sent(packed([(COMMIT, commit), *trees])))
    box.cab("build")
    box.check(len(tree_of(box.path("result"))) == 2046 and peer.count() == 2, "")


TAGGED, KIND, TAGS = HEAD, COMMIT, []
for _ in range(10):
    TAGGED, KIND = f"object {identity_of(KIND, TAGGED)}\ntype x\ntag t\n\n".encode(), TAG
    TAGS.append((TAG, TAGGED))
pack_lie("P6: tags of tags without an end", "it is no commit", TAGS + OBJECTS, identity_of(TAG, TAGGED))
lie("P6: a message of 1 GB", "too large", fetch=raw_pack(entry(COMMIT, 1 << 30) + BOMB))


@case("P7: names equal but for case or Unicode's forms are distinct, as they are to git")
def _(box):
    names = sorted([b"A", b"a", "\u00e9".encode(), "e\u0301".encode(), "\u212a".encode(), b"K", b"k", b"\xff"])
    tree = b"".join(file(name) for name in names)
    commit = commit_of(tree)
    takes(box, {name: ("f", CONTENT) for name in names}, listing=refs(("HEAD", identity_of(COMMIT, commit))),
          fetch=sent(packed([(COMMIT, commit), (TREE, tree), (BLOB, CONTENT)])))


main()
