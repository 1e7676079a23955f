#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Repositories behind ssh, with a real sshd: islands, updates, submodules, forges, and the account of them."""
import json
import os
import sys

from harness import SERVER, Skip, case, commit, git, git_tree_of, main, refuses, repository, shell, tree_of

sys.path.insert(0, SERVER)
from sshd import CannotServe, Sshd  # noqa: E402 (its folder is known from here on)


def served(box, **options):
    """An sshd that cab is told how to reach, by the keys of its test."""
    try:
        server = Sshd(os.path.join(box.top, "sshd"), **options)
        box.stops.append(server.close)
        server.check()
    except CannotServe as why:
        raise Skip(str(why)) from None
    words = ", ".join(f'"{word}"' for word in server.words)
    box.configure(network_ssh=f"[{words}]", network_allow='["127.0.0.1"]')
    server.origin = f"ssh://127.0.0.1:{server.port}"
    return server


def use(text):
    return shell("use", f"cp -r \\(<{text}>) $out")


def place(box, name, files):
    folder = os.path.join(box.top, "git", "o", name)
    return folder, repository(folder, files)


@case("an island behind ssh: one connection, the tree that git stores, locked, and accounted by its origin")
def _(box):
    server = served(box)
    folder, revision = place(box, "r", {"a": "1", "in/b": "2"})
    text = f"git:{server.url(folder)}@main"
    box.write("default.cab", use(text))
    box.cab("build")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), str(tree_of(box.path("result"))))
    box.check(server.connections == 1, str(server.connections))
    box.check(f'"git {revision}"' in box.read("default.cab.lock"), box.read("default.cab.lock"))
    row = json.loads(box.cab("account", "--json").out)["sources"][0]
    box.check(row["source"] == text and row["origins"] == [server.origin] and row["requests"] == 2, str(row))
    box.check(server.origin in box.cab("account").out, "the account names the origin")
    shown = json.loads(box.cab("show", f"<{text}>").out)
    box.check(shown["origins"] == [server.origin], str(shown["origins"]))
    # Nothing new is one connection, and stopped at its first line; by the lock it is one as well.
    box.cab("build", "--update")
    box.check(server.connections == 2, str(server.connections))
    moved = commit(folder, {"a": "moved"})
    said = box.cab("update").out
    box.check(f"-> {moved[:12]}" in said and server.connections == 3, said)
    for name in [name for name in box.objects() if name.endswith("-r")]:
        box.cab("store", "delete", os.path.join(box.root, "store", name))
    box.write("default.cab", use(text).replace("cp -r", "cp --recursive"))
    box.cab("build", "--locked")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), str(tree_of(box.path("result"))))
    box.check(server.connections == 4, str(server.connections))
    git(folder, "tag", "v1")
    box.check("v1" in box.cab("island", "versions", f"<{text}>").out, "tags are listed")


@case("a server that takes no variable of its clients is fetched from in version 0, by a reference and by the lock")
def _(box):
    server = served(box, accepts=False)
    folder, _ = place(box, "r", {"a": "1"})
    text = f"git:{server.url(folder)}@main"
    box.write("default.cab", use(text))
    box.cab("build")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), str(tree_of(box.path("result"))))
    box.check(server.connections == 1, str(server.connections))
    box.cab("store", "delete", box.object("r"))
    box.write("default.cab", use(text).replace("cp -r", "cp --recursive"))
    box.cab("build", "--locked")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), str(tree_of(box.path("result"))))
    box.check(server.connections == 2, str(server.connections))


@case("a repository of SHA-256 behind ssh, and the commits that it moved by")
def _(box):
    server = served(box)
    folder = os.path.join(box.top, "git", "o", "r")
    os.makedirs(folder)
    git(folder, "init", "-q", "-b", "main", "--object-format=sha256")
    commit(folder, {"a": "1"})
    box.write("default.cab", use(f"git:{server.url(folder)}"))
    box.cab("build")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), str(tree_of(box.path("result"))))
    commit(folder, {"a": "2"})
    commit(folder, {"a": "3"})
    box.check(" commits)" not in box.cab("update", "-n").out, "by a server that does not filter they are not counted")
    git(folder, "config", "uploadpack.allowFilter", "true")
    box.check("(2 commits)" in box.cab("update", "-n").out, "they are counted")
    git(folder, "reset", "-q", "--hard", "HEAD~2")
    commit(folder, {"b": "1"})
    git(folder, "commit", "-q", "--amend", "-m", "with no parent that was there before")
    box.check("(1 commit)" in box.cab("update", "-n").out, "from the old one")


@case("submodules of a repository behind ssh, named relative to it")
def _(box):
    server = served(box)
    _, inner = place(box, "inner", {"i": "1"})
    folder, _ = place(box, "r", {"a": "1", ".gitmodules": '[submodule "x"]\n\tpath = in\n\turl = ../inner\n'})
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{inner},in")
    git(folder, "commit", "-q", "-m", "submodule")
    box.write("default.cab", use(f"git:{server.url(folder)}:{{ submodules = true }}"))
    box.cab("build")
    found = tree_of(box.path("result"))
    box.check(found[b"in/i"] == ("f", b"1") and found[b"a"] == ("f", b"1"), str(found))


@case("a forge may be meant by ssh: islands.github.base = \"ssh://…\"")
def _(box):
    server = served(box)
    folder, _ = place(box, "r", {"a": "1"})
    base = server.url(os.path.join(box.top, "git"))
    box.configure(islands_github_base=f'"{base}"', network_allow="[]")
    box.write("default.cab", use("github:o/r"))
    box.cab("build")
    box.check(tree_of(box.path("result")) == git_tree_of(folder), str(tree_of(box.path("result"))))
    commit(folder, {"a": "2"})
    said = box.cab("update").out
    box.check("->" in said and "ssh://" not in said, said)


@case("what cannot be reached behind ssh is one error, and nothing is registered")
def _(box):
    server = served(box)
    folder, _ = place(box, "r", {"a": "1"})
    box.write("default.cab", use(f"git:{server.url(folder + '-not')}"))
    refuses(box, server.origin, "does not appear to be a git repository")
    box.write("default.cab", use(f"git:{server.url(folder)}@no-such"))
    refuses(box, "no branch or tag of this name")
    server.write("nobody", "")
    server.write_config(known="nobody")
    box.write("default.cab", use(f"git:{server.url(folder)}"))
    refuses(box, server.origin, "log in once by hand to check the key: ssh 127.0.0.1")
    box.configure(network_allow="[]")
    refuses(box, "127.0.0.1", "network.allow")
    box.write("default.cab", use("git:ssh://a:secret@host/r"))
    refuses(box, "ssh has no password in a URL")
    for text in ("git:ssh://-oProxyCommand=x/r", "git:ssh://-l@host/r", "git:ssh://host", "git:ssh://host/r?x"):
        box.write("default.cab", use(text))
        refuses(box, "island <")


main()
