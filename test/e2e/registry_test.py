#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Islands of package registries, through the whole of cab, against registries of the tests' own; and the real
ones where they are reached: their hosts are what the clients on this machine are configured with."""
import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "server"))
from harness import Skip, case, commit, main, repository, shell, tree_of  # noqa: E402
from registry import OCI, Registry, layer, sha256  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def registries(box, mirrored=True):
    registry = Registry()
    box.stops.append(registry.stop)
    if mirrored:
        for row, path in (("crates", "/dl"), ("crates-index", "/index"), ("npm", "/npm"), ("pypi", "/pypi")):
            box.configure(**{f'mirrors."registry:{row}"': f'["{registry.url}{path}"]'})
    registry.npm("thing", "1.0.0", {"index.js": "old"}, ["old"])
    registry.npm("thing", "1.1.0", {"index.js": "new", "bin/x": "#!/bin/sh"}, ["latest"])
    registry.npm("@some/thing", "2.0.0", {"index.js": "scoped"}, ["latest"])
    registry.pypi("Some_Thing", "1.0", {"setup.py": "one"})
    registry.pypi("Some_Thing", "1.2", {"setup.py": "two"})
    box.configure(**{'mirrors."https://images.example"': f'["{registry.url}"]'})
    arm = registry.image("some/image", "arm", [layer(("x", "arm"))])
    amd = registry.image("some/image", "1", [layer("d/", ("d/x", "1"), ("gone", "1")), layer((".wh.gone", ""))])
    registry.platforms("some/image", "both", {"linux/arm64": arm, "linux/amd64": amd})
    registry.crate("itoa", "0.9.0", {"Cargo.toml": "old"})
    registry.crate("itoa", "1.0.0", {"Cargo.toml": "new"})
    return registry


def use(box, *islands):
    copies = " && ".join(f"cp -r \\(<{island}>) $out/{number}" for number, island in enumerate(islands))
    # The quotes are of islands, which stand in the script as they are.
    box.write("default.cab", shell("use", f"mkdir $out && {copies}").replace('\\"', '"'))


@case("the newest of each registry is fetched, locked and not asked for again")
def _(box):
    registry = registries(box)
    use(box, "npm:thing", "npm:@some/thing", "pypi:some.thing", "crates:itoa")
    box.cab("build")
    tree = tree_of(box.path("result"))
    for name, text in ((b"0/index.js", b"new"), (b"1/index.js", b"scoped"), (b"2/setup.py", b"two"),
                       (b"3/Cargo.toml", b"new")):
        box.check(tree[name][1] == text, f"{name}: {tree}")
    box.check(tree[b"0/bin/x"][0] == "x", "the executable bit is kept")
    lock = box.read("default.cab.lock")
    data = registry.files["/npm/thing/-/thing-1.1.0.tgz"]
    box.check(f"sha512.tar1 {hashlib.sha512(data).hexdigest()}" in lock, lock)
    box.check(f"sha256.tar1 {registry.index['itoa'][1]['cksum']}" in lock, lock)
    box.check(len(registry.log) == 8, f"a document and an archive each: {registry.log}")
    del registry.log[:]
    box.cab("build")
    box.check(registry.log == [], str(registry.log))


def costs(box):
    """The rows of scheme_list.h: (schemes, format, requests, what has come). The manual has them as they are."""
    with open(os.path.join(HERE, "..", "..", "src", "island", "scheme_list.h"), encoding="utf-8") as file:
        rows = re.findall(r'^COST\("([^"]+)", "([^"]+)", (\d+),\s*"([^"]+)"\)', file.read(), re.M)
    with open(os.path.join(HERE, "..", "..", "doc", "cab-island.7.scd"), encoding="utf-8") as file:
        manual = file.read()
    for schemes, form, requests, known in rows:
        line = f"|  {schemes}\n:  _{form}_\n:  {requests}\n:  {known}\n"
        box.check(line in manual, f"cab-island(7) lacks the row\n{line}")
    return rows


@case("the table of schemes is true: an update with nothing new is stopped at the first identity, and so many bytes have come")
def _(box):
    registry = registries(box)
    data = registry.files["/npm/thing/-/thing-1.1.0.tgz"]
    for name in ("a", "strong"):
        registry.files[f"/{name}.tar.gz"] = data
    registry.etags["/strong.tar.gz"] = '"1"'
    registry.files["/forge.tar.gz"] = archived(box)[1]
    box.configure(network_allow='["127.0.0.1"]')
    plain, strong, forge = (f"{registry.url}/{name}.tar.gz" for name in ("a", "strong", "forge"))
    islands = {("npm", "sha512.tar1"): "npm:thing", ("pypi", "sha256.tar1"): "pypi:some-thing",
               ("crates", "sha256.tar1"): "crates:itoa", ("oci", "sha256.oci1"): "oci:images.example/some/image@1",
               ("oci of an index", "sha256.oci1"): "oci:images.example/some/image@both",
               ("https http", "http"): strong, ("https http", "sha256.tar1"): plain,
               ("https http of a forge", "http-git"): forge,
               ("file", "http"): "file:" + strong, ("file", "sha256.file1"): "file:" + plain}
    rows = costs(box)
    for schemes, form, requests, _ in rows:
        if schemes.startswith("github"):
            continue
        island = islands.pop((schemes, form))
        use(box, island)
        box.cab("build")
        box.check(f'"{island}": {{"identities":["{form} ' in box.read("default.cab.lock"), box.read("default.cab.lock"))
        del registry.log[:]
        box.cab("build", "--update")
        box.check(len(registry.log) == int(requests), f"{island}: {registry.log}")
        if form in ("http", "http-git"):
            continue
        # What has come is the bodies of those answers and their heads, each of less than 1 kB.
        bodies = sum(int(line.split()[3]) for line in registry.log)
        received = json.loads(box.cab("account", "--json").out)["received"]
        box.check(bodies < received < bodies + 1000 * int(requests), f"{island}: {received} of {registry.log}")
    box.check(not islands, f"every row but git's is tried: {islands}")


def archive_of(folder):
    """What git makes of a repository's head, as a forge serves it."""
    return subprocess.run(["git", "-C", folder, "archive", "--format=tar.gz", "--prefix=top/", "HEAD"],
                          check=True, stdout=subprocess.PIPE).stdout


def archived(box):
    """A repository of 4 MB that no packing makes small, and its archive."""
    folder = os.path.join(box.top, "forge")
    numbers = hashlib.shake_256(b"a file")
    repository(folder, {f"d/{number}": numbers.hexdigest(1 << 20) for number in range(4)})
    return folder, archive_of(folder)


@case("an archive of git whose server has no strong ETag is stopped at its first kilobyte where the revision is the one held")
def _(box):
    registry = registries(box)
    box.configure(network_allow='["127.0.0.1"]')
    folder, archive = archived(box)
    registry.files["/x.tar.gz"] = archive
    registry.etags["/x.tar.gz"] = 'W/"weak"'
    island = f"{registry.url}/x.tar.gz"
    use(box, island)
    box.cab("build")
    lock = box.read("default.cab.lock")
    box.check(f'"{island}": {{"identities":["http-git ' in lock, lock)
    # The server gives no more than the beginning: it need not.
    registry.halts["/x.tar.gz"] = 64 << 10
    said = box.cab("build", "--update").err
    box.check("nothing new (http-git" in said and box.read("default.cab.lock") == lock, said)
    # With another strip it is another output of the same bytes.
    del registry.halts["/x.tar.gz"]
    use(box, island + ":{ strip = 0, }")
    box.cab("build")
    box.check(b"0/top" in tree_of(box.path("result")), "the top folder stays")
    # Another revision, the same URL.
    use(box, island)
    commit(folder, {"new": "new"})
    registry.files["/x.tar.gz"] = archive_of(folder)
    box.cab("build", "--update")
    box.check(b"0/new" in tree_of(box.path("result")), "what is new is fetched")
    # Held to a checksum, as the lock does when the object is gone, no server's word is asked for.
    lock = box.read("default.cab.lock")
    box.check("http-git" in lock and "sha256.tar1" in lock, lock)


@case("the table is true of git: the listing is less than 1 kB, head and all; git-tree is known of the second answer")
def _(box):
    folder = os.path.join(box.top, "git", "o", "r")
    repository(folder, {"a": "1", "d/e": "2"})
    server = box.serve_git(os.path.join(box.top, "git"))
    rows = {form: int(requests) for schemes, form, requests, _ in costs(box) if schemes.startswith("github")}
    use(box, "github:o/r")
    box.cab("build")
    for form in ("git", "git-tree"):
        server.forget()
        box.cab("build", "--update")
        lines = server.log().splitlines()
        box.check(len(lines) == rows[form], f"{form}: {lines}")
        box.check(int(lines[0].split()[3]) < 1000, f"the listing: {lines}")
        # One commit more, of the same tree.
        commit(folder, {})


@case("a crate of a version is held to the sum of the index; where the sum is known the index is not asked")
def _(box):
    registry = registries(box)
    registry.crate("itoa", "1.1.0", {"Cargo.toml": "taken back"}, yanked=True)
    use(box, "crates:itoa@0.9.0", "crates:itoa@1.1.0")
    box.cab("build")
    tree = tree_of(box.path("result"))
    box.check((tree[b"0/Cargo.toml"][1], tree[b"1/Cargo.toml"][1]) == (b"old", b"taken back"), str(tree))
    box.check(len(registry.log) == 4, f"a document and an archive each: {registry.log}")
    del registry.log[:]
    box.environment["CAB_ROOT"] = os.path.join(box.top, "other")
    box.cab("build")
    given = 'crates:itoa@1.0.0:{ checksum = "sha256-%s", }' % registry.index["itoa"][1]["cksum"]
    box.write("given.cab", f"<{given}>")
    box.cab("build", "given.cab")
    box.check(len(registry.log) == 3, f"an archive each: {registry.log}")
    box.environment["CAB_ROOT"] = os.path.join(box.top, "third")
    before = box.read("default.cab.lock")
    registry.files["/dl/itoa/0.9.0/download"] = registry.files["/dl/itoa/1.0.0/download"]
    box.fails("build", "--update", says="checksum")
    box.check(box.read("default.cab.lock") == before, "the lock is as it was")


@case("a dist-tag that moved is followed by an update alone, and says so")
def _(box):
    registry = registries(box)
    use(box, "npm:thing@old")
    box.cab("build")
    registry.npm("thing", "1.0.1", {"index.js": "moved"}, ["old"])
    box.cab("build")
    box.check(tree_of(box.path("result"))[b"0/index.js"][1] == b"old", "the lock holds")
    box.cab("build", "--update")
    box.check(tree_of(box.path("result"))[b"0/index.js"][1] == b"moved", "the update follows")


@case("a locked package is fetched by its pin, whatever is newest by then")
def _(box):
    registry = registries(box)
    islands = ("npm:thing", "pypi:some-thing", "crates:itoa")
    use(box, *islands)
    box.cab("build")
    before = tree_of(box.path("result"))
    lock = box.read("default.cab.lock")
    registry.npm("thing", "3.0.0", {"index.js": "newest"}, ["latest"])
    registry.pypi("Some_Thing", "3.0", {"setup.py": "newest"})
    registry.crate("itoa", "3.0.0", {"Cargo.toml": "newest"})
    box.environment["CAB_ROOT"] = os.path.join(box.top, "other")
    box.cab("build", "--locked")
    box.check(tree_of(box.path("result")) == before, "the same trees")
    box.check(box.read("default.cab.lock") == lock, "the lock is untouched")
    del registry.packuments["thing"]["versions"]["1.1.0"]
    box.environment["CAB_ROOT"] = os.path.join(box.top, "third")
    result = box.run("build", "--locked")
    box.check(result.status == 1 and "the checksum differs" in result.err and "npm:thing" in result.err, str(result))


@case("npm, pip and cargo say where their registries are, and `cab config` says who said it")
def _(box):
    registry = registries(box, mirrored=False)
    other = registries(box, mirrored=False)
    other.npm("@mine/thing", "1.0.0", {"index.js": "mine"}, ["latest"])
    files = {".npmrc": f"registry={registry.url}/npm\n@mine:registry={other.url}/npm\n",
             ".config/pip/pip.conf": f"[global]\nindex-url = {registry.url}/pypi\n",
             ".cargo/config.toml": '[source.crates-io]\nreplace-with = "here"\n[source.here]\n'
                                   f'registry = "sparse+{registry.url}/index/"\n',
             ".cargo/registry/index/here-0123456789abcdef/config.json": f'{{"dl":"{registry.url}/dl"}}'}
    for name, text in files.items():
        box.write(os.path.join(box.home, name), text)
    shown = box.cab("config", "registries").out
    for row, name in (("npm", ".npmrc"), ("pypi", "pip.conf"), ("crates-index", "config.toml"),
                      ("crates", "config.json"), ('"npm/@mine"', ".npmrc")):
        box.check(re.search(rf"registries\.{re.escape(row)} = \"{registry.url[:17]}.*# .*{re.escape(name)}", shown), shown)
    use(box, "npm:thing", "pypi:some-thing", "crates:itoa", "npm:@mine/thing")
    box.cab("build")
    box.check(tree_of(box.path("result"))[b"3/index.js"][1] == b"mine", "a scope has a registry of its own")
    box.check(any("mine" in line for line in other.log), str(other.log))


@case("a registry that npm's file names and nobody can ask stops its own packages alone, which are asked of no other")
def _(box):
    registry = registries(box, mirrored=False)
    address = registry.url.removeprefix("http://")
    box.write(os.path.join(box.home, ".npmrc"), f"registry={registry.url}/npm\n@some:registry=http://me:secret@{address}/npm\n"
              f"@two words:registry={registry.url}/npm\n@other:registry=https:///npm\n")
    use(box, "npm:thing")
    box.cab("build")
    box.check(tree_of(box.path("result"))[b"0/index.js"][1] == b"new", "the others are fetched")
    for name in ("some", "other"):
        use(box, f"npm:@{name}/thing")
        result = box.run("build")
        box.check(result.status == 1 and f"registry:npm/@{name} cannot be used" in result.err and "secret" not in result.err,
                  str(result))
    box.check(not any("some" in line or "other" in line for line in registry.log), str(registry.log))
    shown = box.cab("config", "registries").out
    box.check("user name or password" in shown and "no host" in shown and "secret" not in shown, shown)


@case("an index's file that cargo left half written stops crates alone, which are asked of no other registry")
def _(box):
    registry = registries(box, mirrored=False)
    box.write(os.path.join(box.home, ".npmrc"), f"registry={registry.url}/npm\n")
    index = os.path.join(box.home, ".cargo/registry/index/here-0123456789abcdef/config.json")
    box.write(index, f'{{"dl":"{registry.url}')
    box.configure(**{'mirrors."registry:crates-index"': f'["{registry.url}/index"]'})
    use(box, "npm:thing")
    box.cab("build")
    box.check(tree_of(box.path("result"))[b"0/index.js"][1] == b"new", "the others are fetched")
    use(box, "crates:itoa@1.0.0")
    result = box.run("build")
    box.check(result.status == 1 and "registry:crates cannot be used" in result.err, str(result))
    box.check(not any("/dl/" in line for line in registry.log), str(registry.log))
    box.check(index in box.cab("config", "registries").out, "the file is named")


@case("an archive on another origin is fetched where the configuration names it")
def _(box):
    registry, elsewhere = registries(box), Registry()
    box.stops.append(elsewhere.stop)
    data = registry.files["/npm/thing/-/thing-1.1.0.tgz"]
    elsewhere.files["/thing.tgz"] = data
    registry.packuments["thing"]["versions"]["1.1.0"]["dist"]["tarball"] = elsewhere.url + "/thing.tgz"
    use(box, "npm:thing")
    result = box.run("build")
    box.check(result.status == 1 and f"{elsewhere.url} is not among the origins" in result.err, str(result))
    box.check(elsewhere.log == [] and not box.exists("default.cab.lock"), "nothing was asked, nothing locked")
    box.configure(**{f'mirrors."{elsewhere.url}"': f'["{elsewhere.url}"]'})
    box.cab("build")
    box.check(len(elsewhere.log) == 1, str(elsewhere.log))


@case("a base of the configuration is a registry too, and stands in the derivation")
def _(box):
    registry = registries(box, mirrored=False)
    for scheme in ("npm", "pypi", "crates"):
        box.configure(**{f"islands.{scheme}.base": f'"{registry.url}/{scheme}"'})
    use(box, "npm:thing@1.0.0", "pypi:some-thing@1.0", "crates:itoa")
    box.cab("build")
    tree = tree_of(box.path("result"))
    box.check((tree[b"0/index.js"][1], tree[b"2/Cargo.toml"][1]) == (b"old", b"new"), str(tree))
    box.check(f"base={registry.url}/npm" in box.cab("show", "<npm:thing>").out, "the base is an argument")


def versions(box, island, *arguments):
    """The lines of a listing, each as its words."""
    return [line.split() for line in box.cab("island", "versions", f"<{island}>", *arguments).out.splitlines()]


@case("the versions of a package are listed in its registry's order, marked where they are taken back, by one request")
def _(box):
    registry = registries(box)
    registry.crate("itoa", "0.10.0-rc.1", {"Cargo.toml": "early"})
    registry.crate("itoa", "0.10.0", {"Cargo.toml": "gone"}, yanked=True)
    registry.npm("thing", "1.0.0-beta.11", {"index.js": "early"})
    registry.npm("thing", "1.0.0-beta.2", {"index.js": "early"})
    registry.packuments["thing"]["versions"]["1.0.0"]["deprecated"] = "take another"
    registry.pypi("Some_Thing", "1.10", {"setup.py": "gone"}, yanked="broken")
    registry.pypi("Some_Thing", "1.10rc1", {"setup.py": "early"})
    objects = box.objects()
    for island, name, rows in (
            ("crates:itoa", "itoa", [["0.9.0"], ["0.10.0-rc.1"], ["0.10.0", "yanked"], ["1.0.0"]]),
            ("npm:thing@old", "thing", [["1.0.0-beta.2"], ["1.0.0-beta.11"], ["1.0.0", "deprecated"], ["1.1.0"]]),
            ("npm:@some/thing", "some-thing", [["2.0.0"]]),
            ("pypi:some.thing::/x", "some-thing", [["1.0"], ["1.2"], ["1.10rc1"], ["1.10", "yanked"]])):
        for _ in range(2):
            del registry.log[:]
            said = versions(box, island)
            box.check(said == rows and len(registry.log) == 1, f"{island}: {said} {registry.log}")
        mine = [path.split("-", 1)[1] for path in box.objects() if path not in objects]
        box.check(mine == [name + "-versions"], f"{island}: {mine}")
        objects = box.objects()
    rows = [json.loads(line) for line in box.cab("island", "versions", "crates:itoa", "--json").out.splitlines()]
    box.check(rows[1:3] == [{"version": "0.10.0-rc.1"}, {"version": "0.10.0", "yanked": True}], str(rows))
    rows = [json.loads(line) for line in box.cab("island", "versions", "npm:thing", "--json").out.splitlines()]
    box.check(rows[2] == {"version": "1.0.0", "deprecated": True}, str(rows))
    box.check(not box.exists("default.cab.lock"), "no lock")
    for island in ("crates:itoa", "npm:thing", "pypi:some-thing"):
        use(box, *(f"{island}@{row[0]}" for row in versions(box, island)))
        box.cab("build")
    registry.crate("itoa", "1.0.1", {"Cargo.toml": "newest"})
    box.check(versions(box, "crates:itoa")[-1] == ["1.0.1"], "it is asked anew")


@case("a listing of a registry that lies is one sentence, or lacks what no island could name")
def _(box):
    registry = registries(box)
    odd = ["1.0.0", "\x1b[2J", "\u202e1", "../x", "", "1 0", "1" * 65, "2.0.0\n3.0.0"]
    registry.packuments["odd"] = {"versions": {name: {} for name in odd}}
    registry.index["odd"] = [{"vers": name} for name in odd[:1] + [7, None, ["1"]] + odd[1:]] + [7]
    registry.pages["odd"] = {"files": [{"filename": f"odd-{name}.zip"} for name in odd] + [{"filename": "odd.zip"}, "odd-2.zip"]}
    for scheme in ("npm", "crates", "pypi"):
        box.check(versions(box, f"{scheme}:odd") == [["1.0.0"]], scheme)
    long = b'{"versions": {"1.0.0": {"dist": "' + b"x" * (100 << 20) + b'"}}}'
    many = b'{"versions": {' + b",".join(b'"%d":{}' % number for number in range(1100000)) + b"}}"
    for data, sentence in ((long, "67108864 bytes"), (many, "more than 1048576 versions"), (b"<html>", "no JSON"),
                           (b'{"versions":' * 100000, "no JSON, or more than 64 values"), (b"[]", 'has no "versions"'),
                           (b'{"versions": {"1.0.0": {}', "no JSON")):
        registry.files["/npm/odd"] = data
        result = box.fails("island", "versions", "npm:odd", says=sentence)
        box.check("npm:odd" in result.err and result.out == "", str(result))
    box.fails("island", "versions", "npm:nothing", says="404")
    box.fails("island", "versions", "npm:thing", "--offline", says="--offline")


@case("a package that cannot be had is one sentence, and locks nothing")
def _(box):
    registry = registries(box)
    registry.files["/npm/page"] = b"<html>"
    for island, sentence in (("npm:nothing", "404"), ("npm:thing@9.9.9", "no such version"), ("npm:page", "no JSON"),
                             ("pypi:some-thing@9", "no such version"), ("crates:nothing", "404"),
                             ("crates:itoa@9.9.9", "no such version"), ("crates:Itoa", "the registry writes its name: itoa")):
        use(box, island)
        result = box.run("build")
        box.check(result.status == 1 and sentence in result.err and not box.exists("default.cab.lock"), str(result))


@case("an image is fetched by layers, for the platform that the text names, and locked by its digest")
def _(box):
    registry = registries(box)
    arm = 'oci:images.example/some/image@both:{ platform = "linux/arm64", }'
    use(box, "oci:images.example/some/image@both", arm, "oci:images.example/some/image@1::/d")
    box.cab("build")
    tree = tree_of(box.path("result"))
    box.check(tree[b"0/d/x"][1] == b"1" and tree[b"1/x"][1] == b"arm" and tree[b"2/x"][1] == b"1", str(tree))
    box.check(b"0/gone" not in tree, "the mark of the second layer hides it")
    box.check("sha256.oci1 " in box.read("default.cab.lock"), box.read("default.cab.lock"))
    registry.image("some/image", "1", [layer(("moved", "1"))])
    box.environment["CAB_ROOT"] = os.path.join(box.top, "other")
    box.cab("build", "--locked")
    box.check(tree_of(box.path("result")) == tree, "the lock holds though the tag has moved")
    use(box, "oci:images.example/some/nothing")
    result = box.run("build")
    box.check(result.status == 1 and "404" in result.err, str(result))


@case("a registry that wants a token of its own token server gets one, and nobody else sees it")
def _(box):
    registry = registries(box)
    registry.token = "a-token-of-the-test"
    use(box, "oci:images.example/some/image@1")
    result = box.cab("build", "--account")
    box.check(tree_of(box.path("result"))[b"0/d/x"][1] == b"1", "the image came")
    box.check(any("/token?" in line for line in registry.log), str(registry.log))
    box.check(registry.token not in result.out + result.err + box.read("default.cab.lock"), str(result))


def call(method, url, data=None, kind="application/octet-stream", headers=None):
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind, **(headers or {})})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers


def push(url, name, tag, layers, headers=None):
    """An image, as any client puts it there."""
    rows = []
    for data in layers + [b"{}"]:
        digest = "sha256:" + sha256(data)
        place = call("POST", f"{url}/v2/{name}/blobs/uploads/", b"", headers=headers)["Location"]
        call("PUT", place + ("&" if "?" in place else "?") + "digest=" + digest, data, headers=headers)
        rows.append({"mediaType": OCI + "layer.v1.tar", "digest": digest, "size": len(data)})
    config = dict(rows.pop(), mediaType=OCI + "config.v1+json")
    media = OCI + "manifest.v1+json"
    document = json.dumps({"schemaVersion": 2, "mediaType": media, "config": config, "layers": rows}).encode()
    call("PUT", f"{url}/v2/{name}/manifests/{tag}", document, media, headers)
    return sha256(document)


def docker_registry(box, *more):
    """Debian's docker-registry with more of its configuration; its URL."""
    program = shutil.which("docker-registry")
    if not program:
        raise Skip("there is no docker-registry here")
    folder = os.path.join(box.top, "docker")
    lines = ["version: 0.1", "log: { level: info }", f"storage: {{ filesystem: {{ rootdirectory: {folder} }} }}",
             'http: { addr: "127.0.0.1:0" }', *more]
    configuration = box.write(os.path.join(box.top, "docker.yml"), "\n".join(lines) + "\n")
    log = os.path.join(box.top, "docker.log")
    with open(log, "wb") as file:
        server = subprocess.Popen([program, "serve", configuration], stdout=file, stderr=file, stdin=subprocess.DEVNULL)
    box.stops.append(lambda: (server.kill(), server.wait()))
    for _ in range(600):
        with open(log, encoding="utf-8") as file:
            found = re.search(r"listening on (127\.0\.0\.1:\d+)", file.read())
        if found or server.poll() is not None:
            break
        time.sleep(0.1)
    box.check(found, "docker-registry does not start")
    return f"http://{found.group(1)}"


@case("Debian's docker-registry serves an image")
def _(box):
    url = docker_registry(box)
    data = [gzip.compress(layer("etc/", ("etc/name", "first"), ("gone", "1"), ("bin/run", "#!/bin/sh"))),
            layer((".wh.gone", ""), ("etc/name", "second"), ("lib", "->", "etc"))]
    digest = push(url, "made/by-hand", "v1", data)
    box.configure(**{'mirrors."https://docker.example:5000"': f'["{url}"]'})
    use(box, "oci:docker.example:5000/made/by-hand@v1", f"oci:docker.example:5000/made/by-hand@sha256:{digest}")
    box.cab("build")
    tree = tree_of(box.path("result"))
    box.check({name[2:]: what for name, what in tree.items() if name.startswith(b"0/")} == {
        b"etc": ("d", b""), b"etc/name": ("f", b"second"), b"bin": ("d", b""), b"bin/run": ("x", b"#!/bin/sh"),
        b"lib": ("l", b"etc")}, str(tree))
    box.check(f"sha256.oci1 {digest}" in box.read("default.cab.lock"), box.read("default.cab.lock"))


# Of bcrypt, as `htpasswd -B` writes it.
PASSWORD, PASSWORD_HASH = "a-password-of-the-test", "$2b$04$1.3TPsfuQArJiWoLUsNzvef5L1MLzLCUWm6t1Dqp6dnH4kwfoGNo."


def nowhere(box, said, *secrets):
    """None of these is in what was said, or in any file of the box but the one that has it."""
    box.check(not any(secret in said for secret in secrets), f"a secret is in what was said: {said}")
    for folder, _, names in os.walk(box.top):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and name != "the secret":
                with open(path, "rb") as file:
                    data = file.read()
                box.check(not any(secret.encode() in data for secret in secrets), f"a secret is in {path}")


@case("a private image of Debian's docker-registry is fetched by a user with a password, which is in no word and no file")
def _(box):
    users = box.write(os.path.join(box.top, "users"), f"me:{PASSWORD_HASH}\n")
    url = docker_registry(box, f'auth: {{ htpasswd: {{ realm: "it", path: "{users}" }} }}')
    words = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    push(url, "made/by-hand", "v1", [layer(("a", "private"))], {"Authorization": "Basic " + words})
    box.configure(**{'mirrors."https://docker.example"': f'["{url}"]'})
    use(box, "oci:docker.example/made/by-hand@v1")
    box.fails("build", says=("401", f"--set 'credentials.\"{url}\"={{ file = "))
    box.configure(**{f'credentials."{url}"': '{ environment = "IMAGE_PASSWORD", user = "me" }'})
    wrong = box.fails("build", says=f"the credential of {url} does not do", environment={"IMAGE_PASSWORD": PASSWORD[:-1]})
    right = box.cab("build", "--account", environment={"IMAGE_PASSWORD": PASSWORD, "CAB_TRACE": "all"})
    box.check(tree_of(box.path("result"))[b"0/a"][1] == b"private", "the image came")
    nowhere(box, wrong.out + wrong.err + right.out + right.err, PASSWORD[:-1], words)


@case("a private package of npm is fetched with a token, which is in no word and no file")
def _(box):
    registry = registries(box)
    registry.demands["/npm/@some"] = "Bearer a-token-of-the-test"
    token = box.write(os.path.join(box.top, "the secret"), "a-token-of-the-test\n")
    use(box, "npm:@some/thing")
    box.fails("build", says=("401", f"--set 'credentials.\"{registry.url}\"={{ file = "))
    box.configure(**{f'credentials."{registry.url}"': f'{{ file = "{token}", kind = "bearer" }}'})
    result = box.cab("build", "--account", environment={"CAB_TRACE": "all"})
    box.check(tree_of(box.path("result"))[b"0/index.js"][1] == b"scoped", "the package came")
    nowhere(box, str(result) + str(box.cab("log", "<npm:@some/thing>")), "a-token-of-the-test")


@case("strip = 0 keeps the one folder of an archive")
def _(box):
    registries(box)
    use(box, "npm:thing:{ strip = 0, }", "npm:thing")
    box.cab("build")
    tree = tree_of(box.path("result"))
    box.check(b"0/package/index.js" in tree and b"1/index.js" in tree, str(tree))


def real(box, island, row, *command):
    """What a command says of a package of the registry that this machine's own client is configured with."""
    environment = {"CARGO_HOME": os.environ.get("CARGO_HOME") or os.path.expanduser("~/.cargo")}
    environment.update({key: value for key, value in os.environ.items()
                        if key.upper().startswith(("NPM_CONFIG_", "PIP_")) or key == "SSL_CERT_FILE"})
    if " = null" in box.cab("config", f"registries.{row}", environment=environment).out:
        raise Skip(f"nobody says where registry:{row} is")
    arguments = []
    for _ in range(2):
        result = box.run("island", *command, *arguments, f"<{island}>", environment=environment)
        allow = re.search(r"--set '(network\.allow=[^']*)'", result.err)
        if result.status == 0 or not allow:
            break
        # Where a resolver gives addresses of its own, they are allowed for this one run.
        arguments = ["--set", allow.group(1)]
    if result.status and re.search("HTTP status: 5|resolve|connect|not reach|timed out", result.err):
        raise Skip(f"the registry is not reached from here: {result.err.splitlines()[-1]}")
    box.check(result.status == 0, str(result))
    return result.out


def real_fetch(box, island, name, row):
    out = real(box, island, row, "fetch")
    folder = next(line for line in out.splitlines() if "/store/" in line)
    box.check(os.path.exists(os.path.join(folder, name)), out)
    return out


def real_versions(box, island, row, *names):
    """Names that are listed, in this order."""
    listed = [line.split()[0] for line in real(box, island, row, "versions").splitlines()]
    places = [listed.index(name) for name in names if name in listed]
    box.check(len(places) == len(names) and places == sorted(places), f"{island}: {listed}")


@case("a real package of npm (outside)")
def _(box):
    out = real_fetch(box, "npm:is-number@7.0.0", "package.json", "npm")
    box.check("sha512.tar1 e350a27e483a7bc4f2952a5db53a5e2d532abd20445734edb47bc4443ef8d7ea6767c00dbf4d34e0" in out, out)
    real_fetch(box, "npm:@types/ms", "package.json", "npm")
    real_versions(box, "npm:is-number", "npm", "0.1.0", "2.0.2", "7.0.0")


@case("a real package of Python (outside)")
def _(box):
    out = real_fetch(box, "pypi:six@1.16.0", "six.py", "pypi")
    box.check("sha256.tar1 1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926" in out, out)
    real_versions(box, "pypi:six", "pypi", "1.9.0", "1.10.0", "1.16.0")


@case("a real crate without a version (outside)")
def _(box):
    box.check("sha256.tar1 " in real_fetch(box, "crates:itoa", "Cargo.toml", "crates-index"), "it has a checksum")
    real_versions(box, "crates:itoa", "crates-index", "0.1.0", "0.4.8", "1.0.0", "1.0.10")


main()
