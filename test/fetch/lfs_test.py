#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""lfs_test.py NATIVE_RUN: contents of Git LFS by the fetcher's C, run natively, against git's own http-backend with
the batch API before it: trees have what pointers name, and servers that lie get one sentence and leave no `cab` line."""
import os
import subprocess

from packages import ROOT, RUN, main, test  # `main` and `test` are points' own
from lfs import Lfs, pointer_of

GIT = {"PATH": os.environ["PATH"], "HOME": str(ROOT), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "n",
       "GIT_AUTHOR_EMAIL": "e", "GIT_COMMITTER_NAME": "n", "GIT_COMMITTER_EMAIL": "e", "GIT_AUTHOR_DATE": "@1 +0000",
       "GIT_COMMITTER_DATE": "@1 +0000",
       # Nothing of git's is at work behind the test's back, and no disk is waited for.
       "GIT_CONFIG_COUNT": "3", "GIT_CONFIG_KEY_2": "core.fsync", "GIT_CONFIG_VALUE_2": "none", "GIT_CONFIG_KEY_0": "gc.auto", "GIT_CONFIG_VALUE_0": "0",
       "GIT_CONFIG_KEY_1": "maintenance.auto", "GIT_CONFIG_VALUE_1": "false"}
OPTION = "lfs=true"
DEMAND = b"x" * 3000 + b"end"


def git(folder, *words):
    return subprocess.run(["git", "-C", folder, *words], check=True, env=GIT, stdout=-1).stdout.decode().strip()


class Place:
    """A repository `o/r` behind a server, with these files: {path: text}; one whose name begins with `run` is executable."""
    number = 0

    def __init__(self):
        Place.number += 1
        self.top = ROOT / f"place-{Place.number}"
        self.top.mkdir()
        self.server = Lfs(self.top)

    def commit(self, files, name="o/r"):
        folder = self.top / name
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q", "-b", "main")
        for path, text in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            if file.name.startswith("run"):
                file.chmod(0o755)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "m")
        return git(folder, "rev-parse", "HEAD")

    def fetch(self, *arguments, name="/o/r", pin=None):
        folder = ROOT / f"fetch-{len(os.listdir(ROOT))}"
        folder.mkdir()
        (folder / "hash").write_bytes(b"")
        run = subprocess.run([RUN, folder, "git", self.server.url + name, *arguments], stderr=-1, timeout=100,
                             env={"CAB_PIN": pin} if pin else {})
        self.out, self.status, self.log = folder / "out", run.returncode, run.stderr.decode(errors="replace")
        self.lines = (folder / "hash").read_text().splitlines()
        return self

    def fetched(self, *arguments, **more):
        assert self.fetch(*arguments, **more).status == 0, self.log
        return self

    def refused(self, *sentences, option=OPTION):
        assert self.fetch(option).status == 1, self.log
        last = self.log.strip().splitlines()[-1]
        for sentence in sentences:
            assert sentence in last, self.log
        assert not any(line.startswith("cab ") for line in self.lines), self.lines

    def files(self):
        return {str(path.relative_to(self.out)): path.read_bytes() for path in self.out.rglob("*") if path.is_file()}


def placed(function):
    def run():
        place = Place()
        try:
            function(place)
        finally:
            place.server.stop()
    run.__name__ = function.__name__
    return test(run)


@placed
def pointers_become_what_they_name_each_once(place):
    oid, large = place.server.add(os.urandom(300000))
    _, small = place.server.add(DEMAND)
    _, empty = place.server.add(b"")
    revision = place.commit({"plain": "text\n", "large": large, "d/twin": large, "d/run-twin": large, "run": small, "none": empty})
    place.fetched(OPTION)
    big = place.server.contents[oid]
    assert place.files() == {"plain": b"text\n", "large": big, "d/twin": big, "d/run-twin": big, "run": DEMAND, "none": b""}
    for path, mode in (("run", 0o100), ("d/run-twin", 0o100), ("large", 0), ("d/twin", 0)):
        assert os.stat(place.out / path).st_mode & 0o100 == mode, path
    tree = git(place.top / "o/r", "rev-parse", "main^{tree}")
    assert place.lines == [f"git {revision}+lfs", f"git-tree {tree}+lfs", "cab ."], place.lines
    assert len(place.server.asked) == 1 and len(place.server.asked[0]) == 3, place.server.asked
    assert sum(line == f"GET /content/{oid}" for line in place.server.log) == 1, place.server.log
    assert "POST /o/r.git/info/lfs/objects/batch" in place.server.log
    # Without it they are files like any other, and its pin is none of theirs.
    assert place.fetched().files()["large"] == large.encode() and place.lines[0] == f"git {revision}"
    place.fetched(OPTION, pin=f"git {revision}+lfs\n")
    assert place.fetch(OPTION, pin=f"git {revision}\n").status == 1 and "other options" in place.log


@placed
def a_subpath_and_a_file_alone(place):
    _, one = place.server.add(b"one")
    _, two = place.server.add(b"two")
    revision = place.commit({"a/one": one, "b/two": two})
    place.fetched(OPTION, "subpath=a")
    assert place.files() == {"one": b"one"} and place.lines[0] == f"git {revision}:a+lfs", place.lines
    assert [len(asked) for asked in place.server.asked] == [1]
    assert place.fetched(OPTION, "subpath=b/two").out.read_bytes() == b"two"


@placed
def many_are_asked_for_by_the_hundred(place):
    contents = {f"d{number % 7}/f{number}": b"%d" % number for number in range(201)}
    place.commit({path: place.server.add(content)[1] for path, content in contents.items()})
    assert place.fetched(OPTION).files() == contents
    assert sorted(len(asked) for asked in place.server.asked) == [1, 100, 100]


@placed
def what_is_nearly_a_pointer_is_a_file(place):
    _, right = pointer_of(DEMAND)
    files = {"end": right[:-1], "more": right + "\n", "extended": right.replace("oid", "ext-0-x sha256:00\noid"),
             "short": right.replace("sha256:", "sha256:0"), "upper": right.upper(), "no-size": right.replace("size 3003", "size x"),
             "negative": right.replace("size ", "size -"), "empty-size": right.replace("3003", ""), "other": right.replace("/v1", "/v2"),
             "nothing": "", "long": right + "x" * 1024}
    place.commit(files)
    assert place.fetched(OPTION).files() == {path: text.encode() for path, text in files.items()}
    assert not place.server.asked, "nothing is asked where nothing is to be had"


@placed
def submodules_have_theirs_of_their_own_repository(place):
    _, inner = place.server.add(b"inner")
    _, outer = place.server.add(b"outer")
    revision = place.commit({"f": inner}, "o/sub")
    place.commit({"g": outer, ".gitmodules": '[submodule "s"]\n\tpath = s\n\turl = ../sub\n'})
    git(place.top / "o/r", "update-index", "--add", "--cacheinfo", f"160000,{revision},s")
    git(place.top / "o/r", "commit", "-q", "-m", "m")
    place.fetched(OPTION, "submodules=true")
    assert (place.out / "s/f").read_bytes() == b"inner" and (place.out / "g").read_bytes() == b"outer"
    assert place.lines[0].endswith("+submodules+lfs") and place.lines[1].endswith("+submodules+lfs"), place.lines
    assert "POST /o/sub.git/info/lfs/objects/batch" in place.server.log, place.server.log


@placed
def headers_of_an_action_are_sent(place):
    _, text = place.server.add(DEMAND)
    place.commit({"f": text})
    place.server.header = {"Authorization": "Basic eA==", "X-Some": "thing"}
    assert place.fetched(OPTION, name="/o/r/").files() == {"f": DEMAND}


@placed
def contents_that_are_not_what_was_promised_are_refused(place):
    oid, text = place.server.add(DEMAND)
    place.commit({"d/f": text})
    where = f"{oid} out/d/f"
    for content, sentence in ((DEMAND[:-1] + b"?", "is another than its pointer names"), (DEMAND + b"!", "is longer than"),
                              (DEMAND[:-1], "is shorter than"), (b"", "is shorter than"), (DEMAND * 100, "is longer than")):
        place.server.contents[oid] = content
        place.refused(sentence, where)
    del place.server.contents[oid]
    place.refused("the server does not give an object of LFS (Object does not exist)", where)


@placed
def answers_that_are_none_are_refused(place):
    oid, text = place.server.add(DEMAND)
    place.commit({"d/f": text})
    where = f"{oid} out/d/f"

    def action(href):
        return {"objects": [{"oid": oid, "size": 3003, "actions": {"download": {"href": href}}}]}
    lost = "the server's answer is without an object of LFS"
    no_url = "the server names no URL of an object of LFS"
    for answer, *sentences in (
            (b"<html>", "an answer on objects of LFS: what came is no JSON"), (b"", "what came is no JSON"),
            (b"[" * 100, "too deep"), (b" " * (5 << 20), "an answer on objects of LFS: it is too large"), (404, "HTTP status: 404"), (501, "HTTP status: 501"),
            ({}, lost, where), ([], lost, where), ({"objects": []}, lost, where), ({"objects": {"oid": oid}}, lost, where),
            ({"objects": [{"oid": "0" * 64}, {"oid": oid[:-1]}, {"oid": 7}, 7, {}]}, lost, where),
            ({"objects": [{"oid": oid}]}, no_url, where), (action(7), no_url, where), (action(""), no_url, where),
            (action("/content/" + oid), no_url, where), (action("//127.0.0.1/x"), no_url, where),
            (action("file:///etc/passwd"), no_url, where), (action("ftp://127.0.0.1/x"), no_url, where),
            (action(place.server.url + "/content/none"), "(403)", where),
            ({"objects": [{"oid": oid, "error": {"code": 410}}]}, "an object of LFS (410)", where),
            ({"objects": [{"oid": oid, "error": {"code": 1, "message": "\x1b[2J" + "m" * 5000}}]}, "an object of LFS (?[2Jmm", where)):
        place.server.answer = lambda request, honest, answer=answer: answer
        place.refused(*sentences)
        assert len(place.log) < 2000, place.log
    # What was not asked for has no effect.
    place.server.answer = lambda request, honest: {"objects": [{"oid": "1" * 64}, *honest["objects"]]}
    assert place.fetched(OPTION).files() == {"d/f": DEMAND}


@placed
def pointers_beyond_the_limits_are_refused_before_anything_is_asked(place):
    oid, vast = pointer_of(DEMAND, (8 << 30) + 1)
    place.commit({"f": vast})
    place.refused("an object of LFS is larger than 8 GiB", f"{oid} out/f")
    place.commit({"f": pointer_of(DEMAND, "9" * 300)[1]})
    place.refused("an object of LFS is larger than 8 GiB", f"{oid} out/f")
    place.commit({"f": pointer_of(DEMAND)[1], "g": pointer_of(DEMAND, 1)[1]})
    place.refused("two pointers give an object of LFS two sizes", oid)
    place.commit({"f": "", "g": "", **{f"d{number % 64}/{number}": pointer_of(b"%d" % number)[1] for number in range(10001)}})
    place.refused("more than 10000 objects of LFS")
    assert not place.server.asked
    place.refused("does not know: yes", option="lfs=yes")


main(lambda function: function())
