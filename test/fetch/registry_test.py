#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""registry_test.py NATIVE_RUN: npm, pypi and crates by the fetcher's C, run natively, against registries of
the test's own: which archive is meant, what is said before it comes, and what a registry cannot do."""
import hashlib
import json
import os

from packages import fetched, main, refused, test
from registry import integrity, sha256, zipped


def sum512(data):
    return "sha512.tar1 " + hashlib.sha512(data).hexdigest()


def packages(registry):
    archives = {}
    for version, tags in (("1.0.0", []), ("1.1.0", ["latest"]), ("2.0.0-rc.1", ["next"])):
        archives[version] = registry.npm("thing", version, {"index.js": version, "bin/run": "#!/bin/sh"}, tags)
    return archives


@test
def npm_takes_a_version_a_tag_or_the_latest(registry):
    archives = packages(registry)
    for ref, version in (("thing", "1.1.0"), ("thing@1.0.0", "1.0.0"), ("thing@next", "2.0.0-rc.1"),
                         ("thing@latest", "1.1.0")):
        outcome = fetched(registry, "npm", ref)
        assert outcome.read("index.js") == version, ref
        assert os.access(outcome.out / "bin/run", os.X_OK)
        assert outcome.lines[0] == sum512(archives[version]), outcome.lines
        assert len(outcome.lines) == 2 and outcome.lines[1].startswith("cab d")
    refused("no such version", registry, "npm", "thing@3")
    refused("no such version", registry, "npm", "thing@other")
    refused("404", registry, "npm", "nothing")


@test
def a_scoped_package_is_asked_for_as_npm_does(registry):
    registry.npm("@some/thing", "1.0.0", {"a": "scoped"}, ["latest"])
    assert fetched(registry, "npm", "@some/thing").read("a") == "scoped"
    assert fetched(registry, "npm", "@some/thing@1.0.0").read("a") == "scoped"
    assert registry.log[0].startswith("GET /npm/@some%2fthing 200"), registry.log


@test
def a_pin_finds_the_version_that_it_was_made_of(registry):
    archives = packages(registry)
    outcome = fetched(registry, "npm", "thing", pin=sum512(archives["1.0.0"]))
    assert outcome.read("index.js") == "1.0.0" and outcome.lines[0] == sum512(archives["1.0.0"])
    outcome = refused("the checksum differs", registry, "npm", "thing", pin="sha512.tar1 " + "0" * 128)
    assert outcome.lines == ["sha512.tar1 " + "0" * 128]
    registry.crate("thing", "1.0.0", {"a": "old"})
    old = sha256(registry.crate("thing", "1.1.0", {"a": "older"}, yanked=True))
    registry.crate("thing", "2.0.0", {"a": "new"})
    assert fetched(registry, "crates", "thing", pin=f"sha256.tar1 {old}").read("a") == "older"
    pinned = sha256(registry.pypi("thing", "1.0", {"a": "one"}))
    registry.pypi("thing", "2.0", {"a": "two"})
    assert fetched(registry, "pypi", "thing", pin=f"sha256.tar1 {pinned}").read("a") == "one"


@test
def an_archive_that_is_not_what_the_registry_said_is_refused(registry):
    packages(registry)
    registry.files["/npm/thing/-/thing-1.1.0.tgz"] = registry.files["/npm/thing/-/thing-1.0.0.tgz"]
    refused("the checksum differs", registry, "npm", "thing")
    registry.crate("thing", "1.0.0", {"a": "1"})
    registry.files["/crates/thing/1.0.0"] = registry.files["/npm/thing/-/thing-1.0.0.tgz"]
    refused("the checksum differs", registry, "crates", "thing")


@test
def of_an_integrity_the_best_sum_counts(registry):
    data = packages(registry)["1.0.0"]
    dist = registry.packuments["thing"]["versions"]["1.0.0"]["dist"]
    dist["integrity"] = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= " + integrity(data) + " md5-x"
    assert fetched(registry, "npm", "thing@1.0.0").lines[0] == sum512(data)
    for integrity_text in ("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "sha512-" + "*" * 88, "sha512-AA==", 7, None):
        dist["integrity"] = integrity_text
        outcome = fetched(registry, "npm", "thing@1.0.0")
        assert outcome.lines[0] == "sha256.tar1 " + sha256(data), "it is known once the archive is in"


@test
def without_an_integrity_the_shasum_is_checked(registry):
    data = packages(registry)["1.0.0"]
    dist = registry.packuments["thing"]["versions"]["1.0.0"]["dist"]
    del dist["integrity"]
    right = dist["shasum"]
    assert fetched(registry, "npm", "thing@1.0.0").lines[0] == "sha256.tar1 " + sha256(data)
    for wrong in ("0" * 40, right[:-1], right + "0", "\x1b[2J"):
        dist["shasum"] = wrong
        outcome = refused("the checksum differs: it is: " + right, registry, "npm", "thing@1.0.0")
        assert not outcome.lines and "\x1b" not in outcome.log, outcome.log
    # What is pinned is the better sum; where there is no string there is no sum.
    fetched(registry, "npm", "thing@1.0.0", pin="sha256.tar1 " + sha256(data))
    for none in (7, None, ""):
        dist["shasum"] = none
        assert fetched(registry, "npm", "thing@1.0.0").lines[0] == "sha256.tar1 " + sha256(data)
    # An integrity is all that counts where there is one.
    dist.update(integrity=integrity(data), shasum="0" * 40)
    assert fetched(registry, "npm", "thing@1.0.0").lines[0] == sum512(data)


@test
def crates_without_a_version_are_the_newest_that_is_not_yanked(registry):
    for version, yanked in (("0.9.0", False), ("0.10.0", False), ("0.11.0", True), ("1.0.0-rc.1", False)):
        registry.crate("some-thing", version, {"v": version}, yanked)
    outcome = fetched(registry, "crates", "some-thing")
    assert outcome.read("v") == "0.10.0"
    assert outcome.lines[0] == "sha256.tar1 " + registry.index["some-thing"][1]["cksum"]
    assert [line.split()[1] for line in registry.log] == ["/crates/some-thing", "/crates/some-thing/0.10.0"]
    registry.crate("early", "0.1.0-alpha.9", {"v": "9"})
    registry.crate("early", "0.1.0-alpha.10", {"v": "10"})
    assert fetched(registry, "crates", "early").read("v") == "10"
    registry.crate("gone", "1.0.0", {"v": "1"}, yanked=True)
    refused("no release", registry, "crates", "gone")
    assert fetched(registry, "crates", "gone@1.0.0").read("v") == "1"


@test
def pypi_without_a_version_is_the_newest_final_release(registry):
    for version, yanked in (("1.2", False), ("1.10", False), ("1.9", False), ("1.11rc1", False), ("1.12", True),
                            ("1.13.dev1", False)):
        registry.pypi("Some_Thing", version, {"v": version}, yanked="broken" if yanked else False)
    outcome = fetched(registry, "pypi", "some.thing")
    assert outcome.read("v") == "1.10" and outcome.lines[0].startswith("sha256.tar1 ")
    assert registry.log[0].startswith("GET /pypi/some-thing/ 200"), registry.log
    registry.pypi("Some_Thing", "1.10.post2", {"v": "post"}, relative=False)
    assert fetched(registry, "pypi", "Some-Thing").read("v") == "post"
    registry.pypi("Some_Thing", "1!0.1", {"v": "epoch"})
    assert fetched(registry, "pypi", "Some-Thing").read("v") == "epoch"
    assert fetched(registry, "pypi", "some-thing@1.12").read("v") == "1.12", "a yanked one by its name"
    assert fetched(registry, "pypi", "some-thing@1.2.0").read("v") == "1.2", "zeros at the end do not count"
    assert fetched(registry, "pypi", "some-thing@1.11rc1").read("v") == "1.11rc1"
    refused("no such version", registry, "pypi", "some-thing@1.14")


@test
def a_wheel_is_no_source(registry):
    page = registry.pages.setdefault("thing", {"files": []})
    page["files"] += [{"filename": "thing-1.0-py3-none-any.whl", "url": "x.whl", "hashes": {}, "yanked": False},
                      {"filename": "thing-1.0.linux-x86_64.tar.gz", "url": "x.tar.gz", "hashes": {}}]
    refused("no release", registry, "pypi", "thing")
    refused("no such version", registry, "pypi", "thing@1.0")


@test
def a_tar_is_taken_before_a_zip(registry):
    registry.pypi("thing", "1.0", {"v": "tar"})
    registry.pypi("thing", "1.0", {"v": "zip"}, form="zip")
    assert fetched(registry, "pypi", "thing").read("v") == "tar"
    registry.pages["thing"]["files"].reverse()
    assert fetched(registry, "pypi", "thing@1.0").read("v") == "tar"


@test
def what_is_no_document_is_one_sentence(registry):
    for data, sentence in ((b"<html>log in</html>", "no JSON"), (b"", "no JSON"), (b"[" * 70, "too deep"),
                           (b"{}", "no release"), (b"[]", "no release"), (b'{"versions": 7, "dist-tags": []}', "no release"),
                           (b'{"versions": {"1.0.0": {}}, "dist-tags": {"latest": "1.0.0"}}', "where the archive is"),
                           (b'{"versions": {"1.0.0": {"dist": {"tarball": ""}}}, "dist-tags": {"latest": "1.0.0"}}', "")):
        registry.files["/npm/thing"] = data
        refused(sentence, registry, "npm", "thing")
    for data in (b"<html>", b'{"files": 1', b'{"files": []} x'):
        registry.files["/pypi/thing/"] = data
        refused("PEP 691", registry, "pypi", "thing")
    registry.files["/crates/thing"] = b'{"vers": "1.0.0"}\nnonsense\n'
    refused("index: what came is no JSON", registry, "crates", "thing")


@test
def of_versions_the_document_itself_is_left(registry):
    packages(registry)
    registry.pypi("Some_Thing", "1.0", {"v": "1"})
    registry.crate("thing", "1.0.0", {"v": "1"})
    for scheme, ref, name in (("npm", "thing", "thing"), ("pypi", "some.thing", "some-thing/"), ("crates", "thing", "thing")):
        del registry.log[:]
        outcome = fetched(registry, scheme, ref, "versions=true")
        data, _, _ = registry.find(f"/{scheme}/{name}", "application/vnd.npm.install-v1+json application/vnd.pypi.simple.v1+json")
        assert outcome.out.read_bytes() == data
        assert [line.split()[0] for line in outcome.lines] == ["sha256.file1", "cab"], outcome.lines
        assert len(registry.log) == 1, registry.log
    registry.files["/npm/odd"] = b"<html>"
    assert fetched(registry, "npm", "odd", "versions=true").out.read_bytes() == b"<html>", "it is not looked into"
    refused("404", registry, "npm", "nothing", "versions=true")


@test
def references_are_resolved_where_the_document_lies(registry):
    data = registry.pypi("thing", "1.0", {"v": "found"})
    page = registry.pages["thing"]
    for url in ("/packages/thing-1.0.tar.gz", "../../packages/thing-1.0.tar.gz#sha256=x",
                registry.url[5:] + "/packages/thing-1.0.tar.gz"):
        page["files"][0]["url"] = url
        assert fetched(registry, "pypi", "thing").read("v") == "found", url
    registry.files["/pypi/thing/here.tar.gz"] = data
    page["files"][0]["url"] = "here.tar.gz"
    assert fetched(registry, "pypi", "thing").read("v") == "found"
    page["files"][0]["url"] = "../../../../../packages/thing-1.0.tar.gz"
    assert fetched(registry, "pypi", "thing").read("v") == "found"
    registry.files["/elsewhere/thing"] = json.dumps({**page, "files": [
        {**page["files"][0], "url": "../packages/thing-1.0.tar.gz"}]}).encode()
    registry.moved["/pypi/thing/"] = "/elsewhere/thing"
    assert fetched(registry, "pypi", "thing").read("v") == "found", "from where a redirect led"


@test
def escapes_of_json_are_read(registry):
    packages(registry)
    text = json.dumps(registry.packuments["thing"]).replace("/", "\\/").replace("-/", "\\u002d/")
    registry.files["/npm/thing"] = text.encode()
    assert fetched(registry, "npm", "thing").read("index.js") == "1.1.0"


@test
def options_hold_for_packages_too(registry):
    packages(registry)
    assert fetched(registry, "npm", "thing", "strip=0").read("package/index.js") == "1.1.0"
    assert fetched(registry, "npm", "thing", "subpath=bin").read("run") == "#!/bin/sh"


main()
