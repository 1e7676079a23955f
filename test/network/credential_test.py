# SPDX-License-Identifier: MPL-2.0
"""Credentials of every kind go to the origin they belong to, and nowhere else: credential_test.py PROGRAM [WORDS]"""
import base64
import contextlib
import json
import os
import tempfile

from harness import Certificates, Httpd, network, run, same, says, served
from reach_test import git_log, git_server

ONCE = {"retries": 0}


@contextlib.contextmanager
def secret(text):
    with tempfile.NamedTemporaryFile("w", prefix="cab-secret-") as file:
        file.write(text)
        file.flush()
        yield file.name


def row(origin, path, **more):
    return {"origin": origin, "kind": "file", "value": path, **more}


def basic(user):
    return "authorization: basic " + base64.b64encode(user.encode()).decode().lower()


def a_private_repository_behind_nginx_is_read_with_basic_authentication():
    packet = b"0014command=ls-refs\n0001" b"0014ref-prefix HEAD\n" b"0000"
    fields = ("Git-Protocol: version=2\n"
              "Content-Type: application/x-git-upload-pack-request\n")
    with git_server("user=me:pass:word") as (state, origin), secret("pass:word\n") as path:
        for credentials, status in (([row(origin, path, use="basic", name="me")], 200), ([], 401),
                                    ([row(origin, path, use="basic", name="you")], 401)):
            with network(named=[origin], credentials=credentials) as one:
                reply = one.fetch("POST", origin + "/o/r/git-upload-pack", body=packet,
                                  origins=[origin], headers=fields)
                same((reply.status, reply.why, reply.requests), (status, "", 1))
                same(b"HEAD" in reply.body, status == 200)
        same([line[2] for line in git_log(state)], ["200", "401", "401"])


def a_private_package_is_read_with_a_token():
    with Httpd(a=b"a package") as server, Httpd(a=b"other") as other, secret("t0ken\n") as path:
        server.rules("/a bearer t0ken Bearer", "/b demand private-token t0ken")
        server.write("b", b"by header")
        for use, name, url, body in (("bearer", "", "/a", b"a package"),
                                     ("header", "PRIVATE-TOKEN", "/b", b"by header")):
            config = [row(server.origin, path, use=use, name=name)]
            with network(named=[server.origin, other.origin], credentials=config) as one:
                reply = one.fetch("GET", server.url(url), origins=[server.origin])
                same((reply.status, reply.body, reply.why), (200, body, ""))
                one.fetch("GET", other.url("/a"), origins=[other.origin])
                other.rules("/there redirect 302 " + server.url(url))
                reply = one.fetch("GET", other.url("/there"), origins=[other.origin], redirects=True)
                same(reply.body, body)
        assert "t0ken" not in other.heads(), other.heads()
        for name in ("Host", "content-length", "a b", "", "a:", "Transfer-Encoding"):
            from realizer import Network
            import sys
            one = Network(sys.argv[1], credentials=[row(server.origin, path, use="header", name=name)])
            reply = one.fetch("GET", server.url("/b"), origins=[server.origin])
            same((name, reply.status, reply.refused, reply.requests), (name, None, 1, 0))
            assert "no header that a credential may be" in reply.why, reply.why
            same(one.close(), (0, ""))


class Registry:
    """A registry that wants tokens, and its token server; on two origins unless `one` is."""

    def __init__(self, auth, registry):
        self.auth, self.registry = auth, registry

    def rules(self, scope="repository:o/r:pull", more=()):
        challenge = 'Bearer realm="%s",service="registry.test",scope="%s"' % (
            self.auth.url("/token"), scope)
        self.registry.rules(*more, "/v2/* bearer t0ken " + challenge)


@contextlib.contextmanager
def registry(answer=None, **config):
    with Httpd() as auth, Httpd() as registry:
        auth.write("token", json.dumps(answer or {"token": "t0ken", "expires_in": 300}).encode())
        for name in ("v2/o/r/manifests/1", "v2/o/r/blobs/x", "v2/o/s/manifests/1"):
            registry.write(name, name.encode())
        both = Registry(auth, registry)
        both.rules()
        config.setdefault("named", [auth.origin, registry.origin])
        with network(**config) as one:
            yield both, one


def a_registry_that_wants_a_token_gets_one_that_the_guest_never_sees():
    with registry() as (both, one):
        url = both.registry.url("/v2/o/r/manifests/1")
        reply = one.fetch("GET", url, origins=[both.registry.origin],
                          headers="Accept: application/vnd.oci.image.manifest.v1+json\n")
        same((reply.status, reply.body, reply.why), (200, b"v2/o/r/manifests/1", ""))
        same(reply.reached, [both.registry.origin, both.auth.origin, both.registry.origin])
        same(reply.requests, 3)
        same(both.auth.log()[0][1],
             "/token?service=registry.test&scope=repository:o/r:pull")
        assert "vnd.oci" not in both.auth.heads() and "authorization" not in both.auth.heads()
        # It is kept: the next request needs neither a refusal nor the token server.
        reply = one.fetch("GET", both.registry.url("/v2/o/r/blobs/x"), origins=[both.registry.origin])
        same((reply.status, reply.requests, len(both.auth.log())), (200, 1, 1))
        # Another scope is another token.
        both.rules(scope="repository:o/s:pull repository:o/t:pull")
        both.registry.rules('/v2/* bearer 0ther Bearer realm="%s",service="s",scope="a b"'
                            % both.auth.url("/token"))
        both.auth.write("token", b'{"access_token": "0ther"}')
        reply = one.fetch("GET", both.registry.url("/v2/o/s/manifests/1"),
                          origins=[both.registry.origin])
        same((reply.status, reply.requests), (200, 3))
        same(both.auth.log()[1][1], "/token?service=s&scope=a&scope=b")
        # What the guest is told holds neither.
        for text in (str(reply.headers), reply.url, str(reply.notes), reply.why):
            assert "t0ken" not in text and "0ther" not in text, text


def a_token_that_has_expired_is_asked_for_again():
    with registry() as (both, one):
        url = both.registry.url("/v2/o/r/manifests/1")
        same(one.fetch("GET", url, origins=[both.registry.origin]).status, 200)
        both.auth.write("token", b'{"token": "new"}')
        both.registry.rules('/v2/* bearer new Bearer realm="%s",service="registry.test",'
                            'scope="repository:o/r:pull"' % both.auth.url("/token"))
        reply = one.fetch("GET", url, origins=[both.registry.origin])
        same((reply.status, reply.requests, len(both.auth.log())), (200, 3, 2))
        # A server that is never content gives its answer, and does not go round and round.
        both.registry.rules('/v2/* bearer never Bearer realm="%s"' % both.auth.url("/token"))
        reply = one.fetch("GET", url, origins=[both.registry.origin])
        same((reply.status, reply.requests), (401, 3))


def a_secret_goes_to_the_token_server_that_its_credential_names_and_to_no_other():
    with Httpd() as auth, Httpd() as private, secret("me:hunter2") as path:
        auth.write("answer", b'{"token": "t0ken"}')
        auth.rules("/token token me:hunter2 answer")
        private.write("v2/o/r/blobs/x", b"private")
        private.rules('/v2/* bearer t0ken Bearer realm="%s",service="s",scope="x"'
                      % auth.url("/token"))
        named = [auth.origin, private.origin]
        right = row(private.origin, path, realm=auth.origin)
        url = private.url("/v2/o/r/blobs/x")
        with network(named=named, credentials=[right]) as one:
            reply = one.fetch("GET", url, origins=[private.origin])
            same((reply.status, reply.body, reply.requests), (200, b"private", 3))
        word = basic("me:hunter2")
        assert word in auth.heads() and word not in private.heads()
        # A stranger's registry that names the same token server gets nothing by it.
        with Httpd() as stranger:
            stranger.write("v2/o/r/blobs/x", b"public")
            stranger.rules('/v2/* bearer t0ken Bearer realm="%s",service="s",scope="x"'
                           % auth.url("/token"))
            for credentials in ([right], [right, row(auth.origin, path)]):
                with network(named=[*named, stranger.origin], credentials=credentials) as one:
                    reply = one.fetch("GET", stranger.url("/v2/o/r/blobs/x"),
                                      origins=[stranger.origin])
                    same((reply.status, reply.body), (None, b""))
                    says(reply, "no token from " + auth.url("/token"), "status 401")
            assert "authorization" not in stranger.heads(), stranger.heads()
        same(auth.heads().count("authorization"), 1)


def a_registry_that_is_its_own_token_server_gets_its_own_secret():
    with Httpd() as server, secret("me:hunter2") as path:
        server.write("answer", b'{"token": "t0ken"}')
        server.write("v2/x", b"private")
        server.rules("/token token me:hunter2 answer",
                     '/v2/* bearer t0ken Bearer realm="%s",service="s"' % server.url("/token"))
        with network(named=[server.origin], credentials=[row(server.origin, path)]) as one:
            reply = one.fetch("GET", server.url("/v2/x"), origins=[server.origin])
            same((reply.status, reply.body, reply.requests), (200, b"private", 3))
            same(reply.reached, [server.origin] * 3)


def a_token_server_is_reached_by_the_same_policy_as_anything():
    with registry(named=[]) as (both, one):
        reply = one.fetch("GET", both.registry.url("/v2/o/r/blobs/x"), origins=[both.registry.origin])
        same((reply.refused, len(both.auth.log())), (1, 0))
    with registry() as (both, _):
        with network(named=[both.registry.origin]) as one:
            for redirects in (False, True):
                reply = one.fetch("GET", both.registry.url("/v2/o/r/blobs/x"), redirects=redirects,
                                  origins=[both.registry.origin])
                same((reply.status, reply.refused, len(both.auth.log())), (None, 1, 0))
                says(reply, "network.allow" if redirects else "not among the origins")
        for realm in ("file:///etc/passwd", "http://user:pass@127.0.0.1/", "x" * 5000, ""):
            both.registry.rules('/v2/* bearer t0ken Bearer realm="%s"' % realm)
            with network(named=[both.registry.origin, both.auth.origin]) as one:
                reply = one.fetch("GET", both.registry.url("/v2/o/r/blobs/x"),
                                  origins=[both.registry.origin], redirects=True)
                assert reply.status == 401 or reply.refused, vars(reply)
                assert "pass@" not in reply.why


def an_answer_without_a_token_fails_without_a_word_of_it():
    for answer in (b"", b"[]", b'{"token": 5}', b'{"token": ""}', b'{"token": "s3cret\\r\\nX: y"}',
                   b'{"token": "s3cret s3cret"}', b'{"token": "%s"}' % (b"s3cret" * 20000),
                   b"s3cret" * 200000):
        with registry(limits=ONCE) as (both, one):
            both.auth.write("token", answer)
            reply = one.fetch("GET", both.registry.url("/v2/o/r/blobs/x"),
                              origins=[both.registry.origin])
            same((reply.status, reply.refused), (None, 0))
            says(reply, "no token from")
            assert "s3cret" not in reply.why, reply.why


def a_guest_that_says_who_it_is_gets_the_answer_itself():
    with registry() as (both, one):
        reply = one.fetch("GET", both.registry.url("/v2/o/r/blobs/x"), origins=[both.registry.origin],
                          headers="Authorization: Bearer mine\n")
        same((reply.status, reply.requests, len(both.auth.log())), (401, 1, 0))


def a_client_certificate_is_shown_to_its_origin_alone():
    with Certificates() as tls:
        pair = tls.pair("good")
        certificate, key = tls.pair("client").split(",")
        both = tls.path("both.pem")
        with open(both, "w") as out:
            for name in (certificate, key):
                with open(name) as part:
                    out.write(part.read())
        config = {"authorities": tls.authority, "limits": ONCE}
        with Httpd("tls=" + pair, "client=" + tls.authority, a=b"for friends") as server:
            for more, body in (({"certificate": certificate, "key": key}, b"for friends"),
                               ({"certificate": both}, b"for friends")):
                rows = [{"origin": server.origin, "kind": "none", **more}]
                with network(named=[server.origin], credentials=rows, **config) as one:
                    reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
                    same((reply.status, reply.body, reply.why), (200, body, ""))
            for rows, word in (([], ""), ([{"origin": "https://127.0.0.1:1", "kind": "none",
                                            "certificate": both}], ""),
                               ([{"origin": server.origin, "kind": "none",
                                  "certificate": tls.path("absent")}], "certificate")):
                with network(named=[server.origin], credentials=rows, **config) as one:
                    reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
                    assert reply.status is None and reply.why and word in reply.why, vars(reply)


def an_authority_of_the_configuration_is_believed_whatever_the_environment_says():
    with Certificates() as tls, Httpd("tls=" + tls.pair("good"), a=b"a") as server:
        for authorities, environment, right in ((tls.authority, {}, True), ("", {}, False),
                                                (tls.authority, {"SSL_CERT_FILE": "/absent"}, True),
                                                (tls.path("absent"), {}, False)):
            with network(named=[server.origin], authorities=authorities, environment=environment,
                         limits=ONCE) as one:
                reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
                same((authorities, reply.body == b"a"), (authorities, right))
                assert right or "certificate" in reply.why, reply.why


if __name__ == "__main__":
    run([one for name, one in list(globals().items()) if callable(one) and name[0] == "a"
         and getattr(one, "__module__", "") == "__main__"])
