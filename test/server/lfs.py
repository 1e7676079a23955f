# SPDX-License-Identifier: MPL-2.0
"""lfs: a server of git repositories with contents of Git LFS: git's own http-backend, and the batch API before it.

    server = Lfs(repositories)
    oid, pointer = server.add(content)      an object it has, and what a tree has in its place
    server.url, server.asked, server.log    its address; the objects of each batch; "METHOD PATH" a line
    server.stop()

Hostile ones set `server.answer`, a function from the request and the honest answer to another one (JSON, bytes, or a number:
that HTTP status), or `server.contents[oid]`. `server.elsewhere`: the URL before the path of contents, where it is not its own.
`server.header`: one that contents want. `server.gathers(COUNT)`: contents are given once so many are asked for, and one that
waits alone for a minute is none.
"""
import hashlib
import http.server
import json
import os
import subprocess
import threading

MEDIA = "application/vnd.git-lfs+json"
BATCH = ".git/info/lfs/objects/batch"


def pointer_of(content, size=None):
    oid = hashlib.sha256(content).hexdigest()
    size = len(content) if size is None else size
    return oid, f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def send(self, status, body, kind="application/octet-stream"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def batch(self, server, asked):
        request = json.loads(asked)
        assert self.headers["Accept"] == self.headers["Content-Type"] == MEDIA, self.headers
        assert request["operation"] == "download" and request["transfers"] == ["basic"], request
        server.asked.append(request["objects"])
        answer = server.honest(request)
        if server.answer:
            answer = server.answer(request, answer)
        if isinstance(answer, int):
            self.send(answer, b"{}", MEDIA)
        else:
            self.send(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode(), MEDIA)

    def backend(self, server, path, query, asked):
        run = subprocess.run(["git", "-c", "safe.directory=*", "http-backend"], input=asked, stdout=-1, stderr=-3, check=False, env={
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": server.repositories, "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent", "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
            "GIT_CONFIG_KEY_1": "uploadpack.allowFilter", "GIT_CONFIG_VALUE_1": "true",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "", "PATH_INFO": path, "QUERY_STRING": query,
            "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type") or "",
            "CONTENT_LENGTH": str(len(asked)), "REMOTE_ADDR": "127.0.0.1"})
        head, _, body = run.stdout.partition(b"\r\n\r\n")
        self.wfile.write(b"HTTP/1.0 200 OK\r\n" + head + b"\r\n\r\n" + body)

    def do_POST(self):
        server = self.server.owner
        path, _, query = self.path.partition("?")
        asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.log.append(f"{self.command} {path}")
        if path.endswith(BATCH):
            self.batch(server, asked)
        elif path.startswith("/content/"):
            content = server.contents.get(path.rpartition("/")[2])
            if content is None or not server.gathered() or any(self.headers.get(name) != value for name, value in server.header.items()):
                self.send(403, b"")
            else:
                self.send(200, content)
        else:
            self.backend(server, path, query, asked)

    do_GET = do_POST


class Lfs:
    def __init__(self, repositories):
        self.repositories = str(repositories)
        self.contents, self.asked, self.log, self.header = {}, [], [], {}
        self.answer = self.elsewhere = self.barrier = None
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.owner = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, content):
        oid, pointer = pointer_of(content)
        self.contents[oid] = content
        return oid, pointer

    def gathers(self, count):
        self.barrier = threading.Barrier(count)

    def gathered(self):
        try:
            return self.barrier is None or self.barrier.wait(60) >= 0
        except threading.BrokenBarrierError:
            return False

    def honest(self, request):
        objects = []
        for one in request["objects"]:
            action = {"href": f"{self.elsewhere or self.url}/content/{one['oid']}", "expires_in": 60}
            if self.header:
                action["header"] = self.header
            objects.append({**one, "actions": {"download": action}} if one["oid"] in self.contents else
                           {**one, "error": {"code": 404, "message": "Object does not exist"}})
        return {"transfer": "basic", "objects": objects}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
