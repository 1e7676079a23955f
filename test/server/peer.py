# SPDX-License-Identifier: MPL-2.0
"""peer: a git server of a test's own, which sends the bytes that it is told, and packs made by hand.

    peer = Peer(listing=refs(("HEAD", revision)), fetch=sent(packed([(COMMIT, …), …])))
    peer.url, peer.count()        its address; how many requests came
    peer.stop()

A request is answered by what it asks for: `advertise` to GET of info/refs, `listing` to ls-refs of version 2, `fetch` to
all else. An answer is bytes, a function from the request's body to one of these, an iterator's maker (a generator function
whose pieces are sent as they come), or a number: that HTTP status. `advertise` is 404 unless it is given.
`kind` is the Content-Type where it is not git's own.

An object of a pack is (KIND, content) or, of deltas, (KIND, delta, what stands before it: offset or id).
"""
import hashlib
import http.server
import inspect
import struct
import threading
import zlib

COMMIT, TREE, BLOB, TAG, OFFSET_DELTA, ID_DELTA = 1, 2, 3, 4, 6, 7
NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}


def pkt(payload):
    return b"%04x" % (len(payload) + 4) + payload


def entry(kind, size):
    """The head of a pack's entry."""
    head, size = kind << 4 | size & 15, size >> 4
    out = b""
    while size:
        out += bytes([head | 128])
        head, size = size & 127, size >> 7
    return out + bytes([head])


def sealed(pack, hash=hashlib.sha1):
    return pack + hash(pack).digest()


def packed(objects, count=None, trailer=None, hash=hashlib.sha1):
    out = [b"PACK" + struct.pack(">II", 2, len(objects) if count is None else count)]
    for kind, content, *more in objects:
        out += [entry(kind, len(content)), *more, zlib.compress(content)]
    pack = b"".join(out)
    return sealed(pack, hash) if trailer is None else pack + trailer


def sent(pack):
    """The answer to a fetch of version 2."""
    bands = b"".join(pkt(b"\1" + pack[at:at + 60000]) for at in range(0, len(pack), 60000))
    return pkt(b"packfile\n") + bands + b"0000"


def identity_of(kind, content, hash=hashlib.sha1):
    name = kind if isinstance(kind, bytes) else NAMES[kind]
    return hash(name + b" %d\0" % len(content) + content).hexdigest()


def tree_entry(mode, name, identity):
    return mode + b" " + name + b"\0" + bytes.fromhex(identity)


def commit_of(tree, hash=hashlib.sha1):
    return f"tree {identity_of(TREE, tree, hash)}\nauthor n <e> 1 +0000\n\nm\n".encode()


def refs(*names):
    """A listing of version 2: (name, revision) each."""
    return b"".join(pkt(f"{revision} {name}\n".encode()) for name, revision in names) + b"0000"


class Peer:
    def __init__(self, listing=404, fetch=404, advertise=404, kind=None):
        self.kind, self.answers = kind, {"listing": listing, "fetch": fetch, "advertise": advertise}
        self.requests = []
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                what = ("advertise" if self.command == "GET"
                        else "listing" if b"command=ls-refs" in body else "fetch")
                peer.requests.append((what, self.path, body))
                answer = peer.answers[what]
                kind = "advertisement" if what == "advertise" else "result"
                if callable(answer) and not inspect.isgeneratorfunction(answer):
                    answer = answer(body)
                self.send_response(answer if isinstance(answer, int) else 200)
                self.send_header("Content-Type", peer.kind or f"application/x-git-upload-pack-{kind}")
                if inspect.isgeneratorfunction(answer):
                    self.send_header("Connection", "close")
                    self.end_headers()
                    try:
                        for piece in answer():
                            self.wfile.write(piece)
                    except OSError:
                        pass
                    self.close_connection = True
                    return
                data = b"" if isinstance(answer, int) else answer
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def count(self, what=""):
        return sum(what in kind for kind, _, _ in self.requests)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
