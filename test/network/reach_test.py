# SPDX-License-Identifier: MPL-2.0
"""Where cab-network goes, and as whom: credentials, TLS and HTTP/2, proxies, git servers, a real
registry: reach_test.py PROGRAM [WORDS]"""
import contextlib
import glob
import hashlib
import json
import os
import subprocess
import sys
import tempfile

from harness import GIT, Httpd, Skip, network, run, same, says, served
from realizer import CANCEL

ONCE = {"connect": 5, "stall": 20, "total": 60, "retries": 0}
BASIC = "authorization: basic "
SIZE = 1000000  # times five bytes: more than a pipe, and what waits for one, hold


@contextlib.contextmanager
def git_server(*options):
    """A repository "o/r" of one commit, behind nginx; yields its folder of state and its origin."""
    with tempfile.TemporaryDirectory(prefix="cab-git-") as folder:
        state, repositories = os.path.join(folder, "state"), os.path.join(folder, "repositories")
        work = os.path.join(folder, "work")
        quiet = {"check": True, "capture_output": True, "env": dict(
            os.environ, HOME=folder, GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="a",
            GIT_AUTHOR_EMAIL="a@a.example", GIT_COMMITTER_NAME="a",
            GIT_COMMITTER_EMAIL="a@a.example")}
        os.makedirs(os.path.join(repositories, "o"))
        os.mkdir(os.path.join(repositories, "-"))
        with open(os.path.join(repositories, "-", "plain"), "wb") as out:
            out.write(b"plain" * SIZE)
        subprocess.run(["git", "init", "-q", "-b", "main", work], **quiet)
        subprocess.run(["git", "-C", work, "commit", "-q", "--allow-empty", "-m", "x"], **quiet)
        subprocess.run(["git", "clone", "-q", "--bare", work,
                        os.path.join(repositories, "o", "r.git")], **quiet)
        said = subprocess.run([GIT, "start", state, repositories, *options], check=True,
                              capture_output=True, text=True)
        try:
            yield state, "http://127.0.0.1:" + said.stdout.strip()
        finally:
            subprocess.run([GIT, "stop", state], check=True)


def git_log(state, words=""):
    said = subprocess.run([GIT, "log", state, words], check=True, capture_output=True, text=True)
    return [line.split() for line in said.stdout.splitlines()]


def one_post_lists_the_refs_of_a_git_server():
    packet = (b"0014command=ls-refs\n0001" b"0009peel\n" b"000csymrefs\n" b"0014ref-prefix HEAD\n"
              b"0000")
    with git_server() as (state, origin), network(named=[origin]) as one:
        for name in ("r", "r.git"):
            reply = one.fetch(
                "POST", origin + "/o/%s/git-upload-pack" % name, body=packet, origins=[origin],
                headers="Git-Protocol: version=2\n"
                        "Content-Type: application/x-git-upload-pack-request\n"
                        "Accept: application/x-git-upload-pack-result\n")
            same((reply.status, reply.why, reply.requests), (200, "", 1))
            assert b" HEAD symref-target:refs/heads/main\n0000" in reply.body, reply.body
        same([line[0] for line in git_log(state)], ["POST", "POST"])
        same(len(git_log(state, "/o/r.git/")), 1)


def tls_requests_share_one_connection_by_http_2():
    with git_server("tls") as (state, _):
        with open(os.path.join(state, "tls-port")) as port:
            origin = "https://localhost:" + port.read().strip()
        environment = {"SSL_CERT_FILE": os.path.join(state, "authority.pem")}
        with network(named=[origin], environment=environment, limits=ONCE) as one:
            slow = [one.open("GET", origin + "/-/plain?slow", origins=[origin], reads=False)
                    for _ in range(3)]
            one.wait(lambda: all(reply.status for reply in slow))
            quick = [one.open("GET", origin + "/-/plain?%d" % at, origins=[origin])
                     for at in range(12)]
            one.finish(*quick)
            for reply in slow:
                assert not reply.ended
                reply.reads = True
            one.finish(*slow)
            for reply in quick + slow:
                same((reply.why, reply.status, reply.size), ("", 200, 5 * SIZE))
                assert reply.body == b"plain" * SIZE, "the body is another"
        same({line[5] for line in git_log(state)}, {"HTTP/2.0"})
        same((len(git_log(state)), len({line[7] for line in git_log(state)})), (15, 1))
        with network(named=[origin], environment={"SSL_CERT_FILE": ""}, limits=ONCE) as one:
            reply = one.fetch("GET", origin + "/-/plain", origins=[origin])
            same((reply.status, reply.requests), (None, 0))
            says(reply, "certificate")


def credentials_come_from_files_commands_and_the_environment():
    with tempfile.TemporaryDirectory() as folder, served(a=b"a") as (server, _):
        def text(name, data):
            path = os.path.join(folder, name)
            with open(path, "wb") as out:
                out.write(data)
            return path

        script = text("script", b"#!/bin/sh\necho \"$1:$CAB_TEST_WORD\"\necho more\n")
        os.chmod(script, 0o755)
        environment = {"CAB_TEST_WORD": "w0rd", "CAB_TEST_TOKEN": "t0ken",
                       "PATH": folder + ":" + os.environ["PATH"]}
        for kind, value, line in (
                ("file", text("a", b"user:pass\nmore\n"), BASIC + "dxnlcjpwyxnz"),
                ("file", text("b", b"Bearer abc\r\n"), "authorization: bearer abc"),
                ("file", text("c", b"t0ken"), BASIC + "ec1hy2nlc3mtdg9rzw46ddbrzw4="),
                ("environment", "CAB_TEST_TOKEN", BASIC + "ec1hy2nlc3mtdg9rzw46ddbrzw4="),
                ("command", ["script", "user"], BASIC + "dxnlcjp3mhjk"),
                ("command", [script, "--", ], BASIC + "ls06dzbyza==")):
            row = {"origin": server.origin, "kind": kind, "value": value}
            with network(named=[server.origin], credentials=[row], environment=environment) as one:
                replies = [one.open("GET", server.url("/a"), origins=[server.origin])
                           for _ in range(3)]
                one.finish(*replies)
                same([(reply.why, reply.body) for reply in replies], [("", b"a")] * 3)
            last = server.heads().strip().split("\n\n")[-3:]
            assert all((line + "\n") in head + "\n" for head in last), last


def a_credential_that_is_not_to_be_had_fails_its_origin_alone():
    with tempfile.TemporaryDirectory() as folder, Httpd(a=b"a") as other:
        bad = os.path.join(folder, "bad")
        with open(bad, "wb") as out:
            out.write(b"a\x1bb\n")
        empty = os.path.join(folder, "empty")
        open(empty, "w").close()
        with Httpd(a=b"a") as server:
            for kind, value, words in (("file", os.path.join(folder, "absent"), "No such file"),
                                       ("file", bad, "not printable"), ("file", empty, "empty"),
                                       ("file", "/dev/zero", "/dev/zero"),
                                       ("environment", "CAB_TEST_ABSENT", "not set"),
                                       ("command", ["false"], "exit status 1"),
                                       ("command", ["sh", "-c", "exit 127"], "exit status 127"),
                                       ("command", ["true"], "empty"),
                                       ("command", ["sh", "-c", "kill -9 $$"], "signal 9")):
                row = {"origin": server.origin, "kind": kind, "value": value}
                with network(named=[server.origin, other.origin], credentials=[row]) as one:
                    reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
                    same((reply.status, reply.requests), (None, 0))
                    says(reply, "credentials of " + server.origin, words)
                    reply = one.fetch("GET", other.url("/a"), origins=[other.origin])
                    same((reply.why, reply.body), ("", b"a"))
            same(server.log(), [])


def a_slow_command_holds_up_its_origin_alone():
    with tempfile.TemporaryDirectory() as folder, Httpd(a=b"a") as other:
        with Httpd(a=b"a") as server:
            fifo = os.path.join(folder, "fifo")
            os.mkfifo(fifo)
            row = {"origin": server.origin, "kind": "command", "value": ["cat", fifo]}
            with network(named=[server.origin, other.origin], credentials=[row],
                         connections=1) as one:
                waiting = [one.open("GET", server.url("/a"), origins=[server.origin])
                           for _ in range(3)]
                cancelled = one.open("GET", server.url("/a"), origins=[server.origin])
                same(one.fetch("GET", other.url("/a"), origins=[other.origin]).body, b"a")
                one.order(CANCEL, cancelled)
                with open(fifo, "w") as out:
                    out.write("user:pass\n")
                one.finish(*waiting)
                same([(reply.why, reply.body) for reply in waiting], [("", b"a")] * 3)
            same(len(server.log()), 3)
            # And a command that never ends does not keep the program.
            with network(named=[server.origin], credentials=[row]) as one:
                one.open("GET", server.url("/a"), origins=[server.origin])


def a_proxy_that_is_named_is_used_but_for_loopback():
    with Httpd(a=b"direct") as direct, Httpd() as proxy:
        proxy.write("answer", b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nproxied")
        proxy.rules("http://somewhere.example/* raw answer")
        with network(named=[direct.origin], proxies={"http": proxy.origin}, limits=ONCE) as one:
            reply = one.fetch("GET", "http://somewhere.example/a",
                              origins=["http://somewhere.example"])
            same((reply.why, reply.body), ("", b"proxied"))
            same(reply.reached, ["http://somewhere.example"])
            reply = one.fetch("GET", direct.url("/a"), origins=[direct.origin])
            same(reply.body, b"direct")
            for host in ("10.0.0.1", "[fd00::1]", "169.254.169.254"):
                reply = one.fetch("GET", "http://%s/a" % host, origins=["http://" + host])
                same((reply.refused, reply.requests), (1, 0))
            same([line[1] for line in proxy.log()], ["http://somewhere.example/a"])


def a_real_crate_comes_from_the_registry_that_cargo_uses():
    home = os.environ.get("CARGO_HOME") or os.path.expanduser("~/.cargo")
    configs = glob.glob(os.path.join(glob.escape(home), "registry", "index", "*", "config.json"))
    if not configs:
        raise Skip("cargo has no index here")
    with open(max(configs, key=os.path.getmtime)) as file:
        template = json.load(file)["dl"]
    url = "registry:crates/cfg-if/1.0.0"
    with network(registries={"registry:crates": template}) as one:
        reply = one.fetch("GET", url, origins=["registry:crates"], redirects=True)
        if not reply.reached:
            raise Skip("the registry is not reached from here")
        same((reply.why, reply.status), ("", 200))
        # The checksum that the index states for this version, as any Cargo.lock has it.
        same(hashlib.sha256(reply.body).hexdigest(),
             "baf1de4339761588bc0619e3cbc0120ee582ebb74b53b4efbf79117bd2da40fd")


if __name__ == "__main__":
    run([one for name, one in list(globals().items())
         if callable(one) and getattr(one, "__module__", "") == "__main__"
         and name not in ("git_server", "git_log")])
