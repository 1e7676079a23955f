# SPDX-License-Identifier: MPL-2.0
"""The rows of the threat table that are the network's: hostile_test.py PROGRAM [WORDS]

The rest of H10, where a hash decides, is in test/e2e/bad_test.py.
"""
import os
import subprocess
import sys
import tempfile

from harness import ROOT, Certificates, Httpd, Skip, network, run, same, says, served

ONCE = {"connect": 5, "stall": 5, "total": 60, "retries": 0}


def refused(reply, *words):
    same((reply.refused, reply.status, reply.requests), (1, None, 0))
    says(reply, *words)


def broken(reply, *words):
    assert reply.why and not reply.refused, vars(reply)
    says(reply, *words)


def G6_a_server_that_stalls_or_drips_is_left_in_time():
    limits = {"connect": 5, "stall": 1, "total": 6, "retries": 0}
    with served(a=b"x" * 1000, config={"limits": limits}) as (server, one):
        server.rules("/a stall 1", "/b stall head", "/c drip 1", "/d open", "/* body a")
        for name in ("c", "d"):
            server.write(name, b"x" * 1000)
        stalled, silent, dripping, unclosed = (
            one.open("GET", server.url(path), origins=[server.origin]) for path in ("/a", "/b", "/c", "/d"))
        one.finish(stalled, silent, dripping, unclosed)
        broken(stalled, "nothing came for 1 seconds")
        same((stalled.size, stalled.body), (1, b"x"))
        broken(silent, "nothing came for 1 seconds")
        broken(dripping)
        assert 1 <= dripping.size < 20, dripping.size
        # All of it came, and nothing said that it was all.
        broken(unclosed)
        same(unclosed.size, 1000)
        # What is paused does not stall.
        server.rules()
        server.write("big", b"x" * 4000000)
        slow = one.open("GET", server.url("/big"), origins=[server.origin], reads=False)
        quick = one.fetch("GET", server.url("/b"), origins=[server.origin])
        same(quick.status, 404)
        server.rules("/b drip 0.5")
        server.write("b", b"12345")
        same(one.fetch("GET", server.url("/b"), origins=[server.origin]).body, b"12345")
        slow.reads = True
        one.finish(slow)
        same((slow.why, slow.size), ("", 4000000))


def G7_a_url_that_hides_something_is_refused_before_any_connect():
    with served(a=b"a") as (server, one):
        host = server.origin[len("http://"):]
        for url in ("http://%s/a\nHost: x" % host, "http://%s\r\n/a" % host, "http:///a", "http://",
                    "http://:80/a", "http://user@%s/a" % host, "http://user:secret@%s/a" % host,
                    "http://-x.example/a", "-http://%s/a" % host, "--upload-pack=x",
                    "http://%s/a b" % host, "http://%s/\x00" % host, "http://%s/\x7f" % host,
                    "http://h\xf6st.example/a", "http://%s:0/a" % host.split(":")[0],
                    "http://%s:99999/a" % host.split(":")[0], "http://%s@evil.example/a" % host,
                    "http://%s\\@evil.example/a" % host, "http://[::1/a", "http://[::1%25lo]/a",
                    "file:///etc/passwd", "ftp://%s/a" % host, "//%s/a" % host, "a", "",
                    "http://%s/a#fragment" % host, "http://a..example/", "registry:crates/../x",
                    "registry:crates/a", "registry:crates/a/1.0.0/../../x", "registry:crates",
                    "registry:npm/..", "registry:npm/@..%2fa", "registry:npm/@a%2f..", "registry:npm/a/b",
                    "registry:npm/@a/b", "registry:pypi/a", "registry:pypi/../", "registry:pypi/a/b/", "registry:npm/",
                    "registry:/a/1", "http://%s/%s" % (host, "x" * 17000)):
            reply = one.fetch("GET", url.encode("latin-1"), origins=[
                server.origin, "registry:crates", "registry:npm", "registry:pypi"])
            refused(reply)
            assert "secret" not in reply.why, reply.why
        same(server.log(), [])


def G10_a_redirect_of_info_refs_to_another_host_that_asks_who_we_are_gets_nothing():
    with Httpd() as other:
        other.rules("* auth")
        config = {"named": [other.origin]}
        with Httpd() as first:
            first.rules("/o/r/info/refs redirect 301 " + other.url("/o/r/info/refs"))
            os.environ["CAB_TEST_SECRET"] = "hunter2"
            config["named"].append(first.origin)
            config["credentials"] = [
                {"origin": first.origin, "kind": "environment", "value": "CAB_TEST_SECRET"}]
            with network(**config) as one:
                reply = one.fetch("GET", first.url("/o/r/info/refs"), origins=[first.origin],
                                  redirects=True)
                same((reply.status, reply.why), (401, ""))
            assert "authorization: basic" in first.heads()
            assert "authorization" not in other.heads(), other.heads()
            same(len(other.log()), 1)


def H1_a_redirect_to_another_scheme_is_refused_and_a_loop_ends():
    with served() as (server, one):
        for location in ("file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/",
                         "data:text/plain,x", "javascript:1", "http:evil", "https:/x", "scp://x/y"):
            server.rules("/a redirect 302 " + location)
            reply = one.fetch("GET", server.url("/a"), origins=[server.origin], redirects=True)
            same((reply.status, reply.refused, reply.requests), (None, 1, 1))
            says(reply, "redirected")
        server.rules("/a redirect 302 /a")
        reply = one.fetch("GET", server.url("/a"), origins=[server.origin], redirects=True)
        broken(reply, "redirected more than 10 times")
        same((reply.status, reply.requests), (None, 11))
        # A thousand hops, each elsewhere: as a loop.
        server.rules(*("/%d redirect 302 /%d" % (at, at + 1) for at in range(1000)))
        reply = one.fetch("GET", server.url("/0"), origins=[server.origin], redirects=True)
        broken(reply, "redirected more than 10 times")
        same((reply.status, reply.requests), (None, 11))


def H1_a_redirect_without_a_scheme_has_that_of_its_page_and_no_other_right():
    with Httpd(a=b"a") as other, served(a=b"a") as (server, one):
        host = server.origin[len("http:"):]
        server.rules("/there redirect 302 %s/a" % host)
        same(one.fetch("GET", server.url("/there"), origins=[server.origin], redirects=True).body, b"a")
        for location in (other.origin[len("http:"):] + "/a", "//localhost:%d/a" % server.port, "//2130706433/a",
                         "///etc/passwd", "//", "//user@127.0.0.1:%d/a" % server.port):
            server.rules("/there redirect 302 " + location)
            reply = one.fetch("GET", server.url("/there"), origins=[server.origin], redirects=True)
            same((location, reply.status, reply.refused, reply.requests), (location, None, 1, 1))
        same(other.log(), [])


HIDDEN = ("127.0.0.1", "127.8.9.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "169.254.1.1",
          "[fe80::1]", "0.0.0.0", "[::]", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
          "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost")
UNUSUAL = ("2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "127.1", "127.0.1", "017700000001",
           "127.0.0.1.", "127.0.0.0x1", "00127.0.0.1", "256.0.0.1", "1.2.3.4.5")


def H2_an_address_that_is_not_public_is_refused_however_it_is_written():
    with Httpd() as server, network(limits=ONCE) as one:
        for host in HIDDEN:
            url = "http://%s:%d" % (host, server.port)
            refused(one.fetch("GET", url + "/a", origins=[url]), "network.allow")
        for host in UNUSUAL:
            url = "http://%s:%d" % (host, server.port)
            refused(one.fetch("GET", url + "/a", origins=["http://1.1.1.1"]), "unusual form")
        same(server.log(), [])


def H2_a_redirect_to_an_address_that_is_not_public_is_refused():
    with Httpd(a=b"secret") as inner, served(config={"limits": ONCE}) as (server, one):
        for host in HIDDEN + UNUSUAL:
            server.rules("/a redirect 302 http://%s:%d/a" % (host, inner.port))
            reply = one.fetch("GET", server.url("/a"), origins=[server.origin], redirects=True)
            same((host, reply.status, reply.refused, reply.requests), (host, None, 1, 1))
        same(inner.log(), [])


def H2_the_configuration_of_the_host_allows_a_range_or_an_origin():
    with Httpd(a=b"a") as server:
        for config in ({"allow": ["127.0.0.0/8"]}, {"allow": ["127.0.0.1"]},
                       {"named": [server.origin]}):
            with network(limits=ONCE, **config) as one:
                reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
                same((reply.why, reply.body), ("", b"a"))
        for config in ({"allow": ["127.0.0.2", "10.0.0.0/8", "::1"]},
                       {"named": ["http://127.0.0.1:1", "https://127.0.0.1:%d" % server.port]}):
            with network(limits=ONCE, **config) as one:
                refused(one.fetch("GET", server.url("/a"), origins=[server.origin]))


def H2_a_connection_made_for_a_named_origin_serves_that_origin_alone():
    with served(a=b"a", config={"limits": ONCE}) as (server, one):
        same(one.fetch("GET", server.url("/a"), origins=[server.origin]).body, b"a")
        other = "http://localhost:%d" % server.port
        refused(one.fetch("GET", other + "/a", origins=[other]), "loopback")


def H3_a_name_that_changes_its_address_is_refused_at_the_connect():
    script = os.path.join(ROOT, "network", "rebinding.py")
    enter = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork"]
    if subprocess.run([*enter, "true"], capture_output=True).returncode:
        raise Skip("this kernel gives no namespaces")
    said = subprocess.run([*enter, sys.executable, script, sys.argv[1]],
                          capture_output=True, text=True)
    if said.returncode == 77:
        raise Skip(said.stdout.strip())
    same((said.returncode, said.stdout, said.stderr), (0, "public, then refused\n", ""))


def H4_credentials_go_to_their_origin_and_to_no_other():
    with Httpd(a=b"a") as other, Httpd(a=b"a") as server:
        with tempfile.NamedTemporaryFile("w") as secret:
            secret.write("user:pass\nsecond line\n")
            secret.flush()
            config = {"named": [other.origin, server.origin],
                      "credentials": [{"origin": server.origin, "kind": "file",
                                       "value": secret.name}]}
            with network(**config) as one:
                server.rules("/there redirect 307 " + other.url("/a"))
                for path, headers in (("/a", ""), ("/there", ""),
                                      ("/there", "Authorization: Bearer mine\nCookie: c=1\n")):
                    reply = one.fetch("POST", server.url(path), headers=headers, body=b"b",
                                      origins=[server.origin], redirects=True)
                    same((reply.why, reply.body), ("", b"a"))
                assert "authorization: basic dxnlcjpwyxnz\n" in server.heads()
                assert "authorization: bearer mine\n" in server.heads()
                for word in ("authorization", "cookie"):
                    assert word not in other.heads(), other.heads()
                # Back again: what was said to the first origin is still not said to the second,
                # and the origin's own credentials are those of the hop.
                other.rules("/back redirect 307 " + server.url("/a"))
                reply = one.fetch("GET", other.url("/back"), origins=[other.origin], redirects=True,
                                  headers="Cookie: c=2\n")
                same(reply.body, b"a")
                last = server.heads().strip().split("\n\n")[-1]
                assert "authorization: basic" in last and "cookie" not in last, last
                server.rules("/a redirect 302 http://user:secret@127.0.0.1:%d/a" % other.port)
                reply = one.fetch("GET", server.url("/a"), origins=[server.origin], redirects=True)
                same((reply.refused, reply.status), (1, None))
                assert "secret" not in reply.why


def H4_a_redirect_from_tls_to_none_is_refused():
    with Certificates() as tls, Httpd(a=b"a") as plain:
        with Httpd("tls=" + tls.pair("good")) as server:
            server.rules("/a redirect 302 " + plain.url("/a"))
            environment = {"SSL_CERT_FILE": tls.authority}
            with network(environment=environment, allow=["127.0.0.1"], limits=ONCE) as one:
                reply = one.fetch("GET", server.url("/a"), redirects=True,
                                  origins=[server.origin, plain.origin])
                same((reply.refused, reply.requests, len(plain.log())), (1, 1, 0))
                says(reply, "redirected from https to http://")
            # Where both are named it is followed, and nothing that was for the first is said to the second.
            with tempfile.NamedTemporaryFile("w") as secret:
                secret.write("user:pass\n")
                secret.flush()
                credentials = [{"origin": server.origin, "kind": "file", "value": secret.name}]
                with network(environment=environment, named=[server.origin, plain.origin],
                             credentials=credentials) as one:
                    for headers in ("", "Authorization: Bearer mine\nCookie: c=1\n"):
                        reply = one.fetch("GET", server.url("/a"), redirects=True, origins=[server.origin],
                                          headers=headers)
                        same((reply.why, reply.body), ("", b"a"))
            heads = server.heads()
            assert "authorization: basic" in heads and "authorization: bearer mine" in heads and "cookie: c=1" in heads
            for word in ("authorization", "cookie"):
                assert word not in plain.heads(), plain.heads()


def H4_another_name_of_one_host_is_another_origin():
    with tempfile.NamedTemporaryFile("w") as secret, Httpd(a=b"a") as server:
        secret.write("user:pass\n")
        secret.flush()
        other = "http://localhost:%d" % server.port
        with network(named=[server.origin, other], allow=["127.0.0.0/8", "::1"],
                     credentials=[{"origin": server.origin, "kind": "file", "value": secret.name}]) as one:
            server.rules("/there redirect 307 " + other + "/a")
            for headers in ("", "Authorization: Bearer mine\nCookie: c=1\n"):
                reply = one.fetch("GET", server.url("/there"), headers=headers, origins=[server.origin],
                                  redirects=True)
                same((reply.why, reply.body), ("", b"a"))
                first, second = server.heads().strip().split("\n\n")[-2:]
                assert "authorization" in first and "host: localhost" in second, server.heads()
                for word in ("authorization", "cookie"):
                    assert word not in second, second


def H5_netrc_and_proxy_variables_are_ignored():
    with tempfile.TemporaryDirectory() as home, Httpd() as gone:
        gone.__exit__()
        with open(os.path.join(home, ".netrc"), "w") as netrc:
            netrc.write("machine 127.0.0.1 login user password secret\ndefault login a password b\n")
        os.chmod(netrc.name, 0o600)
        names = ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY")
        environment = dict({name: gone.origin for name in names}, HOME=home, NETRC=netrc.name,
                           CURL_HOME=home)
        with open(os.path.join(home, ".curlrc"), "w") as curlrc:
            curlrc.write("user-agent = rc\n")
        with served(a=b"a", config={"environment": environment, "limits": ONCE}) as (server, one):
            reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
            same((reply.why, reply.body), ("", b"a"))
            assert "authorization" not in server.heads()
            assert "user-agent: cab/" in server.heads()
        gone.__enter__()


def H6_a_body_that_is_not_as_long_as_was_said_is_an_error():
    with served(a=b"x" * 1000, config={"limits": ONCE}) as (server, one):
        for rule, words in (("length 2000", "ended too early"), ("length 500", "more than the 500"),
                            ("lengths 1000 999", "two Content-Length that differ"),
                            ("lengths 1000 1000,1000", "Content-Length"),
                            ("length -5", "Content-Length"), ("length +1000", "Content-Length"),
                            ("length 99999999999999999999", ""),
                            ("both", "both a Content-Length and a Transfer-Encoding")):
            server.rules("/a " + rule)
            reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
            broken(reply, words)
        server.rules("/a lengths 1000 1000")
        same(one.fetch("GET", server.url("/a"), origins=[server.origin]).size, 1000)


def H7_heads_chunks_and_trailers_have_ceilings():
    # As large as the row says: with CAB_FULL alone.
    full = ("headers 1000000", "trailers 1000000", "long 1073741824") if "CAB_FULL" in os.environ else ()
    with served(a=b"x" * 1000, config={"limits": ONCE}) as (server, one):
        for rule in (*full, "chunk ffffffffffffffff1", "chunk -1", "chunk zz", "chunk 10000",
                     "headers 6000", "headers 100000", "long 400000", "long 30000000",
                     "trailers 6000", "early 6000"):
            server.rules("/a " + rule)
            broken(one.fetch("GET", server.url("/a"), origins=[server.origin]))
        for rule in ("headers 2000", "long 60000", "trailers 100", "early 3", "chunk 3e8"):
            server.rules("/a " + rule)
            reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
            same((rule, reply.why, reply.size), (rule, "", 1000))


def H7_heads_that_no_server_should_send_are_errors():
    raw = {"folded": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\nx",
           "nameless": b"HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 1\r\n\r\nx",
           "spaced": b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx",
           "control": b"HTTP/1.1 200 OK\r\nX: \x1b]52;c;x\x07\r\nContent-Length: 1\r\n\r\nx",
           "nul": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 1\r\n\r\nx",
           "old": b"just a body, as HTTP/0.9 had it",
           "status": b"HTTP/1.1 xyz OK\r\nContent-Length: 1\r\n\r\nx",
           "low": b"HTTP/1.1 099 OK\r\nContent-Length: 1\r\n\r\nx",
           "locations": b"HTTP/1.1 302 OK\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
           "gzipped": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
           "empty": b""}
    with served(config={"limits": ONCE}, **raw) as (server, one):
        for name in raw:
            server.rules("/%s raw %s" % (name, name))
            reply = one.fetch("GET", server.url("/" + name), origins=[server.origin])
            same((name, reply.status, bool(reply.why)), (name, None, True))


def H8_an_encoding_that_was_not_asked_for_is_an_error():
    with served(a=b"x", config={"limits": ONCE}) as (server, one):
        for encoding in ("gzip", "x-gzip", "br", "zstd", "deflate", "unknown", "identity, gzip"):
            server.rules("/a header Content-Encoding: " + encoding)
            reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
            same((reply.status, reply.size), (None, 0))
            broken(reply, "Content-Encoding")
        server.rules("/a header Content-Encoding: Identity")
        same(one.fetch("GET", server.url("/a"), origins=[server.origin]).body, b"x")
        same(server.heads().count("accept-encoding: identity"), 8)


def H9_a_certificate_that_is_not_right_is_an_error():
    with Certificates() as tls:
        for name, trusted, right in (("good", True, True), ("good", False, False),
                                     ("expired", True, False), ("elsewhere", True, False),
                                     ("alone", True, False)):
            environment = {"SSL_CERT_FILE": tls.authority if trusted else ""}
            with served("tls=" + tls.pair(name), a=b"a", config={"environment": environment}) as (
                    server, one):
                reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
                if right:
                    same((reply.why, reply.body), ("", b"a"))
                    continue
                same((name, reply.status, reply.requests), (name, None, 0))
                broken(reply, "certificate" if name != "elsewhere" else "subject name")
                same("network.ca" in reply.why, name == "alone" or not trusted)
                same((reply.notes, server.log()), ([], []))


def H9_a_server_that_speaks_an_old_tls_is_an_error():
    with Certificates() as tls:
        certificate, key = tls.pair("good").split(",")
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key,
             "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", "-www"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.PIPE, text=True)
        try:
            line = ""
            while not line.startswith("ACCEPT"):
                line = server.stdout.readline()
                assert line, "openssl s_server did not start"
            origin = "https://127.0.0.1:" + line.strip().rsplit(":", 1)[1]
            with network(environment={"SSL_CERT_FILE": tls.authority}, named=[origin],
                         limits=ONCE) as one:
                broken(one.fetch("GET", origin + "/", origins=[origin]), "ersion")
        finally:
            server.kill()
            server.wait()


def H10_a_body_that_changed_while_it_was_fetched_is_never_joined():
    old, new = b"o" * 300000, b"n" * 300000
    head = b"HTTP/1.1 %s\r\nETag: %s\r\nContent-Length: 300000\r\n%s\r\n"
    part = b"Content-Range: bytes %s\r\n"
    first = head % (b"200 OK", b'"old"', b"") + old[:1000]
    whole = b"1000-299999/300000"
    for status, tag, more, words in (
            (b"200 OK", b'"new"', b"", "another"),
            (b"206 Part", b'"new"', part % whole, "another"),
            (b"206 Part", b'"old"', part % b"0-299999/300000", "another part"),
            (b"206 Part", b'"old"', part % b"1000-299999/300001", "another part"),
            (b"206 Part", b'"old"', part % b"1000-300000/300001", "is another"),
            (b"206 Part", b'"old"', part % b"1000-99999999999999999999/300000", "another part"),
            (b"206 Part", b'"old"', b"", "another part"),
            (b"404 No", b'"old"', b"", "status 404"),
            (b"416 No", b'"old"', b"", "status 416")):
        with served(first=first, then=head % (status, tag, more) + new) as (server, one):
            server.rules("/a once 1 first", "/a raw then")
            reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
            broken(reply, words)
            same((reply.status, reply.body, reply.requests), (200, old[:1000], 2))
    # Without a strong tag there is no second request.
    for tag in (b'W/"old"', b"old", b""):
        with served(first=head % (b"200 OK", tag, b"") + old[:1000]) as (server, one):
            server.rules("/a raw first")
            reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
            broken(reply, "ended too early")
            same((reply.body, reply.requests), (old[:1000], 1))


def H10_what_has_a_checksum_goes_on_without_a_tag():
    head = b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n"
    url = "registry:crates/a/1.0.0?sha256=" + "0" * 64
    with Httpd(first=head % (b"200 OK", b"", 300000) + b"x" * 1000,
               then=head % (b"206 Part", b"Content-Range: bytes 1000-299999/300000\r\n", 299000)
               + b"y" * 299000) as server:
        with network(registries={"registry:crates": server.url("")}) as one:
            server.rules("/a/* once 1 first", "/a/* raw then")
            reply = one.fetch("GET", url, origins=["registry:crates"])
            same((reply.why, reply.body), ("", b"x" * 1000 + b"y" * 299000))


if __name__ == "__main__":
    run([one for name, one in list(globals().items())
         if name[:1] in "GH" and name[1:2].isdigit()])
