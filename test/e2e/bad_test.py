#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Bad input: one clear error each, nothing half-registered, the lock untouched."""
import hashlib
import http.client
import http.server
import io
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
import zlib

from harness import Skip, case, commit, git_tree_of, main, refuses, repository, shell, tree_of

USE = shell("use", "cp -r \\(<github:o/r>) $out")
FOREIGN = os.path.join(os.path.dirname(os.path.abspath(sys.argv[2])), "foreign.wasm")


def served(box, files=None):
    folder = os.path.join(box.top, "git", "o", "r")
    revision = repository(folder, files or {"a": "1", "d/b": "2"})
    return folder, revision, box.serve_git(os.path.join(box.top, "git"))


def web(box, files):
    """A server of plain files; its address is allowed."""
    folder = os.path.join(box.top, "web")
    os.makedirs(folder, exist_ok=True)
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    box.configure(network_allow='["127.0.0.1"]')
    return box.serve(folder)


class Spoiler:
    """A server that hands on what git's own says, but for the answer to `fetch`, which `spoil` changes."""

    def __init__(self, box, upstream, spoil):
        port = upstream.port

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                size = int(self.headers.get("content-length", 0))
                body = self.rfile.read(size)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                link = http.client.HTTPConnection("127.0.0.1", port)
                link.request(self.command, self.path, body, headers)
                reply = link.getresponse()
                data = reply.read()
                if b"command=fetch" in body:
                    data = spoil(data)
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.headers["Content-Type"] or "text/plain")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        box.stops.append(server.shutdown)
        box.configure(islands_github_base=f'"http://127.0.0.1:{server.server_address[1]}"')


def packets(reply):
    """The pkt-lines of a reply: bytes, or None for a flush."""
    at, found = 0, []
    while at < len(reply):
        size = int(reply[at:at + 4], 16)
        found.append(reply[at + 4:at + size] if size >= 4 else size)
        at += max(size, 4)
    return found


def with_pack(reply, change):
    """The same reply with another pack: change(pack) -> pack."""
    pack = b"".join(one[1:] for one in packets(reply) if isinstance(one, bytes) and one[:1] == b"\1")
    head = reply[:reply.index(b"packfile\n") + 9]
    pack = change(pack)
    out = head
    for at in range(0, len(pack), 60000):
        piece = b"\1" + pack[at:at + 60000]
        out += b"%04x" % (len(piece) + 4) + piece
    return out + b"0000"


def sealed(pack):
    return pack + hashlib.sha1(pack).digest()


# What a host says


@case("a host that nobody is at")
def _(box):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    box.configure(islands_github_base=f'"http://127.0.0.1:{port}"')
    box.write("default.cab", USE)
    refuses(box, "127.0.0.1", "onnect")


@case("a host whose name nobody knows")
def _(box):
    box.write("default.cab", shell("use", "cat \\(<file:http://nowhere.invalid/a>) > $out"))
    refuses(box, "nowhere.invalid")


@case("a loopback address that the configuration does not allow: the error says what would")
def _(box):
    server = web(box, {"a": b"1"})
    del box.settings["network_allow"]
    box.configure()
    box.write("default.cab", shell("use", f"cat \\(<file:{server.url}/a>) > $out"))
    refuses(box, "--set", "network.allow")
    box.check(server.count() == 0, server.log())


@case("a branch that is not there")
def _(box):
    served(box)
    box.write("default.cab", USE.replace("o/r", "o/r@nowhere"))
    refuses(box, "nowhere")


@case("a revision that is not there")
def _(box):
    served(box)
    box.write("default.cab", USE.replace("o/r", "o/r@" + "1" * 40))
    refuses(box, "1" * 40)


@case("a repository that is not there")
def _(box):
    served(box)
    box.write("default.cab", USE.replace("o/r", "o/other"))
    refuses(box, "404, no git repository is there, or a private one")


@case("a subpath that is not there, and one that is a file's beneath")
def _(box):
    served(box)
    box.write("default.cab", USE.replace("o/r", "o/r::/nowhere"))
    refuses(box, "nowhere")
    box.write("default.cab", USE.replace("o/r", "o/r::/a/below"))
    refuses(box, "a")


@case("G9: a subpath through a symlink is no tree")
def _(box):
    folder, _, _ = served(box)
    os.symlink("/etc", os.path.join(folder, "link"))
    commit(folder, {})
    box.write("default.cab", USE.replace("o/r", "o/r::/link/x"))
    refuses(box, "link")


for STATUS in (401, 403, 404, 410, 500):
    @case(f"a file that is answered with {STATUS}")
    def _(box, status=STATUS):
        server = web(box, {"a": b"1"})
        server.rules(f"/a status {status}")
        box.write("default.cab", shell("use", f"cat \\(<file:{server.url}/a>) > $out"))
        result = refuses(box, str(status), "/a")
        final = result.err.splitlines()[-1]
        box.check(final.startswith(f"cab: <file:{server.url}/a>: ") and f"GET {server.url}/a)" in final,
                  f"the last line names island and address: {result}")
        box.check(result.err.count("HTTP status") == 1, f"it is told once: {result}")


@case("a result that cannot be linked is found before anything is asked or built")
def _(box):
    server = web(box, {"a": b"1"})
    box.write("default.cab", shell("use", f"cat \\(<file:{server.url}/a>) > $out"))
    for make in (lambda: box.write("result", "mine"), lambda: os.mkdir(box.path("result"))):
        make()
        box.fails("build", says=box.path("result") + " is there and is not a symlink")
        box.check(server.count() == 0 and not box.exists("default.cab.lock"), server.log())
        if os.path.isfile(box.path("result")):
            box.check(box.read("result") == "mine", "it is as it was")
            os.remove(box.path("result"))
    box.cab("build", "--no-out-link")


for ROW, RULE, SAYS in (("H6: ", "truncate 100", "ended too early"), ("H6: ", "length 5000", "ended too early"),
                        ("H6: ", "length 100", "more than the 100"), ("H6: ", "both", "both a Content-Length"),
                        ("H6: ", "lengths 3000 3001", "two Content-Length"), ("H7: ", "headers 6000", ""),
                        ("H1: ", "redirect 302 file:///etc/passwd", "redirected"),
                        ("H1: ", "redirect 302 /a", "redirected more than 10 times"),
                        ("H8: ", "header Content-Encoding: gzip", "Content-Encoding"),
                        ("", "garbage 1000", "no archive"), ("", "drop 100", "")):
    @case(f"{ROW}an archive whose server answers with \"{RULE}\"")
    def _(box, rule=RULE, says=SAYS):
        server = web(box, {"a": archive([("f", os.urandom(3000))])})
        server.rules(f"/a {rule}")
        box.write("default.cab", shell("use", f"cp -r \\(<{server.url}/a>) $out"))
        refuses(box, says)


# Packs


def spoil_case(name, spoil, *says):
    @case(name)
    def _(box):
        _, _, server = served(box)
        Spoiler(box, server, spoil)
        box.write("default.cab", USE)
        refuses(box, *says)


def flip(at):
    return lambda pack: pack[:at] + bytes([pack[at] ^ 1]) + pack[at + 1:]


spoil_case("a pack that ends in the middle", lambda reply: with_pack(reply, lambda pack: pack[:len(pack) // 2]))
spoil_case("a reply that ends in the middle of a packet", lambda reply: reply[:len(reply) - 40])
spoil_case("a reply that is empty", lambda reply: b"")
spoil_case("a pack with a flipped bit", lambda reply: with_pack(reply, flip(40)))
spoil_case("P5: a pack with a wrong sum at its end", lambda reply: with_pack(reply, flip(-3)))
spoil_case("a pack of nothing", lambda reply: with_pack(reply, lambda pack: sealed(b"PACK\0\0\0\2\0\0\0\0")))
spoil_case("P1: a pack that claims 4294967295 objects",
           lambda reply: with_pack(reply, lambda pack: sealed(b"PACK\0\0\0\2\377\377\377\377")))
spoil_case("a login page in the pack's place", lambda reply: b"<!DOCTYPE html><title>Sign in</title>")
spoil_case("G1: packet lengths that are none", lambda reply: b"0003" + reply)
spoil_case("G1: packet lengths that are no numbers", lambda reply: b"zzzz" + reply)
spoil_case("an error packet from git, with escapes", lambda reply: b"0020ERR no\033[2J way, not for you\n", "no")


def blob(data):
    head = bytes([0x30 | len(data)]) if len(data) < 16 else None
    return head + zlib.compress(data)


spoil_case("G4: a pack of objects that nobody asked for",
           lambda reply: with_pack(reply, lambda pack: sealed(b"PACK\0\0\0\2\0\0\0\1" + blob(b"other"))))


@case("the pack of another repository")
def _(box):
    _, _, server = served(box)
    other = os.path.join(box.top, "git", "o", "other")
    repository(other, {"a": "wrong", "d/b": "wrong"})
    pack = subprocess.run(["git", "-C", other, "pack-objects", "--all", "--stdout", "-q"], check=True,
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout
    Spoiler(box, server, lambda reply: with_pack(reply, lambda _: pack))
    box.write("default.cab", USE)
    refuses(box)


@case("G5: what a server says on the side is escaped and capped, and the fetch goes on")
def _(box):
    folder, _, server = served(box)
    noise = b"\2" + b"\033]52;c;evil\a \033[2J" + b"x" * 9000 + b"\n"

    def spoil(reply):
        at = reply.index(b"packfile\n") + 9
        return reply[:at] + (b"%04x" % (len(noise) + 4) + noise) * 50 + reply[at:]
    Spoiler(box, server, spoil)
    box.write("default.cab", USE)
    said = box.cab("build").err
    box.check("\033" not in said and "\a" not in said, repr(said[:300]))
    box.check(tree_of(box.path("result")) == git_tree_of(folder), "the tree is what git stores")


# Archives


def archive(entries, kind="w:gz"):
    """(name, bytes) a file, (name, TarInfo-changes) anything else."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=kind, format=tarfile.GNU_FORMAT) as tar:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            if isinstance(content, dict):
                for key, value in content.items():
                    setattr(info, key, value)
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


LINK = {"type": tarfile.SYMTYPE}
CLIMBS = (
    ("T1: an absolute name", [("/tmp/cab-canary", b"x")]),
    ("T1: a name that climbs out", [("../canary", b"x")]),
    ("T1: a name that climbs out from within", [("top/d/../../../canary", b"x")]),
    ("T1: a name with an empty part", [("top//f", b"x")]),
    ("T1: a file whose name ends with a slash", [("top/f/", b"x")]),
    ("T2: a file beneath a symlink to the parent", [("top/x", dict(LINK, linkname="..")), ("top/x/canary", b"x")]),
    ("T2: a file beneath an absolute symlink", [("top/x", dict(LINK, linkname="/tmp")), ("top/x/cab-canary", b"x")]),
    ("T2: a file in a symlink's place", [("top/x", dict(LINK, linkname="../../canary")), ("top/x", b"x")]),
    ("T2: two symlinks and a hard link", [("top/a", dict(LINK, linkname="..")), ("top/b", dict(LINK, linkname="a/..")),
                                          ("top/c", {"type": tarfile.LNKTYPE, "linkname": "top/b/canary"}),
                                          ("top/c", b"x")]),
    ("T3: a hard link to the outside", [("top/c", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"})]),
    ("T3: a hard link to what is not there yet", [("top/c", {"type": tarfile.LNKTYPE, "linkname": "top/d"}),
                                                  ("top/d", b"x")]),
    ("T4: a device", [("top/zero", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5})]),
    ("T4: a FIFO", [("top/fifo", {"type": tarfile.FIFOTYPE})]),
    ("T7: a name that stands twice", [("top/a", b"1"), ("top/a", b"2")]),
    ("T7: a folder in a file's place", [("top/a", b"1"), ("top/a/b", b"2")]),
)
for NAME, ENTRIES in CLIMBS:
    @case(f"{NAME} in an archive")
    def _(box, entries=ENTRIES):
        server = web(box, {"a.tar.gz": archive([("top/first", b"1"), *entries])})
        box.write("default.cab", shell("use", f"cp -r \\(<{server.url}/a.tar.gz>) $out"))
        refuses(box)
        found = [name for folder, folders, files in os.walk(box.top) for name in folders + files if "canary" in name]
        box.check(not found and not os.path.lexists("/tmp/cab-canary"), f"nothing was written outside: {found}")


for NAME, DATA in (
        ("T7: an archive that ends within a member", archive([("f", os.urandom(5000))], "w:")[:2000]),
        ("T7: a compressed archive that ends early", archive([("f", os.urandom(5000))])[:-2000]),
        ("T7: a wrong sum in a header", archive([("f", b"1")], "w:").replace(b"ustar", b"vstar", 1)),
        ("T7: garbage after the end of gzip", archive([("f", b"1")]) + b"garbage"),
        ("an archive of no kind that is known", b"PK\3\4 or so" * 100),
        ("an archive that is empty", b"")):
    @case(f"{NAME} is an error")
    def _(box, data=DATA):
        server = web(box, {"a": data})
        box.write("default.cab", shell("use", f"cp -r \\(<{server.url}/a>) $out"))
        refuses(box)


# Pins


def locked(box):
    """A build whose source is gone from the store and whose consumer is another: the source is wanted again, by its pin."""
    folder, revision, server = served(box)
    box.write("default.cab", USE)
    box.cab("build")
    box.cab("store", "delete", box.object("r"))
    box.write("default.cab", USE.replace("cp -r", "cp --recursive"))
    return folder, revision, server


def edit(box, pattern, new):
    text = box.read("default.cab.lock")
    changed = re.sub(pattern, new, text)
    box.check(changed != text, text)
    box.write("default.cab.lock", changed)
    return re.search(pattern, text).group(0)


@case("K1: a Cab hash in the lock that the content has not: both are shown")
def _(box):
    locked(box)
    was = edit(box, r"d[a-z2-7]{52}", "d" + "a" * 52)
    refuses(box, was, "d" + "a" * 52)


@case("K1: a revision in the lock that is not there")
def _(box):
    _, revision, _ = locked(box)
    edit(box, revision, "1" * 40)
    refuses(box, "1" * 40)


@case("K1: a revision in the lock that has another tree: both are shown")
def _(box):
    folder, revision, _ = locked(box)
    other = commit(folder, {"a": "2"})
    edit(box, revision, other)
    result = refuses(box)
    box.check("git-tree" in result.err or len(set(re.findall(r"\bd[a-z2-7]{52}\b", result.err))) == 2, str(result))


@case("K1: a tree in the lock that the revision has not: both are shown")
def _(box):
    locked(box)
    was = edit(box, r"(?<=git-tree )[0-9a-f]{40}", "1" * 40)
    refuses(box, was, "1" * 40)


@case("a checksum in an island's text that the archive has not: both are shown")
def _(box):
    data = archive([("top/f", b"1")])
    server = web(box, {"a.tar.gz": data})
    right, wrong = hashlib.sha256(data).hexdigest(), "1" * 64
    island = f'<{server.url}/a.tar.gz:{{ checksum = "sha256-%s" }}>'
    box.write("default.cab", shell("use", "cp -r \\(source) $out").join((f"source = {island % wrong};\n", "")))
    refuses(box, wrong, right)
    box.write("default.cab", f"source = {island % right};\n" + shell("use", "cp -r \\(source) $out"))
    box.cab("build")
    box.check(not box.exists("default.cab.lock"), "what its text pins has no entry")


@case("H10: a login page for a file with a checksum: both are shown")
def _(box):
    server = web(box, {"a": b"<title>Sign in</title>"})
    right = hashlib.sha256(b"content").hexdigest()
    box.write("default.cab", f'source = <file:{server.url}/a:{{ checksum = "sha256-{right}" }}>;\n'
              + shell("use", "cat \\(source) > $out"))
    refuses(box, right, hashlib.sha256(b"<title>Sign in</title>").hexdigest())


@case("H10: what changed between two parts of a file, behind one tag: the sum of what came decides, and both are shown")
def _(box):
    content, other = b"o" * 300000, b"n" * 300000
    head = b"HTTP/1.1 %s\r\nETag: \"one\"\r\nContent-Length: %d\r\n%s\r\n"
    part = b"Content-Range: bytes 1000-299999/300000\r\n"
    server = web(box, {"first": head % (b"200 OK", 300000, b"") + content[:1000],
                       "then": head % (b"206 Part", 299000, part) + other[1000:]})
    server.rules("/a once 1 first", "/a raw then")
    right = hashlib.sha256(content).hexdigest()
    box.write("default.cab", f'source = <file:{server.url}/a:{{ checksum = "sha256-{right}" }}>;\n'
              + shell("use", "cat \\(source) > $out"))
    refuses(box, right, hashlib.sha256(content[:1000] + other[1000:]).hexdigest())
    box.check(server.count() == 2, server.log())


# The lock


@case("K2: --locked refuses what has no entry, and fetches nothing")
def _(box):
    _, _, server = served(box)
    box.write("default.cab", USE)
    refuses(box, "github:o/r", "--locked", arguments=("build", "--locked"))
    box.check(server.count() == 0, server.log())


@case("K2: an entry without a Cab hash is none for --locked, and is completed without it")
def _(box):
    _, _, server = served(box)
    box.write("default.cab", USE)
    box.cab("build")
    whole = json.loads(box.read("default.cab.lock"))
    edit(box, r',"cab d[a-z2-7]{52}"', "")
    server.forget()
    refuses(box, "github:o/r", "--locked", arguments=("build", "--locked"))
    box.check(server.count() == 0, server.log())
    box.cab("build")
    again = json.loads(box.read("default.cab.lock"))
    box.check({again["github:o/r"]["identities"][at] for at in (0, -1)} <= set(whole["github:o/r"]["identities"])
              and again["github:o/r"]["identities"][-1].startswith("cab "), str(again))


ENTRY = '{"identities":["git 1f0c","cab d%s"],"locked":"2026-01-02T03:04:05Z"}' % ("a" * 52)
for NAME, TEXT, LINE in (
        ("K2: an entry without identities", '{\n"github:o/r": {"identities":[],"locked":"2026-01-02T03:04:05Z"},\n"~": 1\n}\n', 2),
        ("K2: an entry with an empty hash", '{\n"github:o/r": {"identities":["cab "],"locked":"2026-01-02T03:04:05Z"},\n"~": 1\n}\n', 2),
        ("K3: a key that stands twice", f'{{\n"github:a/a": {ENTRY},\n"github:a/a": {ENTRY},\n"~": 1\n}}\n', 3),
        ("K3: an unknown key", '{\n"github:a/a": {"identities":["git 1"],"locked":"2026-01-02T03:04:05Z","more":1},\n"~": 1\n}\n', 2),
        ("K3: a number for identities", '{\n"github:a/a": {"identities":1,"locked":"2026-01-02T03:04:05Z"},\n"~": 1\n}\n', 2),
        ("K3: a number for an identity", '{\n"github:a/a": {"identities":[1],"locked":"2026-01-02T03:04:05Z"},\n"~": 1\n}\n', 2),
        ("K3: a list for an entry", '{\n"github:a/a": [],\n"~": 1\n}\n', 2),
        ("K3: no object", "[]\n", 1),
        ("K3: another version", '{\n"~": 2\n}\n', 2),
        ("K3: no version", f'{{\n"github:a/a": {ENTRY}\n}}\n', 2),
        ("K3: deep nesting", '{\n"a": ' + "[" * 20000 + "]" * 20000 + ',\n"~": 1\n}\n', 2),
        ("K3: half a file", f'{{\n"github:a/a": {ENTRY[:40]}', 2),
        ("a conflict that git left", f'{{\n<<<<<<< HEAD\n"github:a/a": {ENTRY},\n=======\n"b": {ENTRY},\n>>>>>>> x\n"~": 1\n}}\n', 2),
        ("K5: an escape in a key", f'{{\n"github:a/a\033[2J": {ENTRY},\n"~": 1\n}}\n', 2),
        ("K5: a CR at a line's end", f'{{\r\n"github:a/a": {ENTRY},\r\n"~": 1\r\n}}\r\n', 1),
        ("K5: an escaped CR in a key", f'{{\n"github:a/a\\r": {ENTRY},\n"~": 1\n}}\n', 2),
        ("K5: a NUL in a key", f'{{\n"github:a/a\\u0000": {ENTRY},\n"~": 1\n}}\n', 2),
        ("K5: a NUL in the text", f'{{\n"github:a/a\0": {ENTRY},\n"~": 1\n}}\n', 2)):
    @case(f"{NAME} in the lock is an error that names the line")
    def _(box, text=TEXT, line=LINE):
        _, _, server = served(box)
        box.write("default.cab", USE)
        box.write("default.cab.lock", text)
        refuses(box, f"default.cab.lock", f"line {line}")
        box.check(server.count() == 0, server.log())


for NAME, MAKE in (("a symlink", lambda path: os.symlink("other", path)), ("a FIFO", os.mkfifo), ("a folder", os.mkdir),
                   ("a socket", lambda path: os.mknod(path, 0o140644)),
                   ("a file of 2 GB", lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 2 << 30))):
    @case(f"K3: a lock that is {NAME} is an error at once")
    def _(box, make=MAKE):
        _, _, server = served(box)
        box.write("default.cab", USE)
        box.write("other", '{\n"~": 1\n}\n')
        make(box.path("default.cab.lock"))
        before = os.lstat(box.path("default.cab.lock"))
        box.fails("build", says="default.cab.lock", timeout=60)
        after = os.lstat(box.path("default.cab.lock"))
        box.check((before.st_ino, before.st_mode, before.st_size) == (after.st_ino, after.st_mode, after.st_size),
                  "it is what it was")
        box.check(box.read("other") == '{\n"~": 1\n}\n' and server.count() == 0, "and nothing was followed or fetched")


# Caches


def cached(box):
    """A trusted cache directory that holds the build's all; this store is empty then."""
    folder, _, server = served(box, {"a": "1" * 5000, "d/b": "2" * 5000})
    box.write("default.cab", USE)
    box.cab("build")
    cache = os.path.join(box.top, "cache")
    box.cab("cache", "push", f"file://{cache}")
    empty(box)
    box.configure(caches=f'[{{ url = "file://{cache}", trusted = true }}]')
    server.forget()
    return folder, cache, server


def empty(box):
    if box.exists("result"):
        os.unlink(box.path("result"))
    subprocess.run(["chmod", "-R", "u+rwX", box.root], check=True)
    shutil.rmtree(box.root)


def files_in(folder):
    return [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names]


def spoil_cache(box, spoil):
    folder, cache, server = cached(box)
    for path in files_in(cache):
        os.chmod(os.path.dirname(path), 0o755)
        os.chmod(path, 0o644)
        spoil(path)
    box.cab("build")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), "the fetch went on")
    box.cab("store", "verify")
    return server


def overwrite(path):
    if "/blobs/" in path or "/store/" in path:
        with open(path, "r+b") as file:
            file.write(b"spoilt")


def cut(path):
    os.truncate(path, os.path.getsize(path) // 2)


def remove(path):
    if "/blobs/" in path or "/store/" in path:
        os.unlink(path)


def noise(path):
    with open(path, "wb") as file:
        file.write(b"\377" * 99)


for NAME, SPOIL in (("has lost its contents", remove), ("has other contents", overwrite), ("was cut short everywhere", cut),
                    ("has only noise", noise)):
    @case(f"a cache that {NAME} is a cache that has nothing: the fetch goes on")
    def _(box, spoil=SPOIL):
        server = spoil_cache(box, spoil)
        box.check(server.count() >= 1, server.log())


# Limits


@case("a program that never ends meets its limit on time, as one error")
def _(box):
    box.write("default.cab", shell("use", "sleep 100000"))
    refuses(box, "longer than 2 seconds", arguments=("build", "--set", "limits.seconds=2"), timeout=60)
    box.write("default.cab", shell("use", "trap '' TERM INT HUP; while :; do :; done"))
    refuses(box, "longer than 2 seconds", arguments=("build", "--set", "limits.seconds=2"), timeout=60)


@case("W1: a module that never ends meets its limit on time")
def _(box):
    shutil.copy(FOREIGN, box.path("foreign.wasm"))
    box.write("default.cab", 'derivation { name = "use", program = ./foreign.wasm, arguments = ["stay"], '
              'requiredRealizerFeatures = ["wasm"] }\n')
    before = len(box.objects())
    box.fails("build", "--set", "limits.fetchSeconds=2", says="longer than 2 seconds (limits.fetchSeconds)", timeout=60)
    box.check(len(box.objects()) <= before + 1, "only the module was taken in")


@case("G6: a server that falls silent meets a limit on time")
def _(box):
    server = web(box, {"a": b"1" * 5000})
    server.rules("/a stall 1000")
    box.write("default.cab", shell("use", f"cat \\(<file:{server.url}/a>) > $out"))
    refuses(box, "longer than 2 seconds", arguments=("build", "--set", "limits.fetchSeconds=2"), timeout=60)


@case("a log that floods is cut, and the build goes on")
def _(box):
    box.write("default.cab", shell("use", "yes | head -c 3000000; echo 42 > $out"))
    box.cab("build", "--set", 'limits.log="1 MiB"')
    kept = sum(os.path.getsize(path) for path in files_in(os.path.join(box.root, "logs")))
    box.check(kept < 1100000 and box.read("result") == "42\n", str(kept))


@case("a full disk is one error, and a disk with room the end of it")
def _(box):
    folder, _, _ = served(box, {f"f{number}": os.urandom(200000) for number in range(30)})
    os.mkdir(box.root)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=755", "none", box.root], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        raise Skip("no right to mount a small file system")
    box.stops.append(lambda: subprocess.run(["umount", "-l", box.root], check=True))
    box.write("default.cab", USE)
    refuses(box, "the disk is full")
    box.write("default.cab", shell("fill", "head -c 20000000 /dev/zero | tr '\\0' x > $out"))
    refuses(box)
    subprocess.run(["mount", "-o", "remount,size=64m", box.root], check=True)
    box.write("default.cab", USE)
    box.cab("build", "--set", "limits.memory=\"1 GiB\"")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), "with room it is built")
    box.cab("store", "verify")


# Interruption


def interrupted(box, number, rounds, seed):
    """Signals at moments drawn at random; the statuses seen."""
    folder, _, server = served(box, {f"d{at}/f": os.urandom(3000) for at in range(60)})
    box.write("default.cab", shell("use", "cp -r \\(<github:o/r>) $out; sleep 0.1"))
    start = time.monotonic()
    box.cab("build")
    whole = time.monotonic() - start
    chance = random.Random(seed)
    seen = set()
    for _ in range(rounds):
        if box.exists("default.cab.lock"):
            os.unlink(box.path("default.cab.lock"))
        empty(box)
        process = box.start("build", start_new_session=True)
        time.sleep(chance.uniform(0, whole * 1.1))
        process.send_signal(number)
        result = box.finish(process, 60)
        seen.add(result.status)
        staging = os.path.join(box.root, "staging")
        if number == signal.SIGINT and os.path.isdir(staging):
            box.check(not os.listdir(staging), f"staging is empty: {result}")
        if box.exists("default.cab.lock"):
            box.check(json.loads(box.read("default.cab.lock"))["~"] == 1, "the lock is whole")
        box.cab("build")
        box.check(tree_of(box.path("result")) == git_tree_of(folder), "the next build is good")
        box.cab("store", "verify")
        # What a killed run left is swept by the next run that stages anything, and by gc.
        box.cab("store", "gc")
        box.check(not os.path.isdir(staging) or not os.listdir(staging), f"staging is empty: {os.listdir(staging)}")
    server.forget()
    return seen


@case("Ctrl-C at any moment: status 130, nothing half-registered, and the next build is good")
def _(box):
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}")
    box.check(interrupted(box, signal.SIGINT, 8, seed) <= {130, 0, -signal.SIGINT}, "130, or done before it")


@case("Ctrl-C ends a program that ignores it, and says so once")
def _(box):
    box.write("default.cab", shell("use", "trap '' INT TERM; echo here; while :; do sleep 1; done"))
    process = box.start("build", start_new_session=True)
    while not any(os.path.getsize(path) for path in files_in(os.path.join(box.root, "logs"))):
        box.check(process.poll() is None, "it runs")
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    result = box.finish(process, 60)
    box.check(result.status == 130, str(result))
    box.check(not os.listdir(os.path.join(box.root, "staging")) and not box.objects(), "nothing is left")
    left = subprocess.run(["pgrep", "-s", str(process.pid)], check=False, stdout=subprocess.PIPE).stdout
    box.check(not left, f"no process is left: {left}")


@case("SIGKILL at any moment: the next build is good, and the store whole")
def _(box):
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}")
    interrupted(box, signal.SIGKILL, 8, seed)


@case("a derivation that cannot be evaluated: its entry is named")
def _(box):
    box.write("default.cab", 'derivation { name = "a b", program = "/bin/sh", }\n')
    box.fails("build", says=("a b", f"cab: {box.path('default.cab')} cannot be evaluated"))
    box.fails("build", "-e", 'derivation { name = "a b", program = "/bin/sh", }', says="cab: the expression cannot be evaluated")
    box.write("default.cab", '{ packages.default = derivation { name = "a b", program = "/bin/sh", }, }\n')
    box.fails("build", says=("a b", "cab: default cannot be evaluated"))


@case("a store's root that is no absolute path is refused before anything is done")
def _(box):
    box.write("default.cab", shell("use", "echo 1 > $out"))
    says = "the root of the store must be an absolute path: here"
    box.fails("build", environment={"CAB_ROOT": "here"}, says=says)
    del box.environment["CAB_ROOT"]
    box.fails("build", "--set", 'root="here"', says=says)
    box.check(os.listdir(box.here) == ["default.cab"], str(os.listdir(box.here)))


main()
