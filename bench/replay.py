# SPDX-License-Identifier: MPL-2.0
"""replay: a server on loopback that answers git's requests with the bytes that git's own http-backend gave once.

So a client's own cost is seen, without that of packing. Recorded through `git http-backend` as a CGI: the capabilities,
the listing of refs, and the pack of HEAD at depth 1. Files of a folder are served beside them.
"""
import os
import socket
import subprocess
import threading


def pkt(text):
    return b"%04x%s" % (len(text) + 4, text)


LS_REFS = (pkt(b"command=ls-refs\n") + pkt(b"agent=bench\n") + pkt(b"object-format=sha1") + b"0001" + pkt(b"peel\n")
           + pkt(b"symrefs\n") + pkt(b"ref-prefix HEAD\n") + pkt(b"ref-prefix refs/heads/\n") + pkt(b"ref-prefix refs/tags/\n")
           + b"0000")


def fetch_request(revision):
    return (pkt(b"command=fetch") + pkt(b"agent=bench") + pkt(b"object-format=sha1") + b"0001" + pkt(b"thin-pack")
            + pkt(b"no-progress") + pkt(b"ofs-delta") + pkt(b"deepen 1") + pkt(b"want " + revision.encode() + b"\n")
            + pkt(b"done\n") + b"0000")


def backend(repository, method, path, query, body):
    environment = {
        "PATH": "/usr/bin:/bin", "GIT_PROJECT_ROOT": os.path.dirname(repository), "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": "/" + os.path.basename(repository) + path, "QUERY_STRING": query, "REQUEST_METHOD": method,
        "CONTENT_TYPE": "application/x-git-upload-pack-request", "CONTENT_LENGTH": str(len(body)),
        "HTTP_GIT_PROTOCOL": "version=2", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    program = os.path.join(subprocess.run(["git", "--exec-path"], check=True, stdout=subprocess.PIPE).stdout.decode().strip(),
                           "git-http-backend")
    out = subprocess.run([program], input=body, env=environment, check=True, stdout=subprocess.PIPE).stdout
    return out.split(b"\r\n\r\n", 1)[1]


class Replay:
    def __init__(self, repository, files=None):
        revision = subprocess.run(["git", "-C", repository, "-c", "safe.directory=*", "rev-parse", "HEAD"], check=True,
                                  stdout=subprocess.PIPE).stdout.decode().strip()
        self.revision = revision
        self.capabilities = backend(repository, "GET", "/info/refs", "service=git-upload-pack", b"")
        self.refs = backend(repository, "POST", "/git-upload-pack", "", LS_REFS)
        self.pack = backend(repository, "POST", "/git-upload-pack", "", fetch_request(revision))
        self.files = files
        self.requests = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                more = connection.recv(1 << 16)
                if not more:
                    return connection.close()
                data += more
            head, data = data.split(b"\r\n\r\n", 1)
            fields = {line.split(b":", 1)[0].lower(): line.split(b":", 1)[1].strip()
                      for line in head.split(b"\r\n")[1:]}
            length = int(fields.get(b"content-length", b"0"))
            while len(data) < length:
                data += connection.recv(1 << 16)
            body, data = data[:length], data[length:]
            self.requests += 1
            self.answer(connection, head.split(b" ")[1].decode(), body)

    def answer(self, connection, path, body):
        kind = "application/octet-stream"
        if "/info/refs" in path:
            reply, kind = self.capabilities, "application/x-git-upload-pack-advertisement"
        elif path.endswith("/git-upload-pack"):
            reply = self.refs if b"command=ls-refs" in body else self.pack
            kind = "application/x-git-upload-pack-result"
        else:
            with open(os.path.join(self.files, os.path.basename(path)), "rb") as file:
                reply = file.read()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind.encode(), len(reply)))
        connection.sendall(reply)
