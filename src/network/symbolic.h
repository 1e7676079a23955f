/* SPDX-License-Identifier: MPL-2.0 */
/*
 * symbolic: URLs of package registries that name no host, made into real ones.
 *
 *     registry:crates/NAME/VERSION[?sha256=HEX]      an archive
 *     registry:crates/NAME                           the package's file of the sparse index
 *     registry:npm/NAME, registry:npm/@SCOPE%2fNAME  the packument
 *     registry:pypi/NAME/                            the project's page of the simple index
 *
 * Where each is, is a row of the configuration: "registry:crates", "registry:crates-index",
 * "registry:npm/@SCOPE" or else "registry:npm", "registry:pypi".
 *
 * A template is cargo's `dl` (The Cargo Book, "Registry Index", "Index Configuration"): {crate},
 * {version}, {prefix}, {lowerprefix} and {sha256-checksum} are replaced; a template with none of
 * them gets "/{crate}/{version}/download" behind it. The prefix is that of the index: "1", "2",
 * "3/c", "ca/rg". NAME is 1-64 of letters, digits, "-" and "_"; VERSION 1-128 of letters, digits,
 * ".", "-" and "+"; all else is refused, so neither can leave its place in the URL. Behind the other
 * rows, which are the URLs of folders, stand the index's "PREFIX/NAME" in lower case, and the name as
 * it is; names of npm and Python may hold dots, but not begin with one.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

/* "registry:crates" of "registry:crates/…"; empty where the URL is not symbolic. */
struct bytes symbolic_origin(struct bytes url);
/* Adds the name of the row that says where the URL is; for a scope of npm the second choice is the
 * origin's. */
void symbolic_row(struct bytes url, struct buf *out);
/* Adds the URL; ERR_REFUSED where the symbolic one is not well formed. */
MUST_CHECK bool symbolic_expand(
	struct bytes template, struct bytes url, struct buf *out, struct err *err);
