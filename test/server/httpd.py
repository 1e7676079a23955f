#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""httpd.py: serves a folder on loopback, as well or as badly as it is told.

    test/server/httpd.py start STATE FOLDER [crates] [tls=CERTIFICATE,KEY] [client=AUTHORITY]
                                                  prints the port
    test/server/httpd.py stop STATE
    test/server/httpd.py log STATE [WORDS]        the requests so far that hold WORDS
    test/server/httpd.py count STATE [WORDS]      how many they are
    test/server/httpd.py forget STATE             begins the log anew

FOLDER/a/b is http://127.0.0.1:PORT/a/b. With `crates`, /NAME/VERSION/download is the file
FOLDER/NAME-VERSION.crate: the URL's base is what a cargo index calls `dl`. HTTP/1.1, connections
kept alive, strong ETags, If-None-Match, Range with If-Range; a POST is answered like a GET.

With `client=` it takes no connection but from who has a certificate of that authority.

STATE is a folder of its own for each server: `port`, `pid`, `log` (a line a request, written before
the response's body: METHOD PATH STATUS BYTES CONNECTION), `heads` (requests as they came, without
bodies) and `rules`, read anew for each request. A line of `rules`: PATTERN RULE [WORDS]; PATTERN is
a shell pattern for the path; the first that fits and is not used up holds:

    fail N STATUS [HEADERS]    the first N requests get this status, maybe with headers, " | " between
    drop N                     the first N are closed without a response
    break N BYTES              the first N are closed after so many bytes of the body, each of them
                               with its ETag
    once N FILE                the first N get the bytes of FOLDER/FILE, head and body
    status STATUS              always
    redirect STATUS LOCATION   always
    header TEXT                one more header, "Name: value"
    body FILE                  the bytes of FOLDER/FILE instead
    garbage BYTES              so many bytes of noise instead, always the same
    auth                       401 unless there is an Authorization
    demand NAME VALUE          403 unless the header NAME is VALUE
    bearer TOKEN CHALLENGE     401 with the challenge unless the Authorization is "Bearer TOKEN"
    token USER:PASSWORD FILE   the file FILE to that user, 401 to others
    truncate BYTES             closed after so many bytes of the body
    stall BYTES                silent after so many; "stall head" before the head
    open                       all of it, without a length, and silent then
    drip SECONDS               a byte each so many seconds
    length BYTES               this Content-Length, whatever the body
    lengths BYTES BYTES        two of them
    both                       Content-Length and chunked
    chunk TEXT                 chunked, with TEXT for the size of the first chunk
    trailers COUNT             chunked, with so many trailers
    headers COUNT              so many headers more
    long BYTES                 a header of so many bytes more
    early COUNT                so many responses 103 before the final one
    close                      "Connection: close"
    raw FILE                   the bytes of FOLDER/FILE are head and body, as they stand
"""
import base64
import fnmatch
import hashlib
import os
import signal
import socket
import ssl
import sys
import threading
import time
import urllib.parse


class Server:
    def __init__(self, state, folder, crates, tls, client):
        self.state, self.folder, self.crates = state, folder, crates
        self.lock, self.used, self.connections = threading.Lock(), {}, 0
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls.split(","))
        if client:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(client)

    def rule(self, path):
        """The words of the rule that holds for this request."""
        try:
            with open(os.path.join(self.state, "rules")) as rules:
                lines = rules.read().splitlines()
        except FileNotFoundError:
            return [""]
        for line in lines:
            words = line.split(None, 2)
            if len(words) < 2 or not fnmatch.fnmatchcase(path, words[0]):
                continue
            if words[1] in ("fail", "drop", "break", "once"):
                with self.lock:
                    self.used[line] = self.used.get(line, 0) + 1
                    if self.used[line] > int(words[2].split()[0]):
                        continue
            return words[1:]
        return [""]

    def find(self, path):
        """The file's bytes, or None."""
        name = urllib.parse.unquote(path).lstrip("/")
        parts = name.split("/")
        if ".." in parts:
            return None
        if self.crates and len(parts) == 3 and parts[2] == "download":
            name = "%s-%s.crate" % (parts[0], parts[1])
        try:
            with open(os.path.join(self.folder, name), "rb") as file:
                return file.read()
        except OSError:
            return None

    def write_log(self, name, text):
        with self.lock, open(os.path.join(self.state, name), "a") as log:
            log.write(text)

    def serve(self, connection, number):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as stream:
                goes_on = True
                while goes_on:
                    exchange = Exchange(self, connection, stream, number)
                    goes_on = exchange.run() and exchange.fields.get("connection") != "close"
        except (OSError, ValueError):
            connection.close()

    def listen(self, listener):
        while True:
            connection, _ = listener.accept()
            self.connections += 1
            threading.Thread(
                target=self.serve, args=(connection, self.connections), daemon=True
            ).start()


def noise(size):
    out = b""
    while len(out) < size:
        out += hashlib.sha256(b"noise %d" % len(out)).digest()
    return out[:size]


def tag_of(body):
    return '"%s"' % hashlib.sha256(body).hexdigest()[:32]


class Exchange:
    """One request and its response."""

    def __init__(self, server, connection, stream, number):
        self.server, self.connection, self.stream, self.number = server, connection, stream, number

    def read(self):
        start = self.stream.readline(65536).decode("latin-1")
        if not start:
            return False
        self.method, self.target, _ = start.split()
        head = [start.strip()]
        self.fields = {}
        while True:
            line = self.stream.readline(65536).decode("latin-1").strip()
            if not line:
                break
            head.append(line)
            name, value = line.split(":", 1)
            self.fields[name.lower()] = value.strip()
        self.stream.read(int(self.fields.get("content-length", 0)))
        self.path = self.target.split("?")[0]
        self.server.write_log("heads", "\n".join(head) + "\n\n")
        return True

    def send(self, status, body, headers=(), length=True):
        lines = ["HTTP/1.1 %d Said So" % status, *headers]
        if length:
            lines.append("Content-Length: %d" % len(body))
        self.server.write_log(
            "log",
            "%s %s %d %d %d\n" % (self.method, self.target, status, len(body), self.number),
        )
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.connection.sendall(head if self.method == "HEAD" else head + body)
        return True

    def run(self):
        if not self.read():
            return False
        words = self.server.rule(self.path)
        said = words[1] if len(words) > 1 else ""
        body = self.server.find(self.path)
        rule = getattr(self, "rule_" + words[0].replace("-", "_"), None)
        if words[0] and not rule:
            return self.send(500, b"no such rule: " + words[0].encode())
        if words[0] == "body":
            body = self.server.find(said)
        if words[0] == "garbage":
            body = noise(int(said))
        if rule:
            return rule(body if body is not None else b"", said)
        return self.plain(body)

    def plain(self, body, headers=()):
        if body is None:
            return self.send(404, b"not found\n")
        tag = tag_of(body)
        if self.fields.get("if-none-match") == tag:
            return self.send(304, b"", ["ETag: " + tag, *headers], length=False)
        status, body, lines = self.part(body)
        return self.send(status, body, [*lines, *headers])

    def part(self, body):
        """What a Range wants of it: status, bytes, headers."""
        tag, wanted = tag_of(body), self.fields.get("range", "")
        if not wanted.startswith("bytes=") or self.fields.get("if-range", tag) != tag:
            return 200, body, ["ETag: " + tag]
        first = int(wanted[6:].split("-")[0])
        where = "Content-Range: bytes %d-%d/%d" % (first, len(body) - 1, len(body))
        return 206, body[first:], ["ETag: " + tag, where]

    def rule_fail(self, _, said):
        words = said.split(None, 2)
        headers = words[2].split(" | ") if len(words) > 2 else []
        return self.send(int(words[1]), b"told to fail\n", headers)

    def rule_drop(self, *_):
        self.server.write_log(
            "log", "%s %s 0 0 %d\n" % (self.method, self.target, self.number))
        return False

    def rule_break(self, body, said):
        status, body, lines = self.part(body)
        self.send(status, body[: int(said.split()[1])],
                  [*lines, "Content-Length: %d" % len(body)], length=False)
        return False

    def rule_once(self, _, said):
        return self.rule_raw(None, said.split()[1])

    def rule_status(self, _, said):
        return self.send(int(said), b"told so\n")

    def rule_redirect(self, _, said):
        status, location = said.split(None, 1)
        return self.send(int(status), b"over there\n", ["Location: " + location])

    def rule_header(self, body, said):
        return self.plain(body, [said])

    def rule_body(self, body, _):
        return self.plain(body)

    rule_garbage = rule_body

    def rule_auth(self, body, _):
        if "authorization" in self.fields:
            return self.plain(body)
        return self.send(401, b"who are you?\n", ['WWW-Authenticate: Basic realm="test"'])

    def rule_demand(self, body, said):
        name, value = said.split(None, 1)
        if self.fields.get(name.lower()) == value:
            return self.plain(body)
        return self.send(403, b"not you\n")

    def rule_bearer(self, body, said):
        token, challenge = said.split(None, 1)
        if self.fields.get("authorization") == "Bearer " + token:
            return self.plain(body)
        return self.send(401, b"who are you?\n", ["WWW-Authenticate: " + challenge])

    def rule_token(self, _, said):
        user, file = said.split()
        word = "Basic " + base64.b64encode(user.encode()).decode()
        if self.fields.get("authorization") == word:
            return self.plain(self.server.find(file))
        return self.send(401, b"who are you?\n", ['WWW-Authenticate: Basic realm="test"'])

    def rule_truncate(self, body, said):
        self.send(200, body[: int(said)], ["Content-Length: %d" % len(body)], length=False)
        return False

    def rest(self):
        """Until the client goes away."""
        while self.connection.recv(65536):
            pass
        return False

    def rule_stall(self, body, said):
        if said != "head":
            self.rule_truncate(body, said)
        return self.rest()

    def rule_open(self, body, _):
        self.send(200, body, length=False)
        return self.rest()

    def rule_drip(self, body, said):
        self.rule_truncate(body, "0")
        for at in range(len(body)):
            self.connection.sendall(body[at : at + 1])
            time.sleep(float(said))
        return True

    def rule_length(self, body, said):
        self.send(200, body, ["Content-Length: " + said], length=False)
        return False

    def rule_lengths(self, body, said):
        lines = ["Content-Length: " + one for one in said.split()]
        self.send(200, body, lines, length=False)
        return False

    def chunked(self, body, size=None, trailers=(), headers=()):
        size = size or "%x" % len(body)
        text = size.encode() + b"\r\n" + body + b"\r\n0\r\n"
        text += b"".join(one.encode() + b"\r\n" for one in trailers) + b"\r\n"
        return self.send(200, text, ["Transfer-Encoding: chunked", *headers], length=False)

    def rule_both(self, body, _):
        self.chunked(body, headers=["Content-Length: %d" % len(body)])
        return False

    def rule_chunk(self, body, said):
        self.chunked(body, size=said)
        return False

    def rule_trailers(self, body, said):
        return self.chunked(body, trailers=["X-Trailer-%d: 1" % at for at in range(int(said))])

    def rule_headers(self, body, said):
        return self.plain(body, ["X-Header-%d: 1" % at for at in range(int(said))])

    def rule_long(self, body, said):
        return self.plain(body, ["X-Long: " + "x" * int(said)])

    def rule_early(self, body, said):
        self.connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * int(said))
        return self.plain(body)

    def rule_close(self, body, _):
        self.plain(body, ["Connection: close"])
        return False

    def rule_raw(self, _, said):
        raw = self.server.find(said)
        self.server.write_log(
            "log", "%s %s 200 %d %d\n" % (self.method, self.target, len(raw), self.number))
        self.connection.sendall(raw)
        return False


def start(state, folder, *options):
    stop(state)
    os.makedirs(state, exist_ok=True)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    for name in ("log", "heads"):
        open(os.path.join(state, name), "w").close()
    said = dict(one.split("=", 1) for one in options if "=" in one)
    server = Server(state, os.path.abspath(folder), "crates" in options, said.get("tls"),
                    said.get("client"))
    with open(os.path.join(state, "port"), "w") as port:
        port.write("%d\n" % listener.getsockname()[1])
    print(listener.getsockname()[1], flush=True)
    # The socket listens already: whoever reads the port can connect.
    child = os.fork()
    if child:
        with open(os.path.join(state, "pid"), "w") as pid:
            pid.write("%d\n" % child)
        return
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    errors = os.open(os.path.join(state, "errors"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for fd, to in ((0, null), (1, null), (2, errors)):
        os.dup2(null if to is null else errors, fd)
    server.listen(listener)


def stop(state):
    for name in ("pid", "port"):
        path = os.path.join(state, name)
        if name == "pid" and os.path.exists(path):
            with open(path) as file:
                try:
                    os.kill(int(file.read()), signal.SIGKILL)
                except ProcessLookupError:
                    pass
        if os.path.exists(path):
            os.remove(path)


def lines(state, words=""):
    with open(os.path.join(state, "log")) as log:
        return [line for line in log.read().splitlines() if words in line]


def main(arguments):
    commands = {
        "start": start,
        "stop": stop,
        "log": lambda *words: print("".join(line + "\n" for line in lines(*words)), end=""),
        "count": lambda *words: print(len(lines(*words))),
        "forget": lambda state: open(os.path.join(state, "log"), "w").close(),
    }
    if len(arguments) < 2 or arguments[0] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    commands[arguments[0]](*arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
