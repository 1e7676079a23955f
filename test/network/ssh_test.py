# SPDX-License-Identifier: MPL-2.0
"""git over ssh, through a real sshd: ssh_test.py PROGRAM [WORDS]"""
import contextlib
import os
import subprocess
import sys
import tempfile

from harness import ROOT, Skip, network, run, same, says
from realizer import CANCEL, PAUSE, RESUME

sys.path.insert(0, os.path.join(ROOT, "server"))
from sshd import CannotServe, Sshd  # noqa: E402 (its folder is known from here on)

TYPE = "Content-Type: application/x-git-upload-pack-request\n"
NEW = "Git-Protocol: version=2\n" + TYPE
REFS = b"0014command=ls-refs\n0001" b"0014ref-prefix HEAD\n" b"0000"
UPLOAD, LISTING = "/git-upload-pack", "/info/refs?service=git-upload-pack"
ONCE = {"retries": 0}


def packet(text):
    return ("%04x%s" % (len(text) + 4, text)).encode()


def make(folder):
    os.makedirs(folder)
    with open(os.path.join(folder, "a"), "w") as file:
        file.write("content\n")
    for words in (["init", "-q", "-b", "main"], ["add", "-A"],
                  ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-C", folder, *words], check=True)
    return subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.strip()


class Place:
    """A server, a repository behind it, and a cab-network whose host's configuration allows loopback."""

    def __init__(self, top, server, one):
        self.top, self.server, self.one = top, server, one
        self.origin = "ssh://127.0.0.1:%d" % server.port

    def ask(self, path, body=REFS, headers=NEW, method="POST", **more):
        more.setdefault("origins", [self.origin])
        return self.one.fetch(method, self.server.url(self.top + path), body=body, headers=headers, **more)


LOGIN = []  # why nobody can log in here, or nothing; once it was tried


def need_login():
    if not LOGIN:
        with tempfile.TemporaryDirectory(prefix="cab-ssh-") as top:
            try:
                with Sshd(os.path.join(top, "sshd")) as server:
                    server.check()
                LOGIN.append("")
            except CannotServe as why:
                LOGIN.append(str(why))
    if LOGIN[0]:
        raise Skip(LOGIN[0])


@contextlib.contextmanager
def place(allow=("127.0.0.1",), limits=None, **options):
    need_login()
    with tempfile.TemporaryDirectory(prefix="cab-ssh-") as top:
        with Sshd(os.path.join(top, "sshd"), **options) as server:
            with network(allow=list(allow), ssh=server.words, limits=limits or {}) as one:
                yield Place(top, server, one)


def fetch_body(revision, new=True):
    if new:
        return (packet("command=fetch") + b"0001" + packet("no-progress") + packet("ofs-delta") +
                packet("want " + revision) + packet("deepen 1") + packet("done") + b"0000")
    return packet("want %s side-band-64k ofs-delta" % revision) + packet("deepen 1") + b"0000" + packet("done")


def a_listing_and_a_fetch_are_one_connection_in_version_2():
    with place() as at:
        revision = make(at.top + "/r")
        reply = at.ask("/r" + UPLOAD)
        same((reply.status, reply.why, reply.reached, reply.requests), (200, "", [at.origin], 1))
        same(reply.headers["content-type"], ["application/x-git-upload-pack-result"])
        same(bytes(reply.body), packet(revision + " HEAD\n") + b"0000")
        same(reply.url, at.server.url(at.top + "/r" + UPLOAD))
        reply = at.ask("/r" + UPLOAD, fetch_body(revision))
        same((reply.status, reply.why), (200, ""))
        assert b"packfile\n" in reply.body and b"PACK" in reply.body and reply.body.endswith(b"0000")
        reply = at.ask("/r" + LISTING, b"", headers="", method="GET")
        assert bytes(reply.body).startswith(packet("version 2\n")), reply.body
        same(reply.headers["content-type"], ["application/x-git-upload-pack-advertisement"])
        same(at.server.connections, 1)


def a_server_that_takes_no_variable_is_spoken_to_in_version_0():
    with place(accepts=False) as at:
        revision = make(at.top + "/r")
        reply = at.ask("/r" + UPLOAD)
        same((reply.status, bytes(reply.body), reply.why), (200, b"", ""))
        reply = at.ask("/r" + LISTING, b"", headers="", method="GET")
        assert revision.encode() + b" HEAD\0" in reply.body and reply.body.endswith(b"0000"), reply.body
        reply = at.ask("/r" + UPLOAD, fetch_body(revision, new=False), headers=TYPE)
        same((reply.status, reply.why), (200, ""))
        assert packet("NAK\n") in reply.body and b"PACK" in reply.body, reply.body
        same(at.server.connections, 1)
        # Nothing of it is left to be taken up: it had one question.
        reply = at.ask("/r" + UPLOAD, fetch_body(revision, new=False), headers=TYPE)
        says(reply, "another version of the protocol")


def what_the_derivation_does_not_list_and_addresses_that_are_not_public_are_refused():
    with place(allow=()) as at:
        for origins in ([], ["ssh://127.0.0.1"], ["ssh://localhost:%d" % at.server.port],
                        ["https://127.0.0.1:%d" % at.server.port]):
            reply = at.ask("/r" + UPLOAD, origins=origins, redirects=True)
            says(reply, at.origin + " is not among the origins of this derivation")
            same((reply.status, reply.refused), (None, 1))
        reply = at.ask("/r" + UPLOAD)
        says(reply, "127.0.0.1", "--set", "network.allow")
        same(reply.refused, 1)
        reply = at.one.fetch("POST", "ssh://localhost:%d/r%s" % (at.server.port, UPLOAD), body=REFS, headers=NEW,
                             origins=["ssh://localhost:%d" % at.server.port])
        same(reply.refused, 1)
        # Where ssh's own configuration leads counts, not what the URL says.
        at.server.write_config(more="Host public.example\n  HostName 127.0.0.1\n  Port %d" % at.server.port)
        reply = at.one.fetch("POST", "ssh://public.example/r" + UPLOAD, body=REFS, headers=NEW,
                             origins=["ssh://public.example"])
        says(reply, "127.0.0.1")
        same((reply.refused, at.server.connections), (1, 0))


def neither_user_host_nor_path_can_be_an_option_or_a_command():
    with place() as at:
        mark = at.top + "/mark"
        port = at.server.port
        for url in ("ssh://-oProxyCommand=touch%20x@127.0.0.1:{port}/r", "ssh://-l@127.0.0.1:{port}/r",
                    "ssh://-oProxyCommand=x/r", "ssh://a%20b@127.0.0.1:{port}/r", "ssh://a:b@127.0.0.1:{port}/r",
                    "ssh://@127.0.0.1:{port}/r", "ssh://127.0.0.1:{port}/r%0atouch", "ssh://127.0.0.1:{port}/r%00",
                    "ssh://127.0.0.1:{port}/r%7f", "ssh://127.0.0.1:{port}/r%2", "ssh://127.0.0.1:{port}/r%zz",
                    "ssh://127.0.0.1:{port}", "ssh:///r", "ssh://127.0.0.1:{port}/a?b",
                    "ssh://127.0.0.1:-p/r", "ssh://127.0.0.1:0/r"):
            reply = at.one.fetch("POST", url.format(port=port) + UPLOAD, body=REFS, headers=NEW,
                                 origins=[at.origin])
            same((url, reply.status, reply.refused), (url, None, 1))
        same(at.server.connections, 0)
        for name in ("it's; touch mark", "$(touch mark)", "`touch mark`", "a!b", "'; touch mark; '", "-u", "a\\b", "ü"):
            folder = os.path.join(at.top, "in", name)
            revision = make(folder)
            quoted = "".join("%%%02x" % byte for byte in os.fsencode(name))
            reply = at.ask("/in/" + quoted + UPLOAD)
            same((name, bytes(reply.body), reply.why, reply.notes),
                 (name, packet(revision + " HEAD\n") + b"0000", "", []))
        assert not os.path.exists(mark) and not os.path.exists(os.path.expanduser("~/mark"))


def only_git_upload_pack_is_asked():
    with place() as at:
        for path, method in (("/r/git-receive-pack", "POST"), ("/r", "POST"), ("/r" + UPLOAD, "GET"),
                             ("/r" + LISTING, "POST"), ("/r/info/refs?service=git-receive-pack", "GET")):
            reply = at.ask(path, body=REFS if method == "POST" else b"", method=method)
            same((path, reply.status, reply.refused), (path, None, 1))
        same(at.server.connections, 0)


def nobody_is_asked_for_anything():
    with place() as at:
        make(at.top + "/r")
        at.server.make_key("locked", "passphrase")
        at.server.make_key("other")
        at.server.write("nobody", "")
        for config, words in (({"key": "locked"}, "Permission denied (publickey)"),
                              ({"key": "other"}, "Permission denied (publickey)"),
                              ({"known": "nobody"}, "log in once by hand to check the key: ssh 127.0.0.1")):
            at.server.write_config(**config)
            reply = at.ask("/r" + UPLOAD)
            says(reply, at.origin, words)
            same((reply.status, reply.refused), (None, 0))
        at.server.write("known", "[127.0.0.1]:%d %s" % (at.server.port, at.server.read("other.pub")))
        at.server.write_config()
        says(at.ask("/r" + UPLOAD), "log in once by hand")
        at.server.write_config(more="NoSuchOption yes")
        says(at.ask("/r" + UPLOAD), "ssh: exit status 255", "nosuchoption")


def a_program_that_is_not_there_is_named():
    with network(allow=["127.0.0.1"], ssh=["no-such-ssh"]) as one:
        reply = one.fetch("POST", "ssh://127.0.0.1/r" + UPLOAD, body=REFS, headers=NEW, origins=["ssh://127.0.0.1"])
        says(reply, "no-such-ssh")
    with network(allow=["127.0.0.1"], ssh=["ssh", "-F", "/dev/null"]) as one:
        reply = one.fetch("POST", "ssh://nowhere.invalid/r" + UPLOAD, body=REFS, headers=NEW,
                          origins=["ssh://nowhere.invalid"])
        says(reply, "no address of nowhere.invalid is found")


def a_repository_that_is_not_there_is_told_in_the_servers_words():
    with place() as at:
        says(at.ask("/nothing" + UPLOAD), "git-upload-pack did not begin", "does not appear to be a git repository")


def what_a_server_writes_beside_the_answer_is_bounded():
    script = "i=0; while [ $i -lt 20000 ]; do echo \"line $i of words\" >&2; i=$((i + 1)); done; exit 3"
    with place(force="/bin/sh -c '%s'" % script.replace("'", "'\\''")) as at:
        reply = at.ask("/r" + UPLOAD)
        says(reply, "exit status 3", "line 19999 of words")
        assert "line 19000 " not in reply.why and len(reply.why) < 1500, reply.why


def what_is_not_git_is_refused():
    for said, words in (("Welcome to this machine", "it begins with \"Welcome to"), ("0003", "not git-upload-pack"),
                        ("fffffxyz", "not git-upload-pack"), ("0", "did not begin")):
        with place(force="printf '%s'" % said) as at:
            reply = at.ask("/r" + UPLOAD)
            says(reply, words)
            same(reply.status, None)


def an_answer_that_breaks_off_is_an_error_and_none_at_all_is_empty():
    begin = "printf '000eversion 2\\n0000'; head -c 20 > /dev/null"
    for then, status, why in (("printf 0009piece", 200, "within its answer"), ("printf 'zz'", None, "not git-upload-pack"),
                              ("printf '00000000'", None, "not git-upload-pack")):
        with place(force="/bin/sh -c \"%s; %s\"" % (begin, then)) as at:
            reply = at.ask("/r" + UPLOAD)
            says(reply, why)
    with place(force="/bin/sh -c \"%s; echo mismatched >&2; exit 128\"" % begin) as at:
        reply = at.ask("/r" + UPLOAD)
        same((reply.status, bytes(reply.body), reply.why), (200, b"", ""))
        assert "exit status 128: mismatched" in reply.notes[0], reply.notes


def a_server_that_says_nothing_is_left():
    with place(force="sleep 3600", limits={"stall": 1}) as at:
        says(at.ask("/r" + UPLOAD), "nothing came for 1 seconds")
        at.server.ended()


def a_cancelled_request_ends_its_ssh():
    with place(force="/bin/sh -c \"printf '000eversion 2\\n0000'; exec cat /dev/zero\"") as at:
        reply = at.one.open("POST", at.server.url("/r" + UPLOAD), body=REFS, headers=NEW, origins=[at.origin])
        at.one.wait(lambda: at.server.connections == 1)
        at.one.order(CANCEL, reply)
        at.one.fetch("GET", "http://192.0.2.1/", origins=[])
        at.server.ended()


def a_reader_that_waits_stops_the_server():
    size = 24 << 20
    script = ("printf '000eversion 2\\n0000'; head -c 20 > /dev/null; i=0; while [ $i -lt %d ]; do printf ffec; "
              "head -c 65512 /dev/zero; i=$((i + 1)); done; printf 0000" % (size // 65512))
    with place(force="/bin/sh -c \"%s\"" % script.replace("$", "\\$")) as at:
        reply = at.one.open("POST", at.server.url("/r" + UPLOAD), body=REFS, headers=NEW, origins=[at.origin])
        at.one.wait(lambda: reply.body)
        at.one.order(PAUSE, reply)
        at.one.order(RESUME, reply)
        at.one.finish(reply)
        same((len(reply.body), reply.why), (size // 65512 * 65516 + 4, ""))
        same(reply.received, len(reply.body))


run([one for name, one in list(globals().items())
     if callable(one) and getattr(one, "__module__", "") == __name__ and "_" in name and
     name not in ("fetch_body", "need_login")])
