# SPDX-License-Identifier: MPL-2.0
"""harness: the real cab with an empty HOME and store, servers on loopback, and TAP.

    @case("a locked island is not fetched")
    def _(box):
        box.write("default.cab", "…")
        box.cab("build")                      fails the case unless the status is 0
        box.check(box.requests() == 0, "…")

    main()                                    at the end of the file

Each case has a Box of its own: a working folder, HOME, store (CAB_ROOT) and configuration, all beneath one temporary
folder that is removed afterwards. argv: the built cab, libexec (a folder with cab-network and cab-guest), share, and
maybe the numbers or words of the cases to run. A case that cannot run here raises Skip("why"): it is counted.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SERVER = os.path.join(HERE, "..", "server")
CASES = []


class Skip(Exception):
    """Why a case cannot run here."""


class Failed(Exception):
    """What a case found wrong."""


def case(name):
    def add(function):
        CASES.append((name, function))
        return function
    return add


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __str__(self):
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Box:
    def __init__(self, program, libexec, share):
        self.top = tempfile.mkdtemp(prefix="cab-e2e-", dir=os.environ.get("CAB_TEST_TMP"))
        self.program = program
        self.here = os.path.join(self.top, "work")
        self.home = os.path.join(self.top, "home")
        self.root = os.path.join(self.top, "root")
        for folder in (self.here, self.home):
            os.mkdir(folder)
        self.settings = {}
        self.stops = []
        self.environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.home,
            "CAB_ROOT": self.root, "CAB_LIBEXEC": libexec, "CAB_SHARE": share, "LC_ALL": "C.UTF-8",
            "CAB_CONFIG": os.path.join(self.top, "config.cab"),
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "CAB_TRACE"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.configure()

    # files

    def path(self, *parts):
        return os.path.join(self.here, *parts)

    def write(self, name, text, mode=None):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        if mode:
            os.chmod(path, mode)
        return path

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def configure(self, **more):
        """Sets keys of the configuration; the value is Cab text. `islands.github.base` is islands_github_base."""
        self.settings.update(more)
        with open(self.environment["CAB_CONFIG"], "w", encoding="utf-8") as file:
            entries = "".join(f"{key.replace('_', '.')} = {value}, " for key, value in self.settings.items())
            file.write("{ " + entries + "}\n")

    # cab

    def start(self, *arguments, folder=None, **more):
        environment = dict(self.environment, **more.pop("environment", {}))
        more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([self.program, *arguments], cwd=folder or self.here, env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def finish(self, process, timeout=300):
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise Failed(f"cab did not end within {timeout} s:\n{err.decode(errors='replace')}") from None
        # A remark of the sanitizer's on every start, about the evaluator's own stack; it is no word of cab's.
        err = b"".join(line for line in err.splitlines(True) if b"ASan doesn't fully support makecontext" not in line)
        result = Result(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
        if "runtime error:" in result.err or "AddressSanitizer" in result.err or "a fault in cab itself" in result.err:
            raise Failed(f"a fault in cab: {result}")
        return result

    def run(self, *arguments, timeout=300, **more):
        return self.finish(self.start(*arguments, **more), timeout)

    def cab(self, *arguments, **more):
        result = self.run(*arguments, **more)
        if result.status != 0:
            raise Failed(f"cab {' '.join(arguments)}: {result}")
        return result

    def fails(self, *arguments, says=(), status=1, **more):
        """cab fails with this status, one message that holds each of `says`, and no temporary left in the store."""
        result = self.run(*arguments, **more)
        says = (says,) if isinstance(says, str) else says
        if result.status != status:
            raise Failed(f"cab {' '.join(arguments)} should end with status {status}: {result}")
        for words in says:
            if words not in result.err:
                raise Failed(f"cab {' '.join(arguments)} should say \"{words}\": {result}")
        staging = os.path.join(self.root, "staging")
        left = [name for name in os.listdir(staging)] if os.path.isdir(staging) else []
        if left:
            raise Failed(f"staging is not empty: {left}: {result}")
        return result

    # the store

    def objects(self):
        folder = os.path.join(self.root, "store")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def object(self, name):
        found = [entry for entry in self.objects() if entry.split("-", 1)[1] == name]
        self.check(len(found) == 1, f"one object {name} in {self.objects()}")
        return os.path.join(self.root, "store", found[0])

    # servers

    def serve_git(self, repositories, *words):
        """git's own http-backend behind nginx; github: islands mean it. Gives the Server."""
        server = Server(self, os.path.join(SERVER, "git.sh"), repositories, *words)
        self.configure(islands_github_base=f'"{server.url}"')
        return server

    def serve(self, folder, *words):
        return Server(self, os.path.join(SERVER, "httpd.py"), folder, *words)

    def serve_file(self):
        """A server whose /file is "content", and which may be reached."""
        folder = os.path.join(self.top, "web")
        os.mkdir(folder)
        with open(os.path.join(folder, "file"), "w", encoding="utf-8") as file:
            file.write("content")
        self.configure(network_allow='["127.0.0.1"]')
        return self.serve(folder)

    def check(self, condition, text):
        if not condition:
            raise Failed(text)

    def close(self):
        for stop in reversed(self.stops):
            stop()
        subprocess.run(["chmod", "-R", "u+rwX", self.top], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.top, ignore_errors=True)


def state(box):
    lock = None
    if os.path.isfile(box.path("default.cab.lock")):
        lock = box.read("default.cab.lock")
    return box.objects(), lock, box.exists("result") and os.readlink(box.path("result"))


def refuses(box, *says, arguments=("build",), **more):
    """cab fails with these words, once, and everything is what it was."""
    before = state(box)
    result = box.fails(*arguments, says=says, **more)
    box.check(state(box) == before, f"nothing is registered: {before} {state(box)} {result}")
    final = [line for line in result.err.splitlines() if line.startswith("cab: ")]
    box.check(len(final) == 1 or "error:" in result.err, f"one error: {result}")
    box.check("\033" not in result.err, "nothing raw reaches a terminal")
    return result


class Server:
    def __init__(self, box, program, folder, *words):
        self.program = program
        self.state = tempfile.mkdtemp(prefix="server-", dir=box.top)
        # First: a start that is ended half way leaves processes too.
        self.running = True
        box.stops.append(self.stop)
        started = subprocess.run([program, "start", self.state, folder, *words], check=True, stdout=subprocess.PIPE)
        self.port = int(started.stdout.split()[0])
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self):
        if self.running:
            subprocess.run([self.program, "stop", self.state], check=True)
        self.running = False

    def count(self, *words):
        return int(subprocess.run([self.program, "count", self.state, *words], check=True,
                                  stdout=subprocess.PIPE).stdout)

    def log(self):
        return subprocess.run([self.program, "log", self.state], check=True, stdout=subprocess.PIPE).stdout.decode()

    def forget(self):
        subprocess.run([self.program, "forget", self.state], check=True)

    def rules(self, *lines):
        with open(os.path.join(self.state, "rules"), "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))


def git(folder, *arguments, text=None):
    """git with an identity and a clock of its own: the same commits each time."""
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_AUTHOR_DATE": "1000000000 +0000",
        "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.org", "GIT_COMMITTER_DATE": "1000000000 +0000",
    }
    done = subprocess.run(["git", "-C", folder, *arguments], check=True, env=environment, stdout=subprocess.PIPE,
                          input=text)
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def repository(folder, files=None, branch="main"):
    """A repository, served as it is, with one commit of these files ({name: bytes or text}). Gives the revision."""
    os.makedirs(folder, exist_ok=True)
    git(folder, "init", "-q", "-b", branch)
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    return commit(folder, files or {})


def commit(folder, files, message="a commit"):
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def tree_of(path):
    """What a tree holds: {name as bytes: (kind, content or target)}; kinds d f x l, as the store has them."""
    found = {}
    top = os.fsencode(path)
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            full = os.path.join(folder, name)
            inside = os.path.relpath(full, top)
            if os.path.islink(full):
                found[inside] = ("l", os.readlink(full))
            elif os.path.isdir(full):
                found[inside] = ("d", b"")
            else:
                with open(full, "rb") as file:
                    found[inside] = ("x" if os.stat(full).st_mode & 0o100 else "f", file.read())
    return found


def git_tree_of(folder, revision="HEAD"):
    """The same, as git stores it: names as bytes, modes, contents; a submodule is an empty folder."""
    listing = subprocess.run(["git", "-C", folder, "ls-tree", "-r", "-t", "-z", revision], check=True,
                             stdout=subprocess.PIPE).stdout
    found, blobs = {}, []
    for line in listing.split(b"\0"):
        if not line:
            continue
        facts, name = line.split(b"\t", 1)
        mode, kind, digest = facts.split()
        if kind in (b"tree", b"commit"):
            found[name] = ("d", b"")
        else:
            blobs.append((name, {b"100644": "f", b"100664": "f", b"100755": "x", b"120000": "l"}[mode], digest))
    told = subprocess.run(["git", "-C", folder, "cat-file", "--batch"], check=True, stdout=subprocess.PIPE,
                          input=b"".join(digest + b"\n" for _, _, digest in blobs)).stdout
    at = 0
    for name, kind, _ in blobs:
        end = told.index(b"\n", at)
        size = int(told[at:end].split()[2])
        found[name] = (kind, told[end + 1:end + 1 + size])
        at = end + 1 + size + 1
    return found


PLATFORM = "requiredRealizerFeatures = [platform.system, platform.root]"


def shell(name, script, more=""):
    """The text of a derivation that runs a shell script."""
    quoted = script.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\\\\(", "\\(")
    return (f'derivation {{ name = "{name}", program = "/bin/sh", arguments = ["-e", "-c", "{quoted}"], '
            f"{PLATFORM}, {more} }}\n")


def run_case(number, name, function, arguments):
    box = Box(*arguments)
    try:
        function(box)
        print(f"ok {number} - {name}", flush=True)
        return True
    except Skip as why:
        print(f"ok {number} - {name} # SKIP {why}", flush=True)
        return True
    except (Failed, subprocess.CalledProcessError, OSError, KeyError, ValueError, IndexError) as why:
        print(f"not ok {number} - {name}")
        for line in f"{type(why).__name__}: {why}".splitlines()[:80]:
            print(f"# {line}")
        sys.stdout.flush()
        return False
    finally:
        box.close()


def main():
    # A test that is ended takes its servers with it: each box is closed on the way out.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    arguments, wanted = [os.path.abspath(path) for path in sys.argv[1:4]], sys.argv[4:]
    print(f"1..{len(CASES)}", flush=True)
    good = True
    for number, (name, function) in enumerate(CASES, 1):
        if wanted and not any(word == str(number) or word in name for word in wanted):
            print(f"ok {number} - {name} # SKIP not asked for")
            continue
        good &= run_case(number, name, function, arguments)
    sys.exit(0 if good else 1)
