# SPDX-License-Identifier: MPL-2.0
"""cab-network carries requests out, and heads and bodies back: transfer_test.py PROGRAM [WORDS]"""
import email.utils
import hashlib
import os
import sys
import time

from harness import Httpd, network, run, same, says, served
from realizer import CANCEL, HEAD, PAUSE, RESUME

BIG = b"".join(hashlib.sha256(b"%d" % at).digest() for at in range(400000))  # 12.8 MB


def a_body_comes_whole_and_its_end_says_so():
    with served(big=BIG) as (server, one):
        reply = one.fetch("GET", server.url("/big"), origins=[server.origin])
        same((reply.status, reply.why, reply.refused), (200, "", 0))
        assert reply.body == BIG, "the body is another"
        same((reply.size, reply.requests), (len(BIG), 1))
        assert reply.received > reply.size, "heads are counted too"
        same(reply.reached, [server.origin])
        same(reply.url, server.url("/big"))
        same(reply.headers["content-length"], [str(len(BIG))])
        same([line[:3] for line in server.log()], [["GET", "/big", "200"]])


def a_response_of_any_status_is_a_head_a_body_and_an_end():
    with served() as (server, one):
        reply = one.fetch("GET", server.url("/absent"), origins=[server.origin])
        same((reply.status, reply.body, reply.why), (404, b"not found\n", ""))
        server.rules("/teapot status 418")
        reply = one.fetch("GET", server.url("/teapot"), origins=[server.origin])
        same((reply.status, reply.body, reply.why), (418, b"told so\n", ""))


def an_empty_body_has_a_head_and_an_end():
    with served(empty=b"") as (server, one):
        reply = one.fetch("GET", server.url("/empty"), origins=[server.origin])
        same((reply.status, reply.body, reply.size, reply.why), (200, b"", 0, ""))
        reply = one.fetch("HEAD", server.url("/empty"), origins=[server.origin])
        same((reply.status, reply.body, reply.size, reply.why), (200, b"", 0, ""))


def a_conditional_request_is_answered_by_304():
    with served(a=b"a") as (server, one):
        tag = one.fetch("GET", server.url("/a"), origins=[server.origin]).headers["etag"][0]
        reply = one.fetch("GET", server.url("/a"), origins=[server.origin],
                          headers="If-None-Match: %s\n" % tag)
        same((reply.status, reply.body, reply.why), (304, b"", ""))


def a_post_carries_its_body_from_the_packet_or_from_a_file():
    with served(a=b"a") as (server, one):
        text = "Content-Type: application/x-thing\n"
        for more in ({"body": b"x" * 3000}, {"file": b"y" * 900000}):
            reply = one.fetch("POST", server.url("/a"), headers=text, origins=[server.origin], **more)
            same((reply.status, reply.why), (200, ""))
        heads = server.heads()
        for line in ("content-length: 3000", "content-length: 900000",
                     "content-type: application/x-thing", "accept-encoding: identity",
                     "user-agent: cab/"):
            assert line in heads, "%r is not in %r" % (line, heads)


def connections_are_kept_and_used_again():
    with served(a=b"a") as (server, one):
        for _ in range(20):
            same(one.fetch("GET", server.url("/a"), origins=[server.origin]).why, "")
        same({line[4] for line in server.log()}, {"1"})


def at_most_so_many_transfers_run_at_once():
    with served(config={"connections": 2}) as (server, one):
        server.rules("* stall head")
        replies = [one.open("GET", server.url("/%d" % at), origins=[server.origin])
                   for at in range(6)]
        for cancelled in range(5):
            one.wait(lambda: sum(bool(reply.reached) for reply in replies) == min(cancelled + 2, 6))
            one.order(CANCEL, replies[cancelled])
        same([line[1] for line in server.log()], [])


def a_full_pipe_pauses_the_transfer_and_loses_nothing():
    with served(big=BIG) as (server, one):
        reply = one.open("GET", server.url("/big"), origins=[server.origin], reads=False)
        one.wait(lambda: reply.status)
        other = one.fetch("GET", server.url("/big"), origins=[server.origin])
        assert other.body == BIG and not reply.ended
        reply.reads = True
        one.finish(reply)
        assert reply.body == BIG


def a_paused_transfer_goes_on_when_it_is_resumed():
    with served(big=BIG) as (server, one):
        first, second = (one.open("GET", server.url("/big"), origins=[server.origin])
                         for _ in range(2))
        one.order(PAUSE, first)
        one.finish(second)
        assert not first.ended and second.body == BIG
        one.order(RESUME, first)
        one.finish(first)
        assert first.body == BIG
        late = one.open("GET", server.url("/big"), origins=[server.origin])
        one.wait(lambda: late.status)
        for kind in (PAUSE, PAUSE, RESUME, PAUSE, RESUME):
            one.order(kind, late)
        one.finish(late)
        assert late.body == BIG


def readers_that_wait_for_each_other_do_not_stop_each_other():
    with served(big=BIG, config={"connections": 1}) as (server, one):
        waiting = [one.open("GET", server.url("/big"), origins=[server.origin], reads=False)
                   for _ in range(5)]
        assert one.fetch("GET", server.url("/big"), origins=[server.origin]).body == BIG
        for reply in waiting:
            reply.reads = True
        one.finish(*waiting)
        assert all(reply.body == BIG for reply in waiting)


def a_cancelled_transfer_ends_without_a_word():
    with served(big=BIG, a=b"a") as (server, one):
        reply = one.open("GET", server.url("/big"), origins=[server.origin], reads=False)
        queued = one.open("GET", server.url("/big"), origins=[server.origin], reads=False)
        one.wait(lambda: reply.status)
        one.order(CANCEL, reply)
        one.order(CANCEL, queued)
        one.order(CANCEL, reply)
        for _ in range(3):
            same(one.fetch("GET", server.url("/a"), origins=[server.origin]).body, b"a")
        assert not reply.ended and not queued.ended


def a_reader_that_goes_away_ends_its_transfer_alone():
    with served(big=BIG, a=b"a") as (server, one):
        reply = one.open("GET", server.url("/big"), origins=[server.origin], reads=False)
        one.wait(lambda: reply.status)
        os.close(reply.pipe)
        one.wait(lambda: reply.ended)
        says(reply, "nobody reads the body")
        same(one.fetch("GET", server.url("/a"), origins=[server.origin]).body, b"a")


def it_ends_at_once_when_the_realizer_is_gone():
    with served(big=BIG) as (server, one):
        server.rules("/stalled stall head")
        for path in ("/big", "/stalled", "/big"):
            one.open("GET", server.url(path), origins=[server.origin], reads=False)
        one.wait(lambda: any(kind == HEAD for kind, _ in one.log))


def a_broken_packet_ends_it_with_a_sentence():
    for packet in (b"\x21\0\0\0abc", b"\x99\0\0\0", b"\x20\0\0\0"):
        with Httpd() as server:
            from realizer import Network
            one = Network(sys.argv[1], named=[server.origin])
            one.send(packet)
            code = one.process.wait(60)
            same(code, 1)
            assert one.complaint().startswith("cab-network: ")
            one.socket.close()


def a_configuration_that_cannot_be_used_is_told_to_whoever_asks():
    from realizer import Network
    for config, word in (({"allow": ["10.0.0.0/33"]}, "10.0.0.0/33"), ({"allow": 1}, "allow"),
                         ({"named": ["ftp://a"]}, "named"), ({"more": 1}, "keys"),
                         ({"mirrors": {"https://a/b": []}}, "mirrors"),
                         ({"limits": {"connect": 0}}, "connect"),
                         ({"limits": {"more": 1}}, "limits"), ({"authorities": 1}, "authorities"),
                         ({"credentials": [{"origin": "https://a", "kind": "guess", "value": "x"}]},
                          "credentials")):
        one = Network(sys.argv[1], **config)
        reply = one.fetch("GET", "http://127.0.0.1:1/", origins=["http://127.0.0.1:1"])
        same((reply.status, reply.refused, reply.requests), (None, 1, 0))
        assert word in reply.why, reply.why
        same(one.close(), (0, ""))


def a_server_that_fails_is_asked_again():
    with served(a=b"a") as (server, one):
        server.rules("/a fail 2 503 Retry-After: 1", "/a drop 1")
        reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
        same((reply.status, reply.body, reply.why, reply.requests), (200, b"a", "", 4))
        same(len(reply.notes), 2)
        assert "status 503; trying again in 1.0 s (1 of 3)" in reply.notes[0], reply.notes
        same([line[2] for line in server.log()], ["503", "503", "0", "200"])
        # libcurl itself repeats a request that a kept connection lost: no hop of its own.
        same(reply.reached, [server.origin] * 3)


def a_connection_that_is_closed_without_a_response_is_made_again():
    with served(a=b"a") as (server, one):
        server.rules("/a drop 2")
        reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
        same((reply.status, reply.body, reply.why, reply.requests), (200, b"a", "", 3))
        assert "closed without a response; trying again in 0.2 s (1 of 3)" in reply.notes[0]


def a_server_that_keeps_failing_gives_its_last_answer():
    with served(config={"limits": {"connect": 5, "stall": 5, "total": 60, "retries": 1}}) as (
            server, one):
        server.rules("/a status 503")
        reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
        same((reply.status, reply.body, reply.why, reply.requests), (503, b"told so\n", "", 2))


def a_limit_on_requests_is_waited_for_or_said_in_a_sentence():
    with served(a=b"a", config={"limits": {"wait": 3}}) as (server, one):
        soon = time.time() + 2
        date = email.utils.formatdate(soon, usegmt=True)
        for header in ("Retry-After: 1", "Retry-After: " + date, "X-RateLimit-Remaining: 0",
                       "X-RateLimit-Remaining: 0 | X-RateLimit-Reset: %d" % (time.time() + 3),
                       "RateLimit-Remaining: 0 | RateLimit-Reset: 1"):
            for status in (429, 403):
                if status == 403 and "Remaining" not in header:
                    continue
                server.rules("/a fail 1 %d %s" % (status, header))
                reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
                same((header, status, reply.body, reply.requests), (header, status, b"a", 2))
                says(reply)
                assert "status %d; trying again in" % status in reply.notes[0], reply.notes
        later = time.time() + 7200
        for status, header, words in (
                (429, "Retry-After: 7000", "in 117 minutes"),
                (429, "Retry-After: " + email.utils.formatdate(later, usegmt=True), " UTC, in "),
                (403, "X-RateLimit-Remaining: 0 | X-RateLimit-Reset: %d" % (time.time() + 90000),
                 "hours"),
                (429, "X-None: 1", "does not say until when")):
            server.rules("/a fail 9 %d %s" % (status, header))
            reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
            same((reply.status, reply.refused), (None, 0))
            says(reply, "status %d: the server's limit on requests is met" % status, words,
                 "--set 'credentials.\"%s\"=" % server.origin)
        # What is forbidden for another reason is the guest's to know.
        server.rules("/a status 403")
        reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
        same((reply.status, reply.requests, reply.why), (403, 1, ""))
        # And its user's where to say who asks, unless the program said it itself.
        for status in (401, 403):
            server.rules("/a status %d" % status)
            for headers, count in (("", 1), ("Authorization: Bearer mine\n", 0)):
                reply = one.fetch("GET", server.url("/a"), headers=headers, origins=[server.origin])
                same((reply.status, reply.why, len(reply.notes)), (status, "", count))
                assert not count or reply.notes[0].endswith(
                    "/a: status %d; it may want to know who asks: --set 'credentials.\"%s\"={ file = \"PATH\" }'"
                    % (status, server.origin)), reply.notes


def a_post_is_sent_again_only_where_twice_means_once():
    git = "Content-Type: application/x-git-upload-pack-request\n"
    with served(a=b"a") as (server, one):
        for headers, rule, requests in (("", "drop 1", 1), (git, "drop 1", 2), ("", "fail 1 502", 1),
                                        (git, "fail 1 502", 2), ("", "fail 1 503", 2)):
            path = "/%s-%d" % (rule.replace(" ", "-"), len(headers))
            server.rules("%s %s" % (path, rule) + " Retry-After: 1" * rule.startswith("fail"))
            one.fetch("POST", server.url(path), headers=headers, body=b"b", origins=[server.origin])
            same((headers, rule, sum(line[1] == path for line in server.log())),
                 (headers, rule, requests))


def a_body_that_breaks_off_goes_on_where_it_stood():
    with served(big=BIG, config={"limits": {"retries": 2}}) as (server, one):
        # Each time something came, the count of tries begins anew.
        server.rules("/big break 5 2000000")
        reply = one.fetch("GET", server.url("/big"), origins=[server.origin])
        same((reply.status, reply.why, reply.size, reply.requests), (200, "", len(BIG), 6))
        assert reply.body == BIG, "the body is another"
        same([line[2] for line in server.log()], ["200"] + ["206"] * 5)
        assert "the body ended too early; trying again" in reply.notes[0], reply.notes
        heads = server.heads().strip().split("\n\n")
        assert "range: bytes=2000000-\n" in heads[1] + "\n", heads[1]
        assert 'if-range: "' in heads[1], heads[1]
        # A guest that asks for a part itself is not helped.
        server.rules("/big break 1 1000")
        reply = one.fetch("GET", server.url("/big"), headers="Range: bytes=5-\n",
                          origins=[server.origin])
        same((reply.status, reply.size, bool(reply.why)), (206, 1000, True))


def a_server_without_ranges_sends_all_again_and_the_front_is_left_out():
    tag = b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 300000\r\n\r\n'
    body = BIG[:300000]
    with served(first=tag + body[:200000], again=tag + body) as (server, one):
        server.rules("/a once 1 first", "/a raw again")
        reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
        same((reply.status, reply.why, reply.requests), (200, "", 2))
        assert reply.body == body, "the body is another"


def a_port_that_nobody_listens_on_is_said_after_the_retries():
    with Httpd() as server:
        gone = server.origin
    with network(named=[gone], limits={"connect": 5, "stall": 5, "total": 60, "retries": 1}) as one:
        reply = one.fetch("GET", gone + "/a", origins=[gone])
        says(reply, gone + "/a: ", "Connection refused")
        same((reply.status, reply.requests, reply.refused, len(reply.notes)), (None, 0, 0, 1))


def nothing_is_asked_again_once_a_byte_of_the_body_was_passed_on():
    with served(big=BIG) as (server, one):
        server.rules("/big truncate 1000")
        reply = one.fetch("GET", server.url("/big"), origins=[server.origin])
        same((reply.status, reply.size, reply.requests, reply.refused), (200, 1000, 1, 0))
        same(reply.body, BIG[:1000])
        says(reply, "/big: ", "the body ended too early")


def mirrors_are_tried_in_order_and_instead_of_the_origin():
    with Httpd(a=b"the origin's") as origin, Httpd() as lacking, Httpd() as gone:
        with Httpd(**{"deep/a": b"the mirror's"}) as mirror:
            gone.__exit__()
            mirrors = {origin.origin: [gone.url(""), lacking.url("/x/"), mirror.url("/deep")]}
            with network(mirrors=mirrors,
                         limits={"connect": 5, "stall": 5, "total": 60, "retries": 0}) as one:
                reply = one.fetch("GET", origin.url("/a?q=1"), origins=[origin.origin])
                same((reply.status, reply.body, reply.why), (200, b"the mirror's", ""))
                same(reply.url, mirror.url("/deep/a?q=1"))
                same(reply.reached, [lacking.origin, mirror.origin])
                same(len(reply.notes), 2)
                same((len(origin.log()), lacking.log()[0][:3]), (0, ["GET", "/x/a?q=1", "404"]))
        gone.__enter__


def a_registry_is_found_where_its_template_says():
    with Httpd("crates", **{"ab-c-1.2.3.crate": b"a crate", "p/ab/-c/Ab-C/ab/1.0.0+x": b"by prefix"}) as server:
        for template, name, path, body in (
                (server.url(""), "ab-c/1.2.3", "/ab-c/1.2.3/download", b"a crate"),
                (server.url("/p/{lowerprefix}/{crate}/ab/{version}"), "Ab-C/1.0.0+x",
                 "/p/ab/-c/Ab-C/ab/1.0.0+x", b"by prefix")):
            with network(registries={"registry:crates": template}) as one:
                reply = one.fetch("GET", "registry:crates/" + name, origins=["registry:crates"])
                same((reply.why, reply.status, reply.body), ("", 200, body))
                same((reply.url, reply.reached), (server.url(path), [server.origin]))
                reply = one.fetch("GET", "registry:crates/" + name, origins=[server.origin])
                same((reply.refused, reply.requests), (1, 0))
        with network(registries={"registry:crates": "https://nowhere.example"},
                     mirrors={"registry:crates": [server.url("")]}) as one:
            reply = one.fetch("GET", "registry:crates/ab-c/1.2.3", origins=["registry:crates"])
            same((reply.why, reply.body), ("", b"a crate"))


def a_registry_that_nobody_knows_is_refused_with_what_to_set():
    with network() as one:
        for url, row, client in (("crates/a/1.0.0", "crates", "cargo"), ("crates/a", "crates-index", "cargo"),
                                 ("npm/a", "npm", "npm's own"), ("npm/@s%2fa", "npm/@s", "npm's own"),
                                 ("pypi/a/", "pypi", "index-url")):
            origin = "registry:" + url.split("/")[0]
            reply = one.fetch("GET", "registry:" + url, origins=[origin])
            same((reply.refused, reply.requests), (1, 0))
            says(reply, "--set", 'mirrors."registry:%s"' % row, client)


def the_documents_of_registries_are_found_by_their_rows():
    files = {"index/se/rd/serde": b"line", "index/1/a": b"one", "npm/left-pad": b"packument",
             "npm/@s%2fa": b"scoped", "scope/@s%2fa": b"by scope", "simple/six/index.html": b"page"}
    with Httpd(**files) as server:
        rows = {"registry:crates-index": server.url("/index"), "registry:npm": server.url("/npm/"),
                "registry:pypi": server.url("/simple")}
        with network(registries=rows) as one:
            for url, path in (("crates/Serde", "/index/se/rd/serde"), ("crates/A", "/index/1/a"),
                              ("npm/left-pad", "/npm/left-pad"), ("npm/@s%2fa", "/npm/@s%2fa"),
                              ("pypi/six/", "/simple/six/")):
                reply = one.fetch("GET", "registry:" + url, origins=["registry:" + url.split("/")[0]])
                same((reply.why, reply.url), ("", server.url(path)))
        with network(registries={**rows, "registry:npm/@s": server.url("/scope")}) as one:
            reply = one.fetch("GET", "registry:npm/@s%2fa", origins=["registry:npm"])
            same(reply.url, server.url("/scope/@s%2fa"))
            reply = one.fetch("GET", "registry:npm/@t%2fa", origins=["registry:npm"])
            same(reply.url, server.url("/npm/@t%2fa"))
        with network(registries=rows, mirrors={"registry:npm": [server.url("/scope")]}) as one:
            reply = one.fetch("GET", "registry:npm/@s%2fa", origins=["registry:npm"])
            same(reply.url, server.url("/scope/@s%2fa"))


def what_a_document_names_is_reached_where_a_redirect_would_be():
    with Httpd(a=b"an archive") as server, Httpd(a=b"elsewhere") as other:
        with network(registries={"registry:npm": server.url("/npm")}, allow=["127.0.0.0/8"]) as one:
            reply = one.fetch("GET", server.url("/a"), origins=["registry:npm"])
            same((reply.why, reply.body), ("", b"an archive"))
            # To plain http only where the configuration names the origin, and https only with redirects.
            for url, redirects in ((other.url("/a"), True), (other.url("/a"), False),
                                   ("https://nowhere.invalid/a", False)):
                reply = one.fetch("GET", url, origins=["registry:npm"], redirects=redirects)
                same((reply.refused, reply.requests), (1, 0))
                says(reply, "not among the origins")
            reply = one.fetch("GET", "https://nowhere.invalid/a", origins=["registry:npm"], redirects=True)
            assert "not among the origins" not in reply.why, reply.why
            reply = one.fetch("GET", "https://nowhere.invalid/a", origins=["https://a.example"], redirects=True)
            says(reply, "not among the origins")


def redirects_keep_method_and_body_and_are_followed_hop_by_hop():
    for status in (301, 302, 307, 308):
        with served(end=b"the end") as (server, one):
            server.rules("/x/start redirect %d middle?x=1" % status,
                         "/x/middle redirect %d ../end" % status)
            reply = one.fetch("POST", server.url("/x/start"), body=b"kept", origins=[server.origin])
            same((reply.status, reply.body, reply.why, reply.requests), (200, b"the end", "", 3))
            same(reply.url, server.url("/end"))
            same(reply.reached, [server.origin] * 3)
            same([line[0:2] for line in server.log()],
                 [["POST", "/x/start"], ["POST", "/x/middle?x=1"], ["POST", "/end"]])
            same(server.heads().count("content-length: 4"), 3)


def the_redirect_303_is_followed_but_for_a_post():
    with served(end=b"the end") as (server, one):
        server.rules("/a redirect 303 /end")
        reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
        same((reply.status, reply.body), (200, b"the end"))
        reply = one.fetch("POST", server.url("/a"), body=b"x", origins=[server.origin])
        same((reply.status, reply.requests), (303, 1))


def a_redirect_to_an_origin_that_is_not_listed_needs_the_flag():
    with Httpd(a=b"elsewhere") as other, served(config={"named": [other.origin]}) as (server, one):
        server.rules("/a redirect 302 " + other.url("/a"))
        reply = one.fetch("GET", server.url("/a"), origins=[server.origin])
        says(reply, "not among the origins")
        same((reply.refused, reply.requests, len(other.log())), (1, 1, 0))
        for more in ({"origins": [server.origin], "redirects": True},
                     {"origins": [server.origin, other.origin]}):
            reply = one.fetch("GET", server.url("/a"), **more)
            same((reply.status, reply.body, reply.why), (200, b"elsewhere", ""))
            same(reply.reached, [server.origin, other.origin])


def only_listed_origins_are_asked_first():
    with Httpd() as other, served(config={"named": [other.origin]}) as (server, one):
        reply = one.fetch("GET", other.url("/a"), origins=[server.origin], redirects=True)
        says(reply, "not among the origins")
        same((reply.refused, reply.requests, len(other.log())), (1, 0, 0))


def what_a_guest_may_not_say_is_refused():
    with served(a=b"a") as (server, one):
        for method, headers, body in (
                ("DELETE", "", b""), ("GET\r\nX: y", "", b""), ("GET", "Host: other\n", b""),
                ("GET", "Content-Length: 3\n", b""), ("GET", "TRANSFER-ENCODING: chunked\n", b""),
                ("GET", "Accept-Encoding: gzip\n", b""), ("GET", "X: a\rY: b\n", b""),
                ("GET", "X\n", b""), ("GET", ": x\n", b""), ("GET", "X y: z\n", b""),
                ("GET", "X: \n", b""), ("GET", "X: %s\n" % ("x" * 20000), b""), ("GET", "", b"body"),
                ("GET", "X:\x80\n", b"")):
            reply = one.fetch(method, server.url("/a"), headers=headers.encode("latin-1"), body=body,
                              origins=[server.origin])
            same((method, headers[:30], reply.refused, reply.requests), (method, headers[:30], 1, 0))
        same(server.log(), [])


if __name__ == "__main__":
    run([one for name, one in list(globals().items())
         if callable(one) and getattr(one, "__module__", "") == "__main__"])
