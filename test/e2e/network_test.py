#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""What programs reach of the network, and what of the host's secrets they see: nothing."""
import contextlib
import hashlib
import http.server
import os
import re
import subprocess
import threading

from harness import PLATFORM, Skip, case, git_tree_of, main, repository, shell, tree_of

SECRET = "hunter2hunter2"
FEATURES = re.search(r"requiredRealizerFeatures = \[([^\]]*)\]", PLATFORM).group(1)


def native(name, script, more=""):
    """A shell script that requires the network."""
    text = shell(name, script, more)
    return text.replace(f"[{FEATURES}]", f'[{FEATURES}, "network"]')


def fixing(name, script, more=""):
    return native(name, script + "\necho cab . > $CAB_HASH", 'fixed = "self", ' + more)


def web(box, **files):
    folder = os.path.join(box.top, "web")
    os.makedirs(folder, exist_ok=True)
    for name, data in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(data)
    return box.serve(folder)


def logs(box):
    """All that programs, and cab in their name, said in this box."""
    said = ""
    for folder, _, files in os.walk(os.path.join(box.root, "logs")):
        for name in files:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                said += file.read()
    return said


@case("a native program that requires the network reaches its origins through a proxy, and is accounted")
def _(box):
    server = web(box, file="content", other="other")
    box.configure(network_allow='["127.0.0.1"]')
    box.write("default.cab", fixing("get", f"curl -sSf {server.url}/file > $out\ncurl -sSf {server.url}/other >> $out",
                                    f'origins = ["{server.url}"],'))
    result = box.cab("build", "--account")
    box.check(box.read("result") == "contentother", box.read("result"))
    box.check(re.search(r"\b2 requests\b", result.out), f"the account counts: {result}")
    box.check(server.count() == 2, server.log())
    server.forget()
    box.cab("build")
    box.check(server.count() == 0, server.log())


@case("git clone works within a fixed derivation")
def _(box):
    folder = os.path.join(box.top, "git", "o", "r")
    repository(folder, {"a": "1", "d/b": "2"})
    server = box.serve_git(os.path.join(box.top, "git"))
    box.configure(network_allow='["127.0.0.1"]')
    box.write("default.cab", fixing(
        "clone", f"git clone -q {server.url}/o/r tree\nrm -rf tree/.git\ncp -r tree $out", f'origins = ["{server.url}"],'))
    box.cab("build")
    box.check(sorted(os.listdir(box.path("result"))) == ["a", "d"], str(os.listdir(box.path("result"))))
    found = re.search(r"cab ([a-z][a-z2-7]{52})", box.read("default.cab.lock")).group(1)
    os.remove(box.path("default.cab.lock"))
    box.write("default.cab", native(
        "cloned", f"git clone -q {server.url}/o/r tree\nrm -rf tree/.git\ncp -r tree $out",
        f'fixed = ["cab {found}"], origins = ["{server.url}"],'))
    box.cab("build")
    box.write("default.cab", native(
        "again", f"git clone -q {server.url}/o/r tree\nrm -rf tree/.git tree/a\ncp -r tree $out",
        f'fixed = ["cab {found}"], origins = ["{server.url}"],'))
    box.fails("build", says=("its hash is", found))


@case("what the host does not allow, and what is not among the origins, is refused with a sentence in the log")
def _(box):
    server = web(box, file="content")
    other = web(box, file="content")
    text = fixing("get", f"curl -sS {server.url}/file\ncurl -sS {other.url}/file\necho x > $out",
                  f'origins = ["{server.url}"],')
    box.write("default.cab", text)
    box.cab("build")
    said = logs(box)
    box.check("network.allow" in said and "not among the origins" in said, said)
    box.check(server.count() == 0 and other.count() == 0, server.log())


@case("there is no way but the proxy, and none without the feature")
def _(box):
    server = web(box, file="content")
    box.configure(network_allow='["127.0.0.1"]')
    direct = f"curl --noproxy '*' -sS -m 5 {server.url}/file && exit 1"
    box.write("default.cab", fixing("direct", f"{direct}\nenv | grep -i _proxy= | sort > $out",
                                    f'origins = ["{server.url}"],'))
    box.cab("build")
    box.check(box.read("result").splitlines() == [
        f"{name}=http://127.0.0.1:3128" for name in ("HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "https_proxy")],
        box.read("result"))
    script = f"curl -sS -m 5 {server.url}/file && exit 1\n! env | grep -i _proxy=\necho x > $out\necho cab . > $CAB_HASH"
    box.write("default.cab", shell("without", script, 'fixed = "self",'))
    box.cab("build")
    box.check(server.count() == 0, server.log())


@case("the network is for what has a hash, and not with --offline")
def _(box):
    box.write("default.cab", native("ordinary", "echo x > $out"))
    box.fails("build", says=('it requires "network"', "self-fixing"))
    box.write("default.cab", fixing("get", "echo x > $out"))
    box.fails("build", "--offline", says="--offline")
    box.cab("build")


def memory_of(pid):
    """What a process holds, as far as it can be read."""
    held = b""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            words = line.split()
            start, end = (int(one, 16) for one in words[0].split("-"))
            if not words[1].startswith("rw") or end - start > 64 << 20:
                continue
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(start)
                held += memory.read(end - start)
    return held


def children_of(top):
    """All processes beneath one."""
    beneath, found = {}, [top]
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8") as stat:
                beneath.setdefault(int(stat.read().rsplit(")", 1)[1].split()[1]), []).append(int(name))
    for pid in found:
        found += beneath.get(pid, [])
    return found


class Demanding:
    """A server that wants a token, and looks at every process of cab when it is shown."""

    def __init__(self, box, files):
        self.box, self.seen, self.looked, self.pid = box, [], set(), None
        demanding = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                good = self.headers.get("authorization") == "Bearer " + SECRET
                if good:
                    demanding.look()
                body = files.get(self.path, b"") if good else b"who are you?"
                self.send_response(200 if good else 401)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        box.stops.append(self.server.shutdown)

    def look(self):
        for pid in children_of(self.pid):
            name = memory = b""
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/comm", "rb") as file:
                    name = file.read().strip()
                for what in ("cmdline", "environ"):
                    with open(f"/proc/{pid}/{what}", "rb") as file:
                        if SECRET.encode() in file.read():
                            self.seen.append(f"{what} of {name.decode()}")
            memory = b"" if name == b"cab-network" else memory_of(pid)
            if memory:
                self.looked.add(name.decode())
            if SECRET.encode() in memory:
                self.seen.append(f"memory of {name.decode()}")


class Crowded:
    """A server that holds every answer until as many requests have come as it is told of, and counts how many it held at once.
    Nobody waits for a time: it lets them go when so many are there, or, where no more may come, at once."""

    def __init__(self, box, names, together):
        self.held, self.most, self.waits = 0, 0, threading.Condition()
        crowded = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                left = crowded.enter(together)
                body = self.path.encode()
                self.send_response(200 if left else 500)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.left = names
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        box.stops.append(self.server.shutdown)

    def enter(self, together):
        """Held until `together` are, or all that are left; false where they did not come."""
        with self.waits:
            self.held += 1
            self.most = max(self.most, self.held)
            self.waits.notify_all()
            there = self.waits.wait_for(lambda: self.held >= min(together, self.left), 60)
            self.left -= 1
            self.held -= 1
            self.waits.notify_all()
            return there


@case("--max-fetches N: N requests are on their way at once, and never more; without it many are")
def _(box):
    box.configure(network_allow='["127.0.0.1"]')
    for arguments, together in ((("--max-fetches", "1"), 1), (("--max-fetches", "3"), 3), ((), 6)):
        server = Crowded(box, 6, together)
        lines = " ".join(f"\\(<file:{server.url}/{together}-{number}>)" for number in range(6))
        box.write("default.cab", shell("use", f"cat {lines} > $out"))
        box.cab("build", *arguments)
        box.check(server.left == 0 and server.most == together, f"{arguments}: {server.most} at once, {server.left} left")


@case("a private package is fetched, and its secret is in no process, file or word but cab-network's own")
def _(box):
    if os.geteuid() != 0:
        raise Skip("the memory of the guest's process is read by root alone")
    server = Demanding(box, {"/private": b"private content"})
    secret = os.path.join(box.top, "secret")
    with open(secret, "w", encoding="utf-8") as file:
        file.write(SECRET + "\n")
    box.configure(network_allow='["127.0.0.1"]')
    box.write("default.cab", shell("use", f"cp \\(<file:{server.url}/private>) $out"))
    box.fails("build", says="401")
    box.configure(**{f'credentials."{server.url}"': f'{{ file = "{secret}", kind = "bearer" }}'})
    process = box.start("build", "--account", environment={"CAB_TRACE": "all"})
    server.pid = process.pid
    result = box.finish(process)
    box.check(result.status == 0 and box.read("result") == "private content", f"{result}")
    box.check({"cab", "cab-guest"} <= server.looked, f"the processes were looked at: {server.looked}")
    box.check(not server.seen, f"the secret was seen: {server.seen}")
    box.check(SECRET not in result.out + result.err, "the secret is in what was said")
    for folder, _, files in os.walk(box.top):
        for name in files:
            path = os.path.join(folder, name)
            if path == secret or not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                box.check(SECRET.encode() not in file.read(), f"the secret is in {path}")


@case("what the configuration says wrongly of the network is the reason of what fails, for islands and for programs")
def _(box):
    server = web(box, file="content")
    box.write("default.cab", shell("use", f"cat \\(<file:{server.url}/file>) > $out"))
    for setting, says in (('network.allow=["10.0.0.0/33"]', '"10.0.0.0/33" is neither an address nor ADDRESS/BITS'),
                          (f'mirrors."{server.url}"=["files.example"]', "mirrors"),
                          ('credentials."https://host.example/path"={ environment = "X" }', "credentials"),
                          ('credentials."https://host.example"={ command = [] }', "is empty")):
        result = box.fails("build", "--set", setting, says=says)
        box.check(len([line for line in result.err.splitlines() if line.startswith("cab")]) == 1, f"one sentence: {result}")
    box.check(server.count() == 0, server.log())
    box.write("default.cab", fixing("get", f"curl -sSf {server.url}/file > $out", f'origins = ["{server.url}"],'))
    box.fails("build", "--set", 'network.allow=["10.0.0.0/33"]', says="10.0.0.0/33")


@case("a private repository behind nginx is fetched with a user and a password from a command")
def _(box):
    folder = os.path.join(box.top, "git", "o", "r")
    repository(folder, {"a": "1"})
    server = box.serve_git(os.path.join(box.top, "git"), f"user=me:{SECRET}")
    box.write("default.cab", shell("use", "cp -r \\(<github:o/r>) $out"))
    box.fails("build", says=("401", f"it may want to know who asks: --set 'credentials.\"{server.url}\"={{ file = "))
    box.configure(**{f'credentials."{server.url}"': f'{{ command = ["printf", "%s", "{SECRET}-"], user = "me" }}'})
    result = box.fails("build", says=("401", f"the credential of {server.url} does not do"))
    box.check(SECRET not in result.out + result.err, f"{result}")
    box.configure(**{f'credentials."{server.url}"': f'{{ command = ["printf", "%s", "{SECRET}"], user = "me" }}'})
    result = box.cab("build", "--account")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), "the tree is git's")
    box.check(SECRET not in result.out + result.err + box.read("default.cab.lock"), f"{result}")


@case("H9: a certificate that nobody vouches for is an error although the checksum matches; network.ca vouches")
def _(box):
    folder = os.path.join(box.top, "tls")
    os.mkdir(folder)
    with open(os.path.join(folder, "extensions"), "w", encoding="utf-8") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    for line in ("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=authority "
                 "-keyout authority.key -out authority.pem",
                 "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x -keyout s.key -out s.csr",
                 "x509 -req -in s.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 9 "
                 "-extfile extensions -out s.pem"):
        subprocess.run(["openssl", *line.split()], cwd=folder, check=True, capture_output=True)
    files = os.path.join(box.top, "web")
    os.mkdir(files)
    with open(os.path.join(files, "file"), "wb") as file:
        file.write(b"content")
    server = box.serve(files, f"tls={folder}/s.pem,{folder}/s.key")
    url = server.url.replace("http:", "https:")
    box.configure(network_allow='["127.0.0.1"]')
    checksum = hashlib.sha256(b"content").hexdigest()
    box.write("default.cab", f'source = <file:{url}/file:{{ checksum = "sha256-{checksum}" }}>;\n'
              + shell("use", "cp \\(source) $out"))
    box.fails("build", says="certificate")
    box.configure(network_ca=f'"{folder}/authority.pem"')
    box.cab("build")
    box.check(box.read("result") == "content", box.read("result"))


main()
