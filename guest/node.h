/* SPDX-License-Identifier: MPL-2.0 */
/*
 * node: the Cab hash of a tree, composed from the digests of its leaves (cab-store(5)).
 *
 *     struct node node = {0};
 *     node_add(&node, 'f', name, span_of(digest, 32));      in any order; names are borrowed
 *     node_add(&node, 'l', name, target);
 *     node_digest(&node, digest_out);                       empties the node for another folder
 *
 * A folder's bytes are "cab tree 1\n" and its entries in bytewise order of their names: kind (d, f,
 * x or l), u16 size of the name, the name, and the 32 bytes of the digest, or for a link the u16
 * size of its target and the target. Numbers are little-endian.
 */
#pragma once

#include "text.h"

struct node_entry {
	struct span name;
	struct span value;
	uint8_t kind;
};

struct node {
	struct node_entry *entries;
	size_t size;
	size_t capacity;
	struct text bytes;
};

void node_add(struct node *node, uint8_t kind, struct span name, struct span value);
void node_digest(struct node *node, uint8_t digest_out[SUM_BLAKE3]);
