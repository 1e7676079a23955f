#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""fetch_test.py NATIVE_RUN: the fetcher's C, run natively, against git's own http-backend and a
plain HTTP server: trees equal what git stores, identities are what the manual says, and servers that
lie get one clear sentence and leave no `cab` line."""
import gzip
import hashlib
import http.server
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading

SERVER = pathlib.Path(__file__).resolve().parent.parent / "server"
sys.path.insert(0, str(SERVER))
from points import run_all, test
from peer import Peer, commit_of, identity_of, packed, pkt, refs, sent  # noqa: E402  (it lies in a folder beside this one)
RUN = os.path.abspath(sys.argv[1])
ROOT = pathlib.Path(tempfile.mkdtemp(prefix="fetch-test-"))
REPOSITORIES = ROOT / "repositories"
FILES = ROOT / "files"
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": str(ROOT), "GIT_CONFIG_NOSYSTEM": "1",
               "GIT_AUTHOR_NAME": "n", "GIT_AUTHOR_EMAIL": "e", "GIT_COMMITTER_NAME": "n",
               "GIT_COMMITTER_EMAIL": "e", "GIT_AUTHOR_DATE": "@100000 +0000",
               "GIT_COMMITTER_DATE": "@100000 +0000", "LC_ALL": "C.UTF-8"}


def command(*words, **more):
    return subprocess.run(words, check=True, env=ENVIRONMENT, stdout=subprocess.PIPE, **more).stdout


def git(name, *words, **more):
    return command("git", "-C", REPOSITORIES / name, *words, **more)


class Outcome:
    def __init__(self, folder, run):
        self.out = folder / "out"
        self.status = run.returncode
        self.log = run.stderr.decode(errors="replace")
        self.lines = (folder / "hash").read_text().splitlines()
        self.identity = dict(line.split(" ") for line in self.lines)
        self.left = sorted(os.listdir(folder))


def fetch(*arguments, pin=None):
    folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
    (folder / "hash").write_bytes(b"")
    environment = {"CAB_TEST_REGISTRY": REGISTRY}
    if pin is not None:
        environment["CAB_PIN"] = pin
    run = subprocess.run([RUN, folder, *arguments], env=environment, stderr=subprocess.PIPE,
                         timeout=100)
    return Outcome(folder, run)


def fetched(*arguments, **more):
    outcome = fetch(*arguments, **more)
    assert outcome.status == 0, outcome.log
    return outcome


def refused(sentence, *arguments, **more):
    outcome = fetch(*arguments, **more)
    assert outcome.status == 1, f"exit {outcome.status}: {outcome.log}"
    assert sentence in outcome.log, outcome.log
    assert "cab" not in outcome.identity, outcome.lines
    return outcome


def tree_of(folder):
    """{path: (mode, content)} of what lies on the disk, empty folders included."""
    found = {}
    top = os.fsencode(folder)
    for place, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(place, name)
            relative = os.path.relpath(path, top)
            if os.path.islink(path):
                found[relative] = ("120000", os.readlink(path))
            elif os.path.isdir(path):
                if not os.listdir(path):
                    found[relative] = ("folder", b"")
            else:
                with open(path, "rb") as file:
                    mode = "100755" if os.stat(path).st_mode & 0o100 else "100644"
                    found[relative] = (mode, file.read())
    return found


def tree_stored(name, revision):
    stored = {}
    listing = git(name, "ls-tree", "-r", "-z", "--full-tree", revision)
    for row in listing.split(b"\0")[:-1]:
        meta, path = row.split(b"\t", 1)
        mode, kind, identity = meta.decode().split()
        stored[path] = ("folder", b"") if kind == "commit" else (
            mode, git(name, "cat-file", kind, identity))
    return stored


def repository_make():
    """Everything that a tree can hold, on branches and tags of each kind."""
    work = REPOSITORIES / "o/all"
    work.mkdir(parents=True)
    git("o/all", "init", "-q", "-b", "main")
    (work / "plain").write_text("plain\n")
    (work / "run").write_text("#!/bin/sh\n")
    (work / "run").chmod(0o755)
    (work / "twin").write_text("plain\n")
    (work / "empty").write_bytes(b"")
    os.symlink("../outside/of/it", work / "link")
    with open(os.fsencode(work) + b"/gr\xfc\xdf \xff", "wb") as file:
        file.write(b"latin")
    for folder in ("a", "a.b", "a/b/c/d"):
        (work / folder).mkdir(exist_ok=True, parents=True)
        (work / folder / "f").write_text(folder)
    (work / "a-file").write_text("between a and a/ in git's order\n")
    (work / "large").write_bytes(bytes(range(256)) * 9000)
    (work / "large-run").write_bytes(bytes(range(256)) * 9000)
    (work / "large-run").chmod(0o755)
    text = "".join(f"line {number} of many\n" for number in range(4000))
    for number in range(30):
        (work / f"version-{number}").write_text(text + str(number))
    git("o/all", "add", "-A")
    git("o/all", "update-index", "--add", "--cacheinfo",
        "160000,0123456789012345678901234567890123456789,sub")
    git("o/all", "commit", "-q", "-m", "all")
    git("o/all", "tag", "light")
    git("o/all", "tag", "-a", "-m", "m", "heavy")
    git("o/all", "tag", "-a", "-m", "m", "heavier", "heavy", stderr=subprocess.DEVNULL)
    git("o/all", "checkout", "-q", "-b", "feature/x@2")
    (work / "plain").write_text("other\n")
    git("o/all", "commit", "-q", "-a", "-m", "other")
    git("o/all", "branch", "light", "HEAD")
    git("o/all", "checkout", "-q", "main")
    git("o/all", "config", "uploadpack.allowAnySHA1InWant", "true")
    for name in ("none", "nothing"):
        (REPOSITORIES / "o" / name).mkdir()
        git(f"o/{name}", "init", "-q", "-b", "main")
    git("o/nothing", "commit", "-q", "--allow-empty", "-m", "nothing")
    # The same, named by SHA-256.
    (REPOSITORIES / "o/sha256").mkdir()
    git("o/sha256", "init", "-q", "-b", "main", "--object-format=sha256")
    for name in os.listdir(os.fsencode(work)):
        if name != b".git":
            command("cp", "-a", os.fsencode(work) + b"/" + name, os.fsencode(REPOSITORIES / "o/sha256") + b"/")
    git("o/sha256", "add", "-A")
    git("o/sha256", "commit", "-q", "-m", "all")
    git("o/sha256", "tag", "-a", "-m", "m", "heavy")
    git("o/sha256", "repack", "-q", "-a", "-d", "-f")


def archives_make():
    (FILES / "crates").mkdir(parents=True)
    tree = ROOT / "tree" / "thing-1.0.0"
    (tree / "src").mkdir(parents=True)
    (tree / "Cargo.toml").write_text("[package]\n")
    (tree / "src/main.rs").write_text("fn main() {}\n")
    (tree / "build.sh").write_text("#!/bin/sh\n")
    (tree / "build.sh").chmod(0o755)
    os.symlink("main.rs", tree / "src/link")
    os.link(tree / "Cargo.toml", tree / "z-same")
    for form in ("gnu", "pax", "ustar"):
        command("tar", "cf", FILES / f"{form}.tar", f"--format={form}", "-C", ROOT / "tree",
                "thing-1.0.0")
    if shutil.which("bsdtar"):
        command("bsdtar", "-cf", FILES / "bsd.tar", "-C", ROOT / "tree", "thing-1.0.0")
    plain = (FILES / "gnu.tar").read_bytes()
    (FILES / "thing.tar.gz").write_bytes(gzip.compress(plain))
    spoiled = bytearray(gzip.compress(plain))
    spoiled[-8] ^= 1
    (FILES / "sum.tar.gz").write_bytes(spoiled)
    (FILES / "cut.tar.gz").write_bytes(gzip.compress(plain)[:-20])
    (FILES / "cut.tar").write_bytes(plain[:3000])
    (FILES / "page.tar.gz").write_bytes(b"<html>log in</html>" * 100)
    (FILES / "thing.zip").write_bytes(b"PK\x03\x04" + bytes(600))
    (FILES / "thing.tar.xz").write_bytes(b"\xfd7zXZ\0" + bytes(600))
    command("tar", "cf", FILES / "flat.tar", "-C", tree, "Cargo.toml", "src")
    command("tar", "cPf", FILES / "absolute.tar", "--transform=s,^,/tmp/,", "-C", tree, "Cargo.toml")
    command("tar", "cPf", FILES / "climbs.tar", "--transform=s,^,../,", "-C", tree, "Cargo.toml")
    command("tar", "cf", FILES / "through.tar", "-C", tree, "src/link",
            "--transform=s,src/main.rs,src/link/x,", "src/main.rs")
    command("tar", "cf", FILES / "twice.tar", "-C", tree, "Cargo.toml", "src/main.rs", "Cargo.toml")
    shutil.copy(FILES / "thing.tar.gz", FILES / "crates" / "thing-1.0.0.crate")


def is_equal_to_git(outcome, name, revision):
    assert tree_of(outcome.out) == tree_stored(name, revision)
    assert outcome.left == ["hash", "memo", "out", "scratch"], outcome.left


@test
def a_branch_equals_what_git_stores():
    outcome = fetched("git", GIT + "/o/all")
    is_equal_to_git(outcome, "o/all", "main")
    revision = git("o/all", "rev-parse", "main").decode().strip()
    tree = git("o/all", "rev-parse", "main^{tree}").decode().strip()
    assert outcome.lines[:2] == [f"git {revision}", f"git-tree {tree}"], outcome.lines
    assert re.fullmatch("cab d[a-z2-7]{51}[aq]", outcome.lines[2]), outcome.lines


@test
def every_way_to_name_a_commit_gives_its_tree():
    revision = git("o/all", "rev-parse", "main").decode().strip()
    for reference in ("@main", "@HEAD", "@refs/heads/main", "@heavy", "@heavier", "@refs/tags/light",
                      "@" + revision):
        outcome = fetched("github", "o/all" + reference, "base=" + GIT)
        assert outcome.identity["git"] == revision, reference
        is_equal_to_git(outcome, "o/all", "main")
    for words in (["reference=heavy"], ["revision=" + revision], ["reference=heavy", "revision=" + revision]):
        outcome = fetched("github", "o/all", "base=" + GIT, *words)
        assert outcome.identity["git"] == revision, words


@test
def tags_are_listed_with_what_they_mean_and_nothing_is_fetched():
    names = git("o/all", "for-each-ref", "refs/tags/", "--format=%(refname:strip=2)").decode().split()
    commits = {name: git("o/all", "rev-parse", f"refs/tags/{name}^{{}}").decode().strip() for name in names}
    for url in (GIT, OLD):
        outcome = fetched("git", url + "/o/all", "versions=true")
        listed = {line.split(" ", 1)[1]: line.split(" ", 1)[0] for line in outcome.out.read_text().splitlines()}
        assert len(commits) > 1 and listed == commits, (listed, commits)
        assert list(outcome.identity) == ["cab"] and outcome.left == ["hash", "out"], outcome.lines
    refused("an argument that this scheme does not know", "https", GIT[6:] + "/a", "versions=true")


@test
def commits_since_another_are_told_by_the_front_of_their_pack():
    revision, before = (git("o/all", "rev-parse", name).decode().strip() for name in ("feature/x@2", "main"))
    count = len(git("o/all", "rev-list", f"{before}..{revision}").split())
    outcome = fetched("git", GIT + "/o/all", "revision=" + revision, "since=" + before)
    front = outcome.out.read_bytes()
    assert bytes.fromhex(front.decode())[:12] == b"PACK" + struct.pack(">II", 2, count), front
    assert int(front[24:26], 16) >> 4 & 7 == 1, "a commit"
    assert [line.split()[0] for line in outcome.lines] == ["commits", "cab"] and outcome.lines[0] == "commits " + front.decode()
    for url, since in ((OLD, before), (GIT, "0" * 40)):
        outcome = fetched("git", url + "/o/all", "revision=" + revision, "since=" + since)
        assert outcome.out.read_bytes() == b"" and len(outcome.lines) == 1, outcome.lines
    refused("an argument that this scheme does not know", "https", GIT[6:] + "/a", "since=" + before)


@test
def a_branch_comes_before_a_tag_and_names_may_hold_anything():
    other = git("o/all", "rev-parse", "feature/x@2").decode().strip()
    for reference in ("light", "feature/x@2"):
        assert fetched("git", GIT + "/o/all@" + reference).identity["git"] == other


@test
def a_listing_costs_one_request_and_a_known_revision_none():
    command(SERVER / "git.sh", "forget", ROOT / "git-state")
    fetched("git", GIT + "/o/all")
    assert command(SERVER / "git.sh", "count", ROOT / "git-state").strip() == b"2"
    revision = git("o/all", "rev-parse", "main").decode().strip()
    command(SERVER / "git.sh", "forget", ROOT / "git-state")
    fetched("git", GIT + "/o/all", pin=f"git {revision}\ncab dxyz")
    assert command(SERVER / "git.sh", "count", ROOT / "git-state").strip() == b"1"


@test
def a_subpath_is_all_that_is_written():
    for path in ("a", "a/b/c"):
        outcome = fetched("git", GIT + "/o/all", "subpath=" + path)
        assert tree_of(outcome.out) == tree_stored("o/all", "main:" + path)
        revision = git("o/all", "rev-parse", "main").decode().strip()
        assert outcome.identity["git"] == f"{revision}:{path}"
        tree = git("o/all", "rev-parse", "main:" + path).decode().strip()
        assert outcome.identity["git-tree"] == tree
    outcome = fetched("git", GIT + "/o/all", "subpath=run")
    assert outcome.out.read_text() == "#!/bin/sh\n" and os.access(outcome.out, os.X_OK)
    assert outcome.identity["cab"][0] == "x" and "git-tree" not in outcome.identity
    outcome = fetched("git", GIT + "/o/all", "subpath=link")
    assert os.readlink(outcome.out) == "../outside/of/it" and outcome.identity["cab"][0] == "l"
    refused("beneath what is no folder", "git", GIT + "/o/all", "subpath=link/x")
    refused("the subpath is not there", "git", GIT + "/o/all", "subpath=a/x")
    refused("the subpath is a submodule", "git", GIT + "/o/all", "subpath=sub")
    for path in ("/a", "a/", "a//b", "../a", "a/.."):
        refused("names between slashes", "git", GIT + "/o/all", "subpath=" + path)


@test
def a_subpath_costs_its_trees_and_its_files_alone():
    for path in ("a", "run", "link", "a/b/c"):
        command(SERVER / "git.sh", "forget", ROOT / "git-state")
        fetched("git", GIT + "/o/all", "subpath=" + path)
        log = command(SERVER / "git.sh", "log", ROOT / "git-state").decode().splitlines()
        assert len(log) == 3 and sum(int(line.split()[3]) for line in log) < 4000, log
    # Many files are cheaper by the commit.
    work = REPOSITORIES / "o/many"
    (work / "d").mkdir(parents=True)
    git("o/many", "init", "-q", "-b", "main")
    for number in range(4200):
        (work / f"d/{number}").write_text(str(number))
    git("o/many", "add", "-A")
    git("o/many", "commit", "-q", "-m", "many")
    outcome = fetched("git", GIT + "/o/many", "subpath=d")
    assert tree_of(outcome.out) == tree_stored("o/many", "main:d")


@test
def a_server_that_sends_no_parts_is_asked_for_the_commit():
    inner, outer = b"inner\n", b"outer\n"
    sub = b"100644 f\0" + bytes.fromhex(identity_of(b"blob", inner))
    top = b"40000 d\0" + bytes.fromhex(identity_of(b"tree", sub)) + b"100644 e\0" + bytes.fromhex(identity_of(b"blob", outer))
    commit = commit_of(top)
    revision = identity_of(b"commit", commit)
    trees = [(1, commit), (2, top), (2, sub)]
    whole = sent(packed([*trees, (3, inner), (3, outer)]))
    sentence = "the server sends no part of a commit: all of it is fetched"
    for refusal in (b"", pkt(b"ERR filter not recognized"), 500):
        peer = Peer(fetch=lambda body: refusal if b"filter" in body else whole)
        outcome = fetched("git", peer.url + "/r", "revision=" + revision, "subpath=d")
        assert tree_of(outcome.out) == {b"f": ("100644", inner)} and sentence in outcome.log, outcome.log
        assert peer.count() == 2
        peer.stop()
    # Contents by name are refused: the same.
    wanted = identity_of(b"blob", inner).encode()
    peer = Peer(fetch=lambda body: sent(packed(trees)) if b"filter" in body else
                pkt(b"ERR not our ref " + wanted) if wanted in body else whole)
    outcome = fetched("git", peer.url + "/r", "revision=" + revision, "subpath=d")
    assert tree_of(outcome.out) == {b"f": ("100644", inner)} and peer.count() == 3
    # A filter that is not heeded costs nothing more; what is sent beside what was wanted has no effect.
    peer.answers["fetch"] = whole
    fetched("git", peer.url + "/r", "revision=" + revision, "subpath=d")
    assert peer.count() == 4
    peer.answers["fetch"] = lambda body: sent(packed(trees)) if b"filter" in body else sent(packed([(3, outer)]))
    refused("the server did not send it", "git", peer.url + "/r", "revision=" + revision, "subpath=d")
    peer.stop()


@test
def an_empty_tree_is_fetched_and_an_empty_repository_is_an_error():
    outcome = fetched("git", GIT + "/o/nothing")
    assert tree_of(outcome.out) == {}
    again = fetched("http", HTTP[5:] + "/empty.tar")
    assert outcome.identity["cab"] == again.identity["cab"]
    refused("the repository is empty", "git", GIT + "/o/none")
    refused("no branch or tag of this name: gone", "git", GIT + "/o/all@gone")
    refused("HTTP status: 404, no git repository is there", "git", GIT + "/o/absent")
    assert "git" not in fetch("git", GIT + "/o/absent").identity


@test
def a_pin_is_fetched_by_its_revision_and_must_be_of_the_same_subpath():
    old = git("o/all", "rev-parse", "main").decode().strip()
    outcome = fetched("git", GIT + "/o/all@feature/x@2", pin=f"git {old}\n")
    is_equal_to_git(outcome, "o/all", "main")
    refused("another subpath", "git", GIT + "/o/all", pin=f"git {old}:a\n")
    refused("another checksum or revision than the pin", "git", GIT + "/o/all", "revision=" + "0" * 40,
            pin=f"git {old}\n")


@test
def a_server_without_version_2_is_asked_once_more_and_served():
    outcome = fetched("git", OLD + "/o/all@heavy")
    is_equal_to_git(outcome, "o/all", "main")
    assert outcome.log.count("GET: ") == 1 and outcome.log.count("POST: ") == 2, outcome.log
    assert outcome.identity["git"] == git("o/all", "rev-parse", "main").decode().strip()
    refused("no branch or tag", "git", OLD + "/o/all@gone")


def served(body, status="200 OK", kind="application/x-git-upload-pack-result"):
    """The URL of a repository whose server answers every request with these bytes."""
    name = f"raw-{len(os.listdir(FILES))}"
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    (FILES / name).write_bytes(head.encode() + b"Connection: close\r\n\r\n" + body)
    with open(ROOT / "http-state/rules", "a") as rules:
        rules.write(f"/{name}-repository/* raw {name}\n")
    return f"{HTTP}/{name}-repository"


BLOB = b"content\n"
TREE = b"100644 f\0" + bytes.fromhex(identity_of(b"blob", BLOB))


def pack_answer(sentence, objects, commit=None, **more):
    commit = commit_of(TREE) if commit is None else commit
    url = served(sent(packed(objects, **more)))
    return refused(sentence, "git", url, "revision=" + identity_of(b"commit", commit))


@test
def a_repository_of_sha256_equals_what_git_stores():
    revision = git("o/sha256", "rev-parse", "main").decode().strip()
    tree = git("o/sha256", "rev-parse", "main^{tree}").decode().strip()
    assert len(revision) == 64
    for reference, requests in (("", 4), ("@heavy", 4), ("@" + revision, 1)):
        command(SERVER / "git.sh", "forget", ROOT / "git-state")
        outcome = fetched("git", GIT + "/o/sha256" + reference)
        is_equal_to_git(outcome, "o/sha256", "main")
        assert outcome.lines[:2] == [f"git {revision}", f"git-tree {tree}"], outcome.lines
        assert int(command(SERVER / "git.sh", "count", ROOT / "git-state")) == requests, reference
    outcome = fetched("git", GIT + "/o/sha256", "subpath=a/b", pin=f"git {revision}:a/b\n")
    assert tree_of(outcome.out) == tree_stored("o/sha256", "main:a/b")
    assert outcome.lines[0] == f"git {revision}:a/b"
    outcome = fetched("git", OLD + "/o/sha256@heavy")
    is_equal_to_git(outcome, "o/sha256", "main")
    # The same files have one Cab hash, whatever git calls them.
    plain = fetched("git", GIT + "/o/all", "subpath=a")
    assert plain.identity["cab"] == fetched("git", GIT + "/o/sha256", "subpath=a").identity["cab"]


@test
def a_short_revision_is_found_among_what_branches_and_tags_point_at():
    for name in ("o/all", "o/sha256"):
        revision = git(name, "rev-parse", "main").decode().strip()
        for digits in (7, 12, 39):
            outcome = fetched("git", f"{GIT}/{name}@{revision[:digits]}")
            assert outcome.lines[0] == "git " + revision
    outcome = fetched("git", f"{OLD}/o/all@{git('o/all', 'rev-parse', 'main').decode()[:9]}")
    is_equal_to_git(outcome, "o/all", "main")
    refused("no branch or tag of this name: 012345", "git", GIT + "/o/all@012345")
    refused("write the revision in full: 0123456", "git", GIT + "/o/all@0123456")
    refused("write the revision in full", "git", GIT + "/o/all@" + git("o/all", "rev-parse", "main^{tree}").decode()[:10])
    one, other = "abcdef0" + "1" * 33, "abcdef0" + "2" * 33
    peer = Peer(listing=refs(("refs/heads/a", one), ("refs/tags/b", other)))
    refused("several commits begin so", "git", peer.url + "/r@abcdef0")
    assert fetch("git", peer.url + "/r@abcdef02").lines == ["git " + other]
    peer.answers["listing"] = refs(("refs/heads/a", one), ("refs/heads/abcdef0", other), ("refs/tags/b", other))
    assert fetch("git", peer.url + "/r@abcdef0").lines == ["git " + other]
    peer.stop()


@test
def a_revision_that_no_ref_points_at_is_fetched_or_the_servers_refusal_is_explained():
    old = git("o/nothing", "rev-parse", "HEAD").decode().strip()
    git("o/nothing", "commit", "-q", "--amend", "--allow-empty", "-m", "other")
    assert fetched("git", GIT + "/o/nothing@" + old).identity["git"] == old
    sentence = "the server has no such revision, or sends none that no branch or tag points at: "
    assert "not our ref" in refused(sentence + old, "git", OLD + "/o/nothing@" + old).log
    refused(sentence + "1" * 40, "git", GIT + "/o/nothing@" + "1" * 40)


@test
def a_server_that_does_less_is_served_as_it_can_and_the_log_says_so():
    revision = git("o/all", "rev-parse", "feature/x@2").decode().strip()
    older = "the server speaks an older version of git's protocol"
    whole = "the server cannot send one commit alone: it sends all that leads to it"
    outcome = fetched("git", OLD + "/o/all", pin=f"git {revision}\n")
    is_equal_to_git(outcome, "o/all", "feature/x@2")
    assert older in outcome.log and whole not in outcome.log, outcome.log
    outcome = fetched("git", OLD + "/o/all", "subpath=a", pin=f"git {revision}:a\n")
    assert tree_of(outcome.out) == tree_stored("o/all", "feature/x@2:a") and older in outcome.log, outcome.log
    outcome = fetched("git", OLD + "/o/sha256", "revision=" + git("o/sha256", "rev-parse", "main").decode().strip())
    is_equal_to_git(outcome, "o/sha256", "main")
    outcome = fetched("git", OLD + "/deep/o/all@feature/x@2")
    is_equal_to_git(outcome, "o/all", "feature/x@2")
    assert older in outcome.log and whole in outcome.log, outcome.log
    for status in (405, 501):
        peer = Peer(listing=status, advertise=(revision + "\trefs/heads/main\n").encode(), kind="text/plain")
        refused("git's dumb protocol alone", "git", peer.url + "/r")
        peer.answers["advertise"] = b"<title>Sign in</title>"
        refused("no git repository answers there", "git", peer.url + "/r")
        peer.stop()


@test
def a_server_of_version_2_that_cannot_send_one_commit_sends_what_leads_to_it():
    revision = git("o/all", "rev-parse", "feature/x@2").decode().strip()
    whole = "the server cannot send one commit alone: it sends all that leads to it"
    for refusal in Forgetful.refusals:
        for words in (["/o/all@feature/x@2"], ["/o/all", "revision=" + revision]):
            url, Forgetful.requests[:] = f"{OLD}/deep-{refusal}{words[0]}", []
            outcome = fetched("git", url, *words[1:])
            is_equal_to_git(outcome, "o/all", "feature/x@2")
            assert outcome.log.count(whole) == 1 and "older version" not in outcome.log, outcome.log
            assert len(Forgetful.requests) == 3 + (len(words) == 1), Forgetful.requests
        outcome = fetched("git", f"{OLD}/deep-{refusal}/o/all", "subpath=a")
        assert tree_of(outcome.out) == tree_stored("o/all", "main:a") and whole in outcome.log, outcome.log
    # That kind of a repository's ids has been asked for already, and so whether one commit is sent.
    Forgetful.requests.clear()
    outcome = fetched("git", OLD + "/deep-error/o/sha256")
    is_equal_to_git(outcome, "o/sha256", "main")
    assert whole in outcome.log and len(Forgetful.requests) == 4, outcome.log
    # One that can is not asked twice, and what it said is the last word.
    able = pkt(b"version 2\n") + pkt(b"ls-refs\n") + pkt(b"fetch=filter shallow\n") + b"0000"
    for refusal, sentence in ((pkt(b"ERR busy, come again"), "the server says: ERR busy, come again"), (b"", "the server sent no pack"),
                              (400, "HTTP status: 400"), (500, "HTTP status: 500"), (404, "HTTP status: 404")):
        peer = Peer(fetch=refusal, advertise=able)
        refused(sentence, "git", peer.url + "/r", "revision=" + revision)
        assert peer.count() == (1 if refusal in (500, 404) else 2), peer.requests
        peer.stop()


def submodule_commit(name, modules, files=()):
    """A repository with these submodules, {path: (url, revision)}; its revision."""
    if not (REPOSITORIES / name).exists():
        (REPOSITORIES / name).mkdir()
        git(name, "init", "-q", "-b", "main")
    for file in files:
        (REPOSITORIES / name / file).write_text(file)
    for path, (url, revision) in modules.items():
        if url:
            git(name, "config", "-f", ".gitmodules", f"submodule.{path}.path", path)
            git(name, "config", "-f", ".gitmodules", f"submodule.{path}.url", url)
    git(name, "add", "-A")
    for path, (url, revision) in modules.items():
        git(name, "update-index", "--add", "--cacheinfo", f"160000,{revision},{path}")
    git(name, "commit", "-q", "-m", "m")
    return git(name, "rev-parse", "HEAD").decode().strip()


def tree_below(path, tree):
    return {os.fsencode(path) + b"/" + name: entry for name, entry in tree.items()}


@test
def submodules_are_fetched_by_their_commits_and_belong_to_the_identity():
    inner = submodule_commit("o/inner", {}, ["in"])
    # What the submodule points at is an old commit.
    git("o/inner", "commit", "-q", "--allow-empty", "-m", "newer")
    sub = submodule_commit("o/sub", {"d/inner": ("../inner", inner)}, ["s", "large"])
    revision = submodule_commit("o/super", {"lib/sub": ("./../sub/", sub), "abs": (GIT + "/o/inner", inner),
                                            "lib/again": ("../sub", sub)}, ["top"])
    in_sub = {**tree_stored("o/sub", sub), **tree_below("d/inner", tree_stored("o/inner", inner))}
    del in_sub[b"d/inner"]
    expected = {**tree_stored("o/super", "main"), **tree_below("abs", tree_stored("o/inner", inner)),
                **tree_below("lib/sub", in_sub), **tree_below("lib/again", in_sub)}
    for path in (b"abs", b"lib/sub", b"lib/again"):
        del expected[path]
    command(SERVER / "git.sh", "forget", ROOT / "git-state")
    outcome = fetched("git", GIT + "/o/super", "submodules=true")
    assert int(command(SERVER / "git.sh", "count", ROOT / "git-state")) == 4
    assert tree_of(outcome.out) == expected
    tree = git("o/super", "rev-parse", "main^{tree}").decode().strip()
    assert outcome.lines == [f"git {revision}+submodules", f"git-tree {tree}+submodules", "cab ."], outcome.lines
    outcome = fetched("git", OLD + "/o/super", "submodules=true", "subpath=lib", pin=f"git {revision}:lib+submodules\n")
    assert tree_of(outcome.out) == {name[4:]: entry for name, entry in expected.items() if name.startswith(b"lib/")}
    assert outcome.lines[0] == f"git {revision}:lib+submodules"
    refused("other options", "git", GIT + "/o/super", "submodules=true", pin=f"git {revision}\n")
    # Where there are none, the tree is what it would be without.
    plain = fetched("git", GIT + "/o/inner", "submodules=true")
    assert tree_of(plain.out) == tree_stored("o/inner", "main") and plain.lines[-1] == "cab ."
    refused("no URL stands in .gitmodules for the submodule: sub", "git", GIT + "/o/all", "submodules=true")


@test
def submodules_without_an_end_and_urls_that_are_none_are_refused():
    revision = submodule_commit("o/chain", {}, ["f"])
    for number in range(10):
        (REPOSITORIES / "o/chain/f").write_text(str(number))
        revision = submodule_commit("o/chain", {"in": ("../chain", revision)})
    refused("too many submodules in each other: in", "git", GIT + "/o/chain", "submodules=true")
    inner = git("o/inner", "rev-parse", "main").decode().strip()
    for number, (url, sentence) in enumerate((
            ("../../../../x", "leads above its host"), ("git@example.org:o/r", "not one of http, https or ssh"),
            ("file:///etc", "not one of http, https or ssh"),
            ("/etc", "not one of http, https or ssh"), ("ext::sh -c x", "not one of http, https or ssh"),
            ("http://user@127.0.0.1/r", "not one of http, https or ssh"), ("http:///r", "not one of http, https or ssh"),
            ("https://127.0.0.1", "not one of http, https or ssh"), ("http://127.0.0.1/r?q", "not one of http, https or ssh"))):
        submodule_commit(f"o/wrong-{number}", {"in": (url, inner)})
        refused(sentence, "git", f"{GIT}/o/wrong-{number}", "submodules=true")


@test
def ids_of_the_other_kind_are_refused():
    one = git("o/all", "rev-parse", "main").decode().strip()
    other = git("o/sha256", "rev-parse", "main").decode().strip()
    refused("the server", "git", GIT + "/o/all", "revision=" + other)
    refused("the server", "git", GIT + "/o/sha256", "revision=" + one)
    commit = commit_of(TREE, hashlib.sha256)
    revision = identity_of(b"commit", commit, hashlib.sha256)
    # A commit of SHA-256 whose tree is named by SHA-1.
    wrong = commit_of(TREE)
    url = served(sent(packed([(1, wrong), (2, TREE), (3, BLOB)], hash=hashlib.sha256)))
    refused("it is no commit", "git", url, "revision=" + identity_of(b"commit", wrong, hashlib.sha256))
    for objects, hash, sentence in (([(1, commit)], hashlib.sha1, "pack: "), ([(1, commit)], hashlib.sha256, "did not send it"),
                                    ([(3, b"x")], hashlib.sha256, "did not send it")):
        refused(sentence, "git", served(sent(packed(objects, hash=hash))), "revision=" + revision)


@test
def a_pack_made_by_hand_is_taken_and_what_was_not_asked_for_is_not():
    commit = commit_of(TREE)
    url = served(sent(packed([(3, BLOB), (3, b"not asked for"), (2, TREE), (1, commit), (3, BLOB)])))
    outcome = fetched("git", url, "revision=" + identity_of(b"commit", commit))
    assert tree_of(outcome.out) == {b"f": ("100644", BLOB)}
    # The blob as a delta on another one, by its id.
    base = b"con"
    delta = b"\x03\x08\x90\x03\x05tent\n"
    objects = [(1, commit), (2, TREE), (3, base),
               (7, delta, bytes.fromhex(identity_of(b"blob", base)))]
    url = served(sent(packed(objects)))
    outcome = fetched("git", url, "revision=" + identity_of(b"commit", commit))
    assert tree_of(outcome.out) == {b"f": ("100644", BLOB)}


@test
def packs_that_lie_are_refused():
    commit = commit_of(TREE)
    whole = [(1, commit), (2, TREE), (3, BLOB)]
    pack_answer("its sum differs", whole, trailer=bytes(20))
    pack_answer("the server did not send it", whole[:2])
    pack_answer("the server did not send it", whole[1:])
    pack_answer("the server did not send it", [(1, commit), (2, TREE), (3, BLOB + b"x")])
    pack_answer("pack: cut off", whole, count=4, trailer=b"")
    pack_answer("its sum differs", whole, count=2)
    more = packed(whole) + b"more"
    refused("more bytes behind its end", "git", served(sent(more)),
            "revision=" + identity_of(b"commit", commit))
    other = bytes.fromhex("11" * 20)
    pack_answer("a delta has no base before it", whole + [(7, b"\0\0", other)])
    pack_answer("a delta has no base before it", whole + [(6, b"\0\0", b"\x01")])
    blob = bytes.fromhex(identity_of(b"blob", BLOB))
    pack_answer("a delta does not fit its base", whole + [(7, b"\x08\x02\x91\x09\x09", blob)])
    pack_answer("a delta does not fit its base", whole + [(7, b"\x08\x09\x00", blob)])
    pack_answer("an object is too large", [(1, b"x" * (2 << 20))])


@test
def trees_that_lie_are_refused():
    def one(sentence, tree, *more):
        pack_answer(sentence, [(1, commit_of(tree)), (2, tree), (3, BLOB), *more],
                    commit=commit_of(tree))
    blob = bytes.fromhex(identity_of(b"blob", BLOB))
    one("stands for the folder .git", b"40000 .git\0" + blob)
    one("leads elsewhere", b"100644 ..\0" + blob)
    one("leads elsewhere", b"100644 a/b\0" + blob)
    one("out of order or twice", b"100644 b\0" + blob + b"100644 a\0" + blob)
    one("a tree takes it for a folder", b"40000 f\0" + blob)
    one("two entries of one name", b"100644 a\0" + blob + b"100644 a.b\0" + blob + b"40000 a\0" +
        bytes.fromhex(identity_of(b"tree", TREE)), (2, TREE))
    one("no file, link, folder or submodule", b"0 f\0" + blob)
    empty = bytes.fromhex(identity_of(b"blob", b""))
    one("a symbolic link with no target", b"120000 f\0" + empty, (3, b""))
    zero = bytes.fromhex(identity_of(b"blob", b"a\0b"))
    one("a symbolic link with no target", b"120000 f\0" + zero, (3, b"a\0b"))
    # Nobody's sums: a tree names what it likes.
    one("too many ids begin alike", b"".join(b"100644 %04d\0same%016d" % (at, at) for at in range(5000)))
    deep, objects = TREE, [(2, TREE), (3, BLOB)]
    for _ in range(200):
        deep = b"40000 d\0" + bytes.fromhex(identity_of(b"tree", deep))
        objects.append((2, deep))
    pack_answer("folders in each other", objects + [(1, commit_of(deep))], commit=commit_of(deep))


@test
def tags_that_turn_in_circles_or_to_trees_end():
    tree = identity_of(b"tree", TREE)
    tag = f"object {tree}\ntype tree\ntag t\n\nm\n".encode()
    url = served(sent(packed([(4, tag), (2, TREE), (3, BLOB)])))
    refused("it is no commit", "git", url, "revision=" + identity_of(b"tag", tag))
    objects, content = [(1, commit_of(TREE))], commit_of(TREE)
    kind = b"commit"
    for _ in range(10):
        content = f"object {identity_of(kind, content)}\ntype x\ntag t\n\n".encode()
        kind = b"tag"
        objects.append((4, content))
    url = served(sent(packed(objects)))
    refused("it is no commit", "git", url, "revision=" + identity_of(b"tag", content))


@test
def replies_that_are_not_gits_protocol_are_refused():
    revision = "revision=" + identity_of(b"commit", commit_of(TREE))
    for body in (b"0003", b"fff1", b"zzzz", b"<html>"):
        refused("the reply is not git's protocol", "git", served(body), revision)
    refused("the reply is cut off", "git", served(b"000dpackf"), revision)
    refused("the server sent no pack", "git", served(b"0000"), revision)
    refused("the server says: ERR not our ref", "git", served(pkt(b"ERR not our ref \x1b[31m")), revision)
    refused("the server gives up: no", "git", served(pkt(b"packfile\n") + pkt(b"\3no")), revision)
    refused("the pack is cut off", "git", served(pkt(b"packfile\n") + pkt(b"\1PACK")), revision)
    whole = sent(packed([(1, commit_of(TREE)), (2, TREE), (3, BLOB)]))
    refused("more bytes behind its end", "git", served(whole + b"0000"), revision)
    refused("no git repository answers there", "git", served(whole, kind="text/html"), revision)
    for status in ("404 Not Found", "500 Oops", "401 Unauthorized"):
        refused("HTTP status: " + status[:3], "git", served(b"", status=status))
    log = refused("the server gives up", "git", served(
        pkt(b"packfile\n") + pkt(b"\2\x1b]52;c;x\x07") * 3000 + pkt(b"\3no")), revision).log
    assert "\x1b" not in log and len(log) < 20000


@test
def refs_with_strange_names_are_passed_over():
    refs = pkt(b"1" * 40 + b" refs/heads/../x\n") + pkt(b"2" * 40 + b" refs/heads/main\0x\n")
    refused("no branch or tag of this name: main", "git", served(refs + b"0000") + "@main")
    refused("no id of this repository's kind", "git", served(pkt(b"3" * 64 + b" HEAD\n") + b"0000"))


@test
def archives_of_each_tar_give_one_tree():
    expected = tree_of(ROOT / "tree/thing-1.0.0")
    seen = set()
    for name in ("gnu.tar", "pax.tar", "ustar.tar", "bsd.tar", "thing.tar.gz"):
        if not (FILES / name).exists():
            continue
        outcome = fetched("http", HTTP[5:] + "/" + name)
        assert tree_of(outcome.out) == expected, name
        digest = hashlib.sha256((FILES / name).read_bytes()).hexdigest()
        assert [line.split()[0] for line in outcome.lines] == ["http", "sha256.tar1", "cab"]
        assert outcome.identity["sha256.tar1"] == digest
        seen.add(outcome.identity["cab"])
    assert len(seen) == 1, seen


@test
def strip_and_subpath_choose_a_part():
    whole = tree_of(ROOT / "tree")
    outcome = fetched("http", HTTP[5:] + "/gnu.tar", "strip=0")
    assert tree_of(outcome.out) == whole
    assert outcome.identity["sha256.tar1"].endswith("+strip=0")
    outcome = fetched("http", HTTP[5:] + "/gnu.tar", "strip=1", "subpath=src")
    assert tree_of(outcome.out) == tree_of(ROOT / "tree/thing-1.0.0/src")
    assert outcome.identity["sha256.tar1"].endswith(":src+strip=1")
    outcome = fetched("http", HTTP[5:] + "/flat.tar", "subpath=src/main.rs")
    assert outcome.out.read_text() == "fn main() {}\n"
    refused("strip leaves nothing", "http", HTTP[5:] + "/flat.tar", "strip=1")


@test
def a_crate_is_told_by_its_checksum_before_it_is_asked_for():
    data = (FILES / "crates/thing-1.0.0.crate").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    outcome = fetched("crates", "thing@1.0.0", "checksum=sha256-" + digest)
    assert outcome.lines[0] == "sha256.tar1 " + digest and len(outcome.lines) == 2
    assert tree_of(outcome.out) == tree_of(ROOT / "tree/thing-1.0.0")
    assert fetched("crates", "thing@1.0.0", pin="sha256.tar1 " + digest).lines == outcome.lines
    long = hashlib.sha512(data).hexdigest()
    assert fetched("crates", "thing@1.0.0", "checksum=sha512-" + long).lines[0] == "sha512.tar1 " + long
    wrong = refused("the checksum differs: it is: " + digest, "crates", "thing@1.0.0",
                    "checksum=sha256-" + "0" * 64)
    assert "0" * 64 in wrong.log
    refused("another checksum or revision than the pin", "crates", "thing@1.0.0", "checksum=sha256-" + digest,
            pin="sha256.tar1 " + "0" * 64)
    refused("the checksum differs", "crates", "thing@1.0.0", pin="sha256.tar1 " + "0" * 64)
    refused("other options", "crates", "thing@1.0.0", pin="sha256.tar1 " + digest + "+strip=2")
    refused("404", "crates", "nothing")
    refused("HTTP status: 404", "crates", "thing@2.0.0")


@test
def archives_that_lie_are_refused():
    for name, sentence in (("absolute.tar", "leads elsewhere"), ("climbs.tar", "leads elsewhere"),
                           ("through.tar", "beneath what is no folder"),
                           ("twice.tar", "two entries of one name"),
                           ("cut.tar", "cut off"), ("cut.tar.gz", "cut off"), ("sum.tar.gz", "gzip: a sum differs"),
                           ("page.tar.gz", "no archive"), ("thing.zip", "zip"),
                           ("thing.tar.xz", "xz"), ("absent.tar", "HTTP status: 404")):
        refused(sentence, "http", HTTP[5:] + "/" + name)
    assert not os.path.lexists("/tmp/Cargo.toml") and not (ROOT / "Cargo.toml").exists()


@test
def a_file_is_taken_as_it_is():
    outcome = fetched("file", HTTP + "/thing.tar.gz")
    data = (FILES / "thing.tar.gz").read_bytes()
    assert outcome.out.read_bytes() == data and not os.access(outcome.out, os.X_OK)
    assert outcome.identity["sha256.file1"] == hashlib.sha256(data).hexdigest()
    assert outcome.identity["cab"][0] == "f"
    refused("the checksum differs", "file", HTTP + "/thing.tar.gz", "checksum=sha256-" + "0" * 64)


@test
def arguments_that_are_none_are_refused():
    refused("no scheme of this program: svn", "svn", "x")
    refused("no scheme of this program: fs", "fs", "x")
    refused("does not know: colour=red", "git", GIT + "/o/all", "colour=red")
    refused("does not know: yes", "git", GIT + "/o/all", "submodules=yes")
    refused("40 or 64 lower-case", "git", GIT + "/o/all", "revision=main")
    refused("two references", "git", GIT + "/o/all@main", "reference=main")
    refused("sha256-HEX", "file", HTTP + "/thing.zip", "checksum=md5-00")
    refused("does not know: strip=1", "git", GIT + "/o/all", "strip=1")


class Forgetful(http.server.BaseHTTPRequestHandler):
    """git's http-backend behind a server that loses the header Git-Protocol; beneath /deep/ it does not say that it can
    send a part of the history, nor beneath /deep-REFUSAL/, where version 2 is spoken and a request for one is answered so."""

    refusals = {"status": b"HTTP/1.0 400 Bad Request\r\n\r\n",
                "error": b"HTTP/1.0 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\n\r\n"
                         + pkt(b"ERR unexpected line: 'deepen 1'"),
                "nothing": b"HTTP/1.0 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\n\r\n"}
    requests = []

    def do_POST(self):
        path, _, query = self.path.partition("?")
        is_deep = path.startswith("/deep")
        refusal = path.split("/")[1].removeprefix("deep-") if is_deep else ""
        if is_deep:
            path = path[path.index("/", 1):]
        asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.requests.append(asked)
        if refusal in self.refusals and (b"deepen " in asked or b"shallow " in asked):
            self.wfile.write(self.refusals[refusal])
            return
        version = {"GIT_PROTOCOL": "version=2"} if refusal in self.refusals else {}
        run = subprocess.run(["git", "http-backend"], input=asked, stdout=-1, env={
            **ENVIRONMENT, **version, "GIT_PROJECT_ROOT": str(REPOSITORIES), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type") or "", "CONTENT_LENGTH": str(len(asked))},
            stderr=subprocess.DEVNULL, check=False)
        head, _, body = run.stdout.partition(b"\r\n\r\n")
        if is_deep:
            body = re.sub(b"( |fetch=)shallow ", b"\\1wallows ", body, 1) if query else body
        self.wfile.write(b"HTTP/1.0 200 OK\r\n" + head + b"\r\n\r\n" + body)

    do_GET = do_POST

    def log_message(self, *words):
        pass


def start(script, state, *words, **more):
    (ROOT / state).mkdir(exist_ok=True)
    out = command(SERVER / script, "start", ROOT / state, *words, **more)
    return "http://127.0.0.1:" + out.decode().split()[-1]


repository_make()
archives_make()
(ROOT / "empty").mkdir()
command("tar", "cf", FILES / "empty.tar", "-C", ROOT / "empty", ".")
GIT = start("git.sh", "git-state", REPOSITORIES)
HTTP = start("httpd.py", "http-state", FILES)
REGISTRY_FILES = ROOT / "registry"
(REGISTRY_FILES / "crates/thing").mkdir(parents=True)
shutil.copy(FILES / "crates/thing-1.0.0.crate", REGISTRY_FILES / "crates/thing/1.0.0")
REGISTRY = start("httpd.py", "registry-state", REGISTRY_FILES)
FORGETFUL = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forgetful)
threading.Thread(target=FORGETFUL.serve_forever, daemon=True).start()
OLD = f"http://127.0.0.1:{FORGETFUL.server_port}"


def servers_stop():
    command(SERVER / "git.sh", "stop", ROOT / "git-state")
    for state in ("http-state", "registry-state"):
        command(SERVER / "httpd.py", "stop", ROOT / state)


# A test that is ended takes its servers with it.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
run_all(ROOT, end=servers_stop)
