# SPDX-License-Identifier: MPL-2.0
"""registry: package registries on loopback, in a thread of whoever imports this, that speak what the real
ones speak: npm's packuments, Python's simple index as JSON, cargo's sparse index, and their archives.

    registry = Registry()
    registry.npm("left-pad", "1.0.0", {"index.js": "…"}, tags=["latest"])
    registry.pypi("Some_Thing", "1.0", {"setup.py": "…"})
    registry.crate("itoa", "1.0.0", {"Cargo.toml": "…"}, yanked=True)
    registry.url                 http://127.0.0.1:PORT; beneath it /npm, /pypi and /crates are bases as
                                 `islands.SCHEME.base` means them, /index a sparse index, /dl its `dl`
    registry.log                 a "METHOD PATH STATUS BYTES" a request
    registry.image("some/thing", "1", [LAYER, …]) an image, and its manifest's digest; platforms(…) of several
    registry.files[PATH] = bytes    whatever else; registry.types[PATH] its Content-Type
    registry.etags[PATH] = '"…"'    its ETag
    registry.halts[PATH] = N        no more of it than N bytes is sent; then the server waits for the client to go
    registry.token = "…"            images want this bearer token, which /token gives to whoever asks
    registry.demands[PREFIX] = "…"  401 for paths that begin so unless this is their Authorization
    registry.moved[PATH] = URL      a redirect
    registry.stop()
"""
import base64
import gzip
import hashlib
import http.server
import io
import json
import re
import tarfile
import threading
import zipfile

NPM_TYPE = "application/vnd.npm.install-v1+json"
PYPI_TYPE = "application/vnd.pypi.simple.v1+json"


OCI = "application/vnd.oci.image."


def layer(*entries):
    """A tar of entries: "NAME/" is a folder, ("NAME", TEXT) a file, ("NAME", "->", TARGET) a symbolic link and
    ("NAME", "=", TARGET) a hard one."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for entry in entries:
            words = (entry,) if isinstance(entry, str) else entry
            info = tarfile.TarInfo(words[0].rstrip("/"))
            data = b""
            if len(words) == 1:
                info.type = tarfile.DIRTYPE
            elif len(words) == 3:
                info.type = tarfile.SYMTYPE if words[1] == "->" else tarfile.LNKTYPE
                info.linkname = words[2]
            else:
                data = words[1].encode()
                info.mode = 0o755 if data.startswith(b"#!") else 0o644
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tarball(top, files):
    """A tar.gz of one folder, the same bytes always."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            data = files[name].encode()
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size = len(data)
            entry.mode = 0o755 if data.startswith(b"#!") else 0o644
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def zipped(top, files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(f"{top}/{name}"), files[name])
    return out.getvalue()


def integrity(data):
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Registry:
    def __init__(self):
        self.log, self.files, self.types, self.moved, self.etags, self.halts = [], {}, {}, {}, {}, {}
        self.token = None
        self.demands = {}
        self.packuments, self.pages, self.index = {}, {}, {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.answer(self)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        path = request.path
        data, kind, status = self.find(path, request.headers.get("Accept") or "")
        if path in self.moved:
            data, status = b"", 302
        elif data is None:
            data, status = b"nothing is here", 404
        headers = {}
        if self.token and path.startswith("/v2/") and request.headers.get("Authorization") != f"Bearer {self.token}":
            data, status = b"", 401
            headers["WWW-Authenticate"] = f'Bearer realm="{self.url}/token",service="images",scope="pull"'
        elif self.token and path.startswith("/token?"):
            data, kind, status = json.dumps({"token": self.token}).encode(), "application/json", 200
        if any(path.startswith(prefix) and request.headers.get("Authorization") != words
               for prefix, words in self.demands.items()):
            data, status = b"who are you?", 401
        self.log.append(f"{request.command} {path} {status} {len(data)}")
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if path in self.moved:
            request.send_header("Location", self.moved[path])
        if path in self.etags:
            request.send_header("ETag", self.etags[path])
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        if path not in self.halts:
            request.wfile.write(data)
            return
        request.wfile.write(data[:self.halts[path]])
        request.wfile.flush()
        request.close_connection = True
        try:
            request.connection.recv(1)  # nothing comes but the connection's end
        except ConnectionResetError:
            pass

    def find(self, path, accept):
        if path in self.files:
            return self.files[path], self.types.get(path, "application/octet-stream"), 200
        part = path.split("/", 2)
        if part[1] == "npm" and part[2] in self.packuments and NPM_TYPE in accept:
            return json.dumps(self.packuments[part[2]]).encode(), NPM_TYPE, 200
        if part[1] == "pypi" and part[2].rstrip("/") in self.pages and PYPI_TYPE in accept:
            if not part[2].endswith("/"):
                self.moved[path] = path + "/"
            return json.dumps(self.pages[part[2].rstrip("/")]).encode(), PYPI_TYPE, 200
        name = part[-1].rpartition("/")[2]
        if part[1] in ("crates", "index") and name in self.index:
            lines = "".join(json.dumps(line) + "\n" for line in self.index[name])
            return lines.encode(), "text/plain", 200
        return None, "text/plain", 404

    def npm(self, name, version, files, tags=(), **more):
        data = tarball("package", files)
        path = f"/npm/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        self.files[path] = data
        document = self.packuments.setdefault(
            name.replace("/", "%2f"), {"name": name, "dist-tags": {}, "versions": {}})
        dist = {"tarball": self.url + path, "integrity": integrity(data), "shasum": hashlib.sha1(data).hexdigest()}
        dist.update(more)
        document["versions"][version] = {"name": name, "version": version, "dist": dist}
        for tag in tags:
            document["dist-tags"][tag] = version
        return data

    def pypi(self, name, version, files, form="tar.gz", yanked=False, relative=True):
        top = f"{name}-{version}"
        data = tarball(top, files) if form == "tar.gz" else zipped(top, files)
        path = f"/packages/{top}.{form}"
        self.files[path] = data
        page = self.pages.setdefault(re.sub("[-_.]+", "-", name).lower(), {
            "meta": {"api-version": "1.0"}, "name": name, "files": []})
        page["files"].append({"filename": f"{top}.{form}", "hashes": {"sha256": sha256(data)},
                              "url": ("../.." + path) if relative else self.url + path, "yanked": yanked})
        return data

    def blob(self, name, data):
        digest = "sha256:" + sha256(data)
        self.files[f"/v2/{name}/blobs/{digest}"] = data
        return digest

    def manifest(self, name, tag, document, media):
        data = json.dumps(document).encode()
        digest = "sha256:" + sha256(data)
        for reference in (tag, digest):
            self.files[f"/v2/{name}/manifests/{reference}"] = data
            self.types[f"/v2/{name}/manifests/{reference}"] = media
        return digest

    def image(self, name, tag, layers, media=OCI + "manifest.v1+json"):
        rows = [{"mediaType": OCI + "layer.v1.tar", "size": len(data), "digest": self.blob(name, data)} for data in layers]
        config = {"mediaType": OCI + "config.v1+json", "size": 2, "digest": self.blob(name, b"{}")}
        return self.manifest(name, tag, {"schemaVersion": 2, "mediaType": media, "config": config, "layers": rows}, media)

    def platforms(self, name, tag, images, media=OCI + "index.v1+json"):
        """images: {"linux/amd64": DIGEST}"""
        rows = []
        for platform, digest in images.items():
            words = dict(zip(("os", "architecture", "variant"), platform.split("/")))
            rows.append({"mediaType": OCI + "manifest.v1+json", "digest": digest, "platform": words})
        return self.manifest(name, tag, {"schemaVersion": 2, "mediaType": media, "manifests": rows}, media)

    def crate(self, name, version, files, yanked=False):
        data = tarball(f"{name}-{version}", files)
        self.files[f"/crates/{name}/{version}"] = data
        self.files[f"/dl/{name}/{version}/download"] = data
        self.index.setdefault(name, []).append({"name": name, "vers": version, "deps": [], "cksum": sha256(data),
                                                "features": {}, "yanked": yanked})
        return data
