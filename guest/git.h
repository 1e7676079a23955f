/* SPDX-License-Identifier: MPL-2.0 */
/*
 * git: a repository's tree at a reference, over smart HTTP (gitprotocol-v2(5), gitprotocol-http(5)).
 *
 * One POST of ls-refs finds the revision, unless it is known: from the pin, the arguments or a
 * reference of 40 digits. `git REVISION` is reported then, before anything is downloaded. One POST
 * of fetch brings that commit alone; `git-tree OBJECT` is reported once the way to the tree is in,
 * `cab HASH` when all is written and proved. A server that does not answer ls-refs is asked for
 * info/refs once and served in the protocol's older form.
 *
 * A reference is looked for as a branch, then as a tag; the full name (refs/...) says which one.
 */
#pragma once

#include "request.h"

void git_fetch(const struct request *request);
