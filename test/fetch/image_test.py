#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""image_test.py NATIVE_RUN: oci by the fetcher's C, run natively, against a registry of the test's own: what
layers make of each other, which image is taken, and what is said before a layer comes."""
import gzip
import json
import subprocess

from packages import fetched, main, refused, test
from registry import layer, sha256


def expect(registry, layers, tree):
    registry.image("some/thing", "1", layers)
    outcome = fetched(registry, "oci", "some/thing@1")
    assert outcome.tree() == tree, outcome.tree()
    # The hash that was composed from what was left is that of the tree made at once.
    entries = [name if text is None else (name, "->", text[3:]) if text.startswith("-> ") else (name, text)
               for name, text in sorted(tree.items())]
    registry.image("some/flat", "1", [layer(*entries)])
    assert fetched(registry, "oci", "some/flat@1").lines[-1] == outcome.lines[-1]


@test
def layers_lie_on_each_other(registry):
    expect(registry, [layer("a/", ("a/x", "1"), ("a/y", "1"), ("b", "1"), ("l", "->", "b")),
                      gzip.compress(layer("a/", ("a/x", "2"), ("c", "#!2"), ("l", "3"))),
                      layer(("a/z", "3"))],
           {"a": None, "a/x": "2", "a/y": "1", "a/z": "3", "b": "1", "c": "#!2", "l": "3"})


@test
def a_mark_hides_what_is_below_it(registry):
    expect(registry, [layer("a/", "a/b/", ("a/b/x", "1"), ("a/f", "1"), ("g", "1"), ("kept", "1")),
                      layer(("a/.wh.b", ""), (".wh.g", ""), (".wh.absent", ""), ("n/.wh.x", ""))],
           {"a": None, "a/f": "1", "kept": "1"})


@test
def what_was_hidden_may_come_again(registry):
    expect(registry, [layer("a/", ("a/x", "1")), layer((".wh.a", "")), layer("a/", ("a/y", "3")),
                      layer(("a/.wh.y", ""), ("a/x", "4"))],
           {"a": None, "a/x": "4"})


@test
def an_opaque_folder_hides_all_below_and_nothing_of_its_own(registry):
    lower = layer("d/", "d/sub/", ("d/sub/x", "1"), ("d/a", "1"), ("d/b", "1"), ("e", "1"))
    tree = {"d": None, "d/sub": None, "d/sub/y": "2", "d/a": "2", "e": "1"}
    expect(registry, [lower, layer("d/", ("d/.wh..wh..opq", ""), ("d/a", "2"), ("d/sub/y", "2"))], tree)
    expect(registry, [lower, layer("d/", ("d/sub/y", "2"), ("d/a", "2"), ("d/.wh..wh..opq", ""))], tree)
    expect(registry, [lower, layer(("d/sub/y", "2"), ("d/a", "2"), (".wh.d", ""))], tree)
    expect(registry, [lower, layer((".wh..wh..opq", ""), ("n", "2"))], {"n": "2"})


@test
def other_marks_mean_nothing(registry):
    expect(registry, [layer(("x", "1")), layer((".wh..wh.plnk", ""), (".wh..wh.aufs", ""), (".wh.", ""))], {"x": "1"})


@test
def kinds_take_the_place_of_each_other(registry):
    expect(registry, [layer("d/", ("d/x", "1"), ("f", "1"), ("l", "->", "d")),
                      layer(("d", "now a file"), "f/", ("f/y", "2"), "l/", ("l/z", "2"))],
           {"d": "now a file", "f": None, "f/y": "2", "l": None, "l/z": "2"})


@test
def hard_links_reach_into_the_layers_below(registry):
    expect(registry, [layer(("a", "1")), layer(("b", "=", "a"), ("a", "2"))], {"a": "2", "b": "1"})
    expect(registry, [layer(("a", "1"), ("b", "=", "a")), layer(("a", "2"))], {"a": "2", "b": "1"})
    registry.image("some/thing", "1", [layer(("a", "1")), layer((".wh.a", "")), layer(("b", "=", "a"))])
    refused("a hard link to no file", registry, "oci", "some/thing@1")


@test
def a_layer_cannot_leave_the_tree_or_be_two_things(registry):
    for entries, sentence in (((("../x", "1"),), "tar"), (("/", ("l", "->", "/etc"), ("l/x", "1")), "beneath"),
                              ((("x", "1"), ("x", "2")), "two entries"), ((("d/x", "1"), ("d", "2")), "two entries")):
        registry.image("some/thing", "1", [layer(("y", "1")), layer(*entries)])
        refused(sentence, registry, "oci", "some/thing@1")
    registry.image("some/thing", "1", [layer(("l", "->", "/etc")), layer(("l/x", "1"))])
    refused("beneath", registry, "oci", "some/thing@1")


@test
def the_digest_is_said_before_any_layer(registry):
    digest = registry.image("some/thing", "latest", [layer(("x", "1"), ("d/y", "2"))])
    outcome = fetched(registry, "oci", "some/thing")
    assert outcome.lines[0] == f"sha256.oci1 {digest[7:]}" and len(outcome.lines) == 2, outcome.lines
    assert [line.split()[1] for line in registry.log][0] == "/v2/some/thing/manifests/latest"
    outcome = fetched(registry, "oci", "some/thing", "subpath=d")
    assert outcome.lines[0] == f"sha256.oci1 {digest[7:]}:d" and outcome.tree() == {"y": "2"}
    assert fetched(registry, "oci", f"some/thing@{digest}").lines[0] == f"sha256.oci1 {digest[7:]}"


@test
def of_an_index_the_platform_is_taken(registry):
    images = {platform: registry.image("some/thing", "x", [layer(("x", platform))])
              for platform in ("linux/arm64", "linux/amd64", "linux/arm/v6", "linux/arm/v7")}
    index = registry.platforms("some/thing", "1", images)
    for media in ("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json"):
        registry.platforms("some/thing", "1", images, media)
        outcome = fetched(registry, "oci", "some/thing@1")
        assert outcome.lines[0] == "sha256.oci1 " + images["linux/amd64"][7:] and outcome.tree() == {"x": "linux/amd64"}
    for platform in ("linux/arm64", "linux/arm/v7", "linux/arm/v6"):
        assert fetched(registry, "oci", "some/thing@1", f"platform={platform}").tree() == {"x": platform}
    assert fetched(registry, "oci", f"some/thing@{index}").tree() == {"x": "linux/amd64"}
    refused("no image for the platform: windows/amd64", registry, "oci", "some/thing@1", "platform=windows/amd64")


@test
def a_pin_is_asked_for_by_its_digest(registry):
    digest = registry.image("some/thing", "1", [layer(("x", "old"))])
    registry.image("some/thing", "1", [layer(("x", "new"))])
    outcome = fetched(registry, "oci", "some/thing@1", pin=f"sha256.oci1 {digest[7:]}")
    assert outcome.tree() == {"x": "old"} and outcome.lines[0] == f"sha256.oci1 {digest[7:]}"
    assert f"/v2/some/thing/manifests/{digest}" in registry.log[0]


@test
def what_is_not_what_it_is_called_is_refused(registry):
    digest = registry.image("some/thing", "1", [layer(("x", "1"))])
    registry.files[f"/v2/some/thing/manifests/{digest}"] += b" "
    refused("the manifest is another", registry, "oci", f"some/thing@{digest}")
    blob = next(path for path in registry.files if "/blobs/" in path and sha256(b"{}") not in path)
    registry.files[blob] = layer(("x", "2"))
    refused("a layer is another", registry, "oci", "some/thing@1")
    registry.files[blob] = layer(("x", "1"))[:600]
    refused("", registry, "oci", "some/thing@1")
    registry.platforms("some/thing", "2", {"linux/amd64": digest})
    refused("the manifest is another", registry, "oci", "some/thing@2")


@test
def what_is_no_manifest_is_one_sentence(registry):
    for document, sentence in (({}, "no layers"), ({"layers": []}, "no layers"), ({"layers": [{}]}, "no sha256"),
                               ({"layers": [{"digest": "md5:00"}]}, "no sha256"), ({"layers": 7}, "no layers"),
                               ({"layers": [{"digest": "sha256:" + "0" * 64}]}, "404"),
                               ({"manifests": []}, "no image"), ({"manifests": [{"platform": {"os": "linux", "architecture": "amd64"},
                                                                                 "digest": ""}]}, "no sha256"),
                               ({"schemaVersion": 1, "fsLayers": []}, "no layers")):
        registry.files["/v2/a/manifests/1"] = json.dumps(document).encode()
        refused(sentence, registry, "oci", "a@1")
    registry.files["/v2/a/manifests/1"] = b"<html>"
    refused("no JSON", registry, "oci", "a@1")
    registry.files["/v2/a/manifests/1"] = b"[" + b" " * (4 << 20) + b"]"
    refused("manifest: it is too large", registry, "oci", "a@1")
    refused("404", registry, "oci", "b@1")


@test
def layers_in_zstd_are_read(registry):
    data = subprocess.run(["zstd", "-q", "-c"], input=layer(("x", "1")), stdout=subprocess.PIPE, check=True).stdout
    expect(registry, [data, gzip.compress(layer(("y", "2"))), data], {"x": "1", "y": "2"})


main()
