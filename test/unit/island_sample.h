/* SPDX-License-Identifier: MPL-2.0 */
/*
 * island_sample: islands for tests, from their written parts.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "island/island.h"

#define TEXT_ENTRY(name, value)                                                                    \
	{                                                                                          \
		.key = BYTES_LITERAL(name), .text = BYTES_LITERAL(value)                           \
	}
#define NUMBER_ENTRY(name, value)                                                                  \
	{                                                                                          \
		.key = BYTES_LITERAL(name), .kind = ISLAND_ENTRY_NUMBER, .number = (value)         \
	}
#define TRUTH_ENTRY(name, value)                                                                   \
	{                                                                                          \
		.key = BYTES_LITERAL(name), .kind = ISLAND_ENTRY_TRUTH, .number = (value)          \
	}

#define REVISION "1f0c2ab3d4e5f60718293a4b5c6d7e8f90a1b2c3"
#define CHECKSUM "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct island_case {
	const char *scheme;
	const char *ref;
	const char *subpath;
	struct island_entry entries[4];
	size_t entry_count;
	const char *text; /* canonical */
	const char *name; /* of the object */
	const char *pin;  /* or NULL */
};

static struct island_words
island_case_words(const struct island_case *row)
{
	return (struct island_words){
		.scheme = bytes_text(row->scheme),
		.ref = bytes_text(row->ref ? row->ref : ""),
		.entries = row->entries,
		.entry_count = row->entry_count,
		.subpath = bytes_text(row->subpath ? row->subpath : ""),
	};
}

UNUSED static struct island
island_case_parse(struct arena *arena, const struct island_case *row)
{
	struct island_words words = island_case_words(row);
	struct island island = {0};
	struct err err = {0};
	if (!island_parse(arena, &words, &island, &err))
		fail_msg("%s", err.text);
	return island;
}

/* Good ones, with all that follows from their text. */
static const struct island_case island_cases[] = {
	{.scheme = "npm", .ref = "@s/a.b@next", .text = "npm:@s/a.b@next", .name = "s-a.b-next"},
	{.scheme = "npm",
		.ref = "a@1.0.0-rc.1+x",
		.text = "npm:a@1.0.0-rc.1+x",
		.name = "a-1.0.0-rc.1+x"},
	{.scheme = "npm",
		.ref = "a@1.0.0",
		.entries = {TEXT_ENTRY("checksum", CHECKSUM)},
		.entry_count = 1,
		.text = "npm:a@1.0.0:{ checksum = \"" CHECKSUM "\", }",
		.name = "a-1.0.0",
		.pin = "sha256.tar1 "
		       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{.scheme = "pypi",
		.ref = "Some_.Thing@1!2.0",
		.text = "pypi:Some_.Thing@1!2.0",
		.name = "some-thing-1-2.0"},
	{.scheme = "pypi",
		.ref = "zope.interface",
		.text = "pypi:zope.interface",
		.name = "zope-interface"},
	{.scheme = "oci",
		.ref = "h.example:5000/o/r@v1",
		.subpath = "/etc",
		.entries = {TEXT_ENTRY("platform", "linux/arm/v7")},
		.entry_count = 1,
		.text = "oci:h.example:5000/o/r@v1:{ platform = \"linux/arm/v7\", }:/etc",
		.name = "etc"},
	{.scheme = "oci", .ref = "h.example/r", .text = "oci:h.example/r", .name = "r"},
	{.scheme = "gitlab", .ref = "g/sub/r@v1", .text = "gitlab:g/sub/r@v1", .name = "r"},
	{.scheme = "sourcehut", .ref = "~u/r", .text = "sourcehut:~u/r", .name = "r"},
	{.scheme = "codeberg", .ref = "o/r", .text = "codeberg:o/r", .name = "r"},
	{.scheme = "github", .ref = "cull-os/cab", .text = "github:cull-os/cab", .name = "cab"},
	{.scheme = "github",
		.ref = "o/r.git@feature/x-1",
		.text = "github:o/r.git@feature/x-1",
		.name = "r"},
	{.scheme = "github", .ref = "o/.github", .text = "github:o/.github", .name = "github"},
	{.scheme = "github",
		.ref = "o/r",
		.subpath = "/sub/a b>c",
		.entries = {TRUTH_ENTRY("submodules", 1), TEXT_ENTRY("revision", REVISION),
			TEXT_ENTRY("reference", "main")},
		.entry_count = 3,
		.text = "github:o/r:{ reference = \"main\", revision = \"" REVISION
			"\", submodules = true, }:/sub/a\\ b\\>c",
		.name = "a-b-c"},
	{.scheme = "github",
		.ref = "o/r",
		.subpath = "/sub/",
		.entries = {TRUTH_ENTRY("submodules", 0)},
		.entry_count = 1,
		.text = "github:o/r::/sub",
		.name = "sub"},
	{.scheme = "gitlab", .ref = "group/sub/r@v1", .text = "gitlab:group/sub/r@v1", .name = "r"},
	{.scheme = "sourcehut", .ref = "~me/r", .text = "sourcehut:~me/r", .name = "r"},
	{.scheme = "codeberg", .ref = "o/r", .text = "codeberg:o/r", .name = "r"},
	{.scheme = "git",
		.ref = "https://host.example/a/b.git@v1/2",
		.text = "git:https://host.example/a/b.git@v1/2",
		.name = "b"},
	{.scheme = "git",
		.ref = "http://[::1]:8080/r",
		.text = "git:http://[\\::1]:8080/r",
		.name = "r"},
	{.scheme = "https",
		.ref = "//host.example/x-1.0.tar.gz",
		.text = "https://host.example/x-1.0.tar.gz",
		.name = "x-1.0"},
	{.scheme = "https",
		.ref = "//host.example/dl/x.tgz?v=1",
		.subpath = "/d/\xc3\xa9",
		.entries = {NUMBER_ENTRY("strip", 1),
			TEXT_ENTRY(
				"checksum", "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")},
		.entry_count = 2,
		.text = "https://host.example/dl/x.tgz?v=1:{ checksum = \"" CHECKSUM
			"\", strip = 1, }:/d/\xc3\xa9",
		.name = "source",
		.pin = "sha256.tar1 "
		       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855:d/"
		       "%C3%A9+strip=1"},
	{.scheme = "http",
		.ref = "//127.0.0.1:80/a%20b.zip",
		.text = "http://127.0.0.1:80/a%20b.zip",
		.name = "a-20b"},
	{.scheme = "file",
		.ref = "https://host.example/x.tar.gz",
		.entries = {TEXT_ENTRY("checksum", CHECKSUM)},
		.entry_count = 1,
		.text = "file:https://host.example/x.tar.gz:{ checksum = \"" CHECKSUM "\", }",
		.name = "x.tar.gz",
		.pin = "sha256.file1 "
		       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{.scheme = "crates", .ref = "hexyl", .text = "crates:hexyl", .name = "hexyl"},
	{.scheme = "crates",
		.ref = "wasi@0.11.0+wasi-snapshot-preview1",
		.entries = {TEXT_ENTRY("checksum", CHECKSUM)},
		.entry_count = 1,
		.text = "crates:wasi@0.11.0+wasi-snapshot-preview1:{ checksum = \"" CHECKSUM
			"\", }",
		.name = "wasi-0.11.0+wasi-snapshot-preview1",
		.pin = "sha256.tar1 "
		       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{.scheme = "self", .text = "self", .name = "source"},
	{.scheme = "self", .subpath = "/sub", .text = "self::/sub", .name = "sub"},
	{.scheme = "fs", .subpath = "/home/me/x", .text = "fs::/home/me/x", .name = "x"},
};
