/* SPDX-License-Identifier: MPL-2.0 */
/*
 * cgroup_text: what the kernel's files about control groups say: cgroups(7), and its "Control Group v2".
 *
 * They name paths beneath which groups are made and removed, and some of them can be written by whoever is delegated
 * a group, so none is taken at its word.
 */
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/must.h"

/* The path of this process in one hierarchy, from /proc/self/cgroup: "NUMBER:CONTROLLERS:PATH" a line; version 2 has no
 * controllers there, which the controller "" stands for. Borrowed; it begins with "/". False where there is none, or it
 * is one that leads out of what can be seen here ("/../x": the group lies outside of this namespace). */
MUST_CHECK bool cgroup_text_path(struct bytes table, const char *controller, struct bytes *out);
/* Whether a word stands in a list of words, as cgroup.subtree_control is. */
bool cgroup_text_has(struct bytes text, const char *word);
/* The number behind a word at the begin of a line; 0 where there is none, the largest where it is larger. */
uint64_t cgroup_text_count(struct bytes text, const char *word);
