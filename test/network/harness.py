# SPDX-License-Identifier: MPL-2.0
"""What the tests of cab-network share: servers, tries, TAP."""
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import traceback

from realizer import Network

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HTTPD = os.path.join(ROOT, "server", "httpd.py")
GIT = os.path.join(ROOT, "server", "git.sh")


class Skip(Exception):
    pass


class Httpd:
    """test/server/httpd.py, for one test."""

    def __init__(self, *options, **files):
        self.state = tempfile.mkdtemp(prefix="cab-httpd-")
        self.folder = os.path.join(self.state, "www")
        os.mkdir(self.folder)
        for name, data in files.items():
            self.write(name, data)
        said = subprocess.run([sys.executable, HTTPD, "start", self.state, self.folder, *options],
                              check=True, capture_output=True, text=True)
        self.port = int(said.stdout)
        self.origin = "http%s://127.0.0.1:%d" % (
            "s" if any(one.startswith("tls=") for one in options) else "", self.port)

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def rules(self, *lines):
        with open(os.path.join(self.state, "rules"), "w") as rules:
            rules.write("\n".join(lines) + "\n")

    def log(self):
        with open(os.path.join(self.state, "log")) as log:
            return [line.split() for line in log]

    def heads(self):
        with open(os.path.join(self.state, "heads")) as heads:
            return heads.read().lower()

    def url(self, path):
        return self.origin + path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([sys.executable, HTTPD, "stop", self.state], check=True)
        subprocess.run(["rm", "-rf", self.state], check=True)


class Certificates:
    """An authority, and certificates that are right and wrong in each way."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="cab-tls-")
        self.authority = self.path("authority.pem")
        self.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 "
                     "-subj /CN=authority -keyout authority.key -out authority.pem")
        return self

    def __exit__(self, *_):
        subprocess.run(["rm", "-rf", self.folder], check=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, line):
        subprocess.run(["openssl", *line.split()], cwd=self.folder, check=True, capture_output=True)

    def pair(self, name):
        """CERTIFICATE,KEY for httpd.py."""
        host = {"elsewhere": "DNS:elsewhere.example", "files": "DNS:files.example"}.get(
            name, "IP:127.0.0.1,DNS:localhost")
        with open(self.path("extensions"), "w") as out:
            out.write("subjectAltName=%s\n" % host)
        self.openssl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x "
                     "-keyout %s.key -out %s.csr" % (name, name))
        if name == "alone":
            self.openssl("x509 -req -in alone.csr -signkey alone.key -days 9 -extfile extensions "
                         "-out alone.pem")
        elif name == "expired":
            open(self.path("index"), "w").close()
            with open(self.path("ca.cnf"), "w") as out:
                out.write("[ca]\ndefault_ca=c\n[c]\ndatabase=index\nnew_certs_dir=.\npolicy=p\n"
                          "rand_serial=yes\ndefault_md=sha256\n[p]\ncommonName=optional\n")
            self.openssl("ca -batch -config ca.cnf -cert authority.pem -keyfile authority.key "
                         "-startdate 20200101000000Z -enddate 20200201000000Z -extfile extensions "
                         "-in expired.csr -out expired.pem -notext")
        else:
            self.openssl("x509 -req -in %s.csr -CA authority.pem -CAkey authority.key "
                         "-CAcreateserial -days 9 -extfile extensions -out %s.pem" % (name, name))
        return self.path(name + ".pem") + "," + self.path(name + ".key")


@contextlib.contextmanager
def network(**config):
    """A cab-network that must end well, and silently, when the test is over."""
    one = Network(sys.argv[1], **config)
    try:
        yield one
    except BaseException:
        one.socket.close()
        one.process.kill()
        print("# standard error: " + one.complaint().replace("\n", "\n# "), flush=True)
        raise
    code, complaint = one.close()
    assert (code, complaint) == (0, ""), "it ended with %d and said %r" % (code, complaint)


@contextlib.contextmanager
def served(*options, config=None, **files):
    """A server, and a cab-network whose host's configuration names it."""
    config = dict(config or {})
    with Httpd(*options, **files) as server:
        with network(named=[server.origin] + config.pop("named", []), **config) as one:
            yield server, one


def same(left, right):
    assert left == right, "%.300r is not %.300r" % (left, right)


def says(reply, *words):
    for word in words:
        assert word in reply.why, "%r is not in %r" % (word, reply.why)


def run(tests):
    """Runs them all, or those whose name holds the second argument; TAP."""
    # A test that is ended takes its servers with it: they are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    chosen = [one for one in tests if len(sys.argv) < 3 or sys.argv[2] in one.__name__]
    print("1..%d" % len(chosen), flush=True)
    for at, test in enumerate(chosen, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
            print("ok %d - %s" % (at, name), flush=True)
        except Skip as why:
            print("ok %d - %s # SKIP %s" % (at, name, why), flush=True)
        except Exception:
            print("# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
            print("not ok %d - %s" % (at, name), flush=True)
