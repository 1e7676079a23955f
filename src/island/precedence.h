/* SPDX-License-Identifier: MPL-2.0 */
/*
 * precedence: which of two versions is the later one, as the rules of their registries say.
 *
 * Below 0, 0, or above 0, whatever the texts hold; numbers are of any length. It is an order that qsort may rely on: texts
 * are compared by what they were taken apart into, part by part. Where island.wasm chooses between two versions it is the
 * same order (guest/version.h), which the fuzz target holds.
 */
#pragma once

#include "base/bytes.h"

/* Semantic Versioning 2.0.0, section 11, of any names between dots. */
int precedence_semantic(struct bytes left, struct bytes right);
/* PEP 440, in all spellings that it takes for one; a text that it does not know comes before all that it does, in bytewise
 * order. */
int precedence_python(struct bytes left, struct bytes right);
