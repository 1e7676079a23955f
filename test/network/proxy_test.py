# SPDX-License-Identifier: MPL-2.0
"""The proxies: the one that cab-network is for native programs, and a real one behind which it is: proxy_test.py PROGRAM [WORDS]"""
import contextlib
import os
import socket
import subprocess
import tempfile
import threading
import time

from harness import Certificates, Httpd, Skip, network, run, same, says
from realizer import CANCEL, CLOSE, PATIENCE
from transfer_test import BIG

ONCE = {"retries": 0}


class Caller:
    """A program's connection to its proxy. cab-network's packets are taken meanwhile."""

    def __init__(self, one, gate, text):
        self.one, self.data = one, b""
        self.socket = socket.create_connection(("127.0.0.1", gate.port))
        self.socket.sendall(text.encode("latin-1"))

    def read(self, until=None):
        """All that comes, or up to these bytes."""
        ended = threading.Event()

        def reading():
            while until is None or until not in self.data:
                try:
                    piece = self.socket.recv(1 << 16)
                except ConnectionResetError:
                    piece = b""
                if not piece:
                    break
                self.data += piece
            ended.set()

        thread = threading.Thread(target=reading, daemon=True)
        thread.start()
        late = time.monotonic() + PATIENCE
        while not ended.is_set():
            assert time.monotonic() < late, "nothing came"
            self.one.step(0.05)
        thread.join()
        # What was said of it was sent before its bytes.
        while self.one.step(0):
            pass
        return self.data

    def close(self):
        self.socket.close()


@contextlib.contextmanager
def gated(origins=None, redirects=False, config=None, **files):
    with Httpd(**files) as server:
        config = {"allow": ["127.0.0.1"], "limits": ONCE, **(config or {})}
        with network(**config) as one:
            listed = [server.origin] if origins is None else origins
            yield server, one, one.listen(origins=listed, redirects=redirects)


def ask(one, gate, text):
    caller = Caller(one, gate, text)
    try:
        return caller.read()
    finally:
        caller.close()


def ended(one, gate):
    one.order(CLOSE, gate)
    one.wait(lambda: gate.ended)
    return gate


def a_plain_request_goes_through_and_is_counted():
    with gated(a=BIG) as (server, one, gate):
        said = ask(one, gate, "GET %s HTTP/1.1\r\nHost: elsewhere\r\nProxy-Connection: keep-alive\r\n"
                   "Proxy-Authorization: Basic x\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n"
                   % server.url("/a?q=1"))
        head, body = said.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 200 "), head
        assert body == BIG, "the body is another"
        same(gate.reached, [server.origin])
        lines = server.heads().strip().split("\n")
        same(lines, ["get /a?q=1 http/1.1", "host: " + server.origin[7:], "connection: close",
                     "accept: */*"])
        assert ended(one, gate).received >= len(BIG) and gate.requests == 1, vars(gate)


def a_tunnel_carries_tls_that_nobody_looks_into():
    with Certificates() as tls, Httpd("tls=" + tls.pair("good"), a=BIG) as server:
        with network(allow=["127.0.0.1"], limits=ONCE) as one:
            gate = one.listen(origins=[server.origin])
            said = subprocess.Popen(
                ["curl", "-sS", "--cacert", tls.authority, "--proxy", "http://127.0.0.1:%d" % gate.port,
                 "--noproxy", "", server.url("/a")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env={"PATH": os.environ["PATH"]})
            out = []
            thread = threading.Thread(target=lambda: out.extend(said.communicate()))
            thread.start()
            while thread.is_alive():
                one.step(0.05)
            same((said.returncode, out[1]), (0, b""))
            assert out[0] == BIG, "the body is another"
            same(gate.reached, [server.origin])
            assert ended(one, gate).received > len(BIG)


def no_credential_and_no_token_is_added():
    with gated(a=b"a", config={}) as (server, _, _):
        os.environ["CAB_TEST_SECRET"] = "hunter2"
        rows = [{"origin": server.origin, "kind": "environment", "value": "CAB_TEST_SECRET"}]
        with network(named=[server.origin], credentials=rows) as one:
            gate = one.listen(origins=[server.origin])
            said = ask(one, gate, "GET %s HTTP/1.1\r\nConnection: close\r\n\r\n" % server.url("/a"))
            assert said.endswith(b"\r\n\r\na"), said
        assert "authorization" not in server.heads(), server.heads()


def a_configuration_that_cannot_be_used_lets_nothing_through():
    with gated(a=b"a", config={"mirrors": {"https://a/b": []}}) as (server, one, gate):
        said = ask(one, gate, "GET %s HTTP/1.1\r\n\r\n" % server.url("/a"))
        assert said.startswith(b"HTTP/1.1 403 Forbidden\r\n") and b"mirrors" in said, said
        same(len(gate.notes), 1)
        same(server.log(), [])


def where_it_leads_is_decided_by_origins_and_by_address():
    with gated(a=b"a") as (server, one, gate), Httpd(a=b"b") as other:
        host = other.origin[7:]
        for text in ("GET %s HTTP/1.1\r\n\r\n" % other.url("/a"),
                     "CONNECT %s HTTP/1.1\r\n\r\n" % host):
            said = ask(one, gate, text)
            assert said.startswith(b"HTTP/1.1 403 Forbidden\r\n"), said
            assert b"is not among the origins of this derivation" in said, said
        same(len(gate.notes), 2)
        # Listed as http: the same host and port by CONNECT; with the flag any origin.
        open_gate = one.listen(redirects=True)
        for where, text in ((gate, server.origin[7:]), (open_gate, host)):
            caller = Caller(one, where, "CONNECT %s HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\n"
                            "Connection: close\r\n\r\n" % text)
            caller.read(b"\r\n\r\n")
            assert caller.data.startswith(b"HTTP/1.1 200 Connection established\r\n\r\n")
            caller.read(b"\r\n\r\n" + (b"a" if where is gate else b"b"))
            caller.close()
        same(open_gate.reached, ["https://" + host])
    with gated(a=b"a", config={"allow": []}) as (server, one, gate):
        open_gate = one.listen(redirects=True)
        for where in (gate, open_gate):
            said = ask(one, where, "GET %s HTTP/1.1\r\n\r\n" % server.url("/a"))
            assert said.startswith(b"HTTP/1.1 403 ") and b"network.allow" in said, said
            for name in ("localhost", "[::1]", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]"):
                said = ask(one, open_gate, "CONNECT %s:%d HTTP/1.1\r\n\r\n" % (name, server.port))
                assert said.startswith(b"HTTP/1.1 403 ") and b"network.allow" in said, said
        same((server.log(), gate.reached, open_gate.reached), ([], [], []))
        # What the configuration names may be reached, whatever its address.
    with gated(a=b"a") as (server, _, _):
        with network(named=[server.origin]) as one:
            gate = one.listen(origins=[server.origin])
            assert ask(one, gate, "GET %s HTTP/1.0\r\n\r\n" % server.url("/a")).endswith(b"a")


def what_is_no_request_to_a_proxy_is_refused():
    with gated(a=b"a", config={"limits": {"stall": 2, **ONCE}}) as (server, one, gate):
        host = server.origin[7:]
        for text in ("GET /a HTTP/1.1\r\n\r\n", "\r\n\r\n", "GET\r\n\r\n", "x" * 70000,
                     "GET ftp://%s/a HTTP/1.1\r\n\r\n" % host, "GET https://%s/a HTTP/1.1\r\n\r\n" % host,
                     "GET %s HTTP/2\r\n\r\n" % server.url("/a"), "CONNECT %s\r\n\r\n" % host,
                     "CONNECT http://%s/ HTTP/1.1\r\n\r\n" % host, "CONNECT localhost HTTP/1.1\r\n\r\n",
                     "CONNECT user@%s HTTP/1.1\r\n\r\n" % host, "CONNECT :80 HTTP/1.1\r\n\r\n",
                     "CONNECT 127.1:80 HTTP/1.1\r\n\r\n", "GET %s HTTP/1.1\nHost: x\n\n\r\n\r\n" % server.url("/a"),
                     "GET %s HTTP/1.1\r\nA: \x01\r\n\r\n" % server.url("/a"),
                     "GET %s HTTP/1.1\r\n: x\r\n\r\n" % server.url("/a"),
                     "GET %s HTTP/1.1\r\n folded\r\n\r\n" % server.url("/a")):
            said = ask(one, gate, text)
            assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 ")), (text[:60], said)
        same((server.log(), gate.reached), ([], []))
        # One that says nothing is left, and the others go on.
        said = Caller(one, gate, "GET ")
        same(said.read(), b"")
        assert "nothing moved for 2 seconds" in gate.notes[-1], gate.notes


def a_server_that_is_not_there_is_a_502():
    with Httpd() as server:
        gone = server.origin
    with network(allow=["127.0.0.1"], limits=ONCE) as one:
        gate = one.listen(origins=[gone])
        said = ask(one, gate, "CONNECT %s HTTP/1.1\r\n\r\n" % gone[7:])
        assert said.startswith(b"HTTP/1.1 502 ") and b"Connection refused" in said, said
        assert "Connection refused" in gate.notes[0], gate.notes


def a_gate_that_is_closed_or_cancelled_ends_its_tunnels():
    with gated(a=BIG) as (server, one, gate):
        server.rules("* stall 1000")
        for order in (CLOSE, CANCEL):
            where = one.listen(origins=[server.origin])
            callers = [Caller(one, where, "GET %s HTTP/1.1\r\n\r\n" % server.url("/a"))
                       for _ in range(3)]
            for caller in callers:
                caller.read(b"\r\n\r\n")
            one.order(order, where)
            for caller in callers:
                caller.read()
            if order == CLOSE:
                one.wait(lambda: where.ended)
                same(where.requests, 3)
        # More at once than there may be: the rest wait.
        server.rules()
        server.write("b", b"b")
        callers = [Caller(one, gate, "GET %s HTTP/1.1\r\n\r\n" % server.url("/b")) for _ in range(200)]
        for caller in callers:
            assert caller.read().endswith(b"b")


@contextlib.contextmanager
def tinyproxy():
    """Debian's tinyproxy, to which files.example is loopback."""
    enter = ["unshare", "--mount"] + (["--user", "--map-root-user"] if os.geteuid() else [])
    if subprocess.run([*enter, "true"], capture_output=True).returncode:
        raise Skip("this kernel gives no namespaces")
    if subprocess.run(["which", "tinyproxy"], capture_output=True).returncode:
        raise Skip("tinyproxy is not installed")
    with tempfile.TemporaryDirectory(prefix="cab-proxy-") as folder:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        hosts, log = os.path.join(folder, "hosts"), os.path.join(folder, "log")
        with open(hosts, "w") as out:
            out.write("127.0.0.1 localhost files.example\n")
        with open(os.path.join(folder, "conf"), "w") as out:
            out.write('Port %d\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nMaxClients 20\n'
                      'LogLevel Connect\nLogFile "%s"\n' % (port, log))
        process = subprocess.Popen(
            [*enter, "sh", "-c", 'mount --bind "$1/hosts" /etc/hosts && exec tinyproxy -d -c "$1/conf"',
             "sh", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(500):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                if process.poll() is not None:
                    raise Skip("tinyproxy does not start here")
                threading.Event().wait(0.02)
            yield "http://127.0.0.1:%d" % port, lambda: open(log).read()
        finally:
            process.terminate()
            process.wait()


def a_real_proxy_is_gone_through_for_both_schemes_and_for_tunnels():
    with Certificates() as tls, tinyproxy() as (proxy, log), Httpd(a=b"plain") as plain:
        pair = tls.pair("files")
        with Httpd("tls=" + pair, a=b"by tls") as secret:
            urls = ["http://files.example:%d" % plain.port, "https://files.example:%d" % secret.port]
            with network(proxies={"http": proxy, "https": proxy}, authorities=tls.authority,
                         limits=ONCE) as one:
                for origin, body in zip(urls, (b"plain", b"by tls")):
                    reply = one.fetch("GET", origin + "/a", origins=[origin])
                    same((reply.why, reply.body, reply.reached), ("", body, [origin]))
                gate = one.listen(origins=[urls[0]])
                said = ask(one, gate, "GET %s/a HTTP/1.1\r\n\r\n" % urls[0])
                assert said.endswith(b"plain"), said
            # Without it the name means nothing.
            with network(limits=ONCE) as one:
                reply = one.fetch("GET", urls[0] + "/a", origins=[urls[0]])
                same((reply.status, reply.requests), (None, 0))
            assert log().count("CONNECT files.example") == 2, log()
            same(len(plain.log()), 2)


def H5_a_proxy_of_the_environment_is_not_used():
    with tinyproxy() as (proxy, log), Httpd(a=b"direct") as server:
        names = {name: proxy for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY",
                                          "all_proxy", "ALL_PROXY")}
        with network(named=[server.origin], environment=dict(names, no_proxy="")) as one:
            same(one.fetch("GET", server.url("/a"), origins=[server.origin]).body, b"direct")
            gate = one.listen(origins=[server.origin])
            assert ask(one, gate, "GET %s HTTP/1.1\r\n\r\n" % server.url("/a")).endswith(b"direct")
        assert "Request" not in log(), log()


if __name__ == "__main__":
    run([one for name, one in list(globals().items()) if callable(one) and name[:2] in (
        "a_", "H5", "no", "wh") and getattr(one, "__module__", "") == "__main__"])
