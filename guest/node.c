/* SPDX-License-Identifier: MPL-2.0 */
#include "node.h"

#include "heap.h"

void
node_add(struct node *node, uint8_t kind, struct span name, struct span value)
{
	node->entries = (struct node_entry *)array_room(
		node->entries, &node->capacity, node->size, sizeof *node->entries);
	node->entries[node->size++] = (struct node_entry){name, value, kind};
}

static bool
entry_less(const struct node_entry *left, const struct node_entry *right)
{
	return span_compare(left->name, right->name) < 0;
}

static ONCE void
entries_swap(struct node_entry *left, struct node_entry *right)
{
	struct node_entry entry = *left;
	*left = *right;
	*right = entry;
}

static void
heap_sink(struct node_entry *entries, size_t at, size_t size)
{
	for (size_t child; (child = 2 * at + 1) < size; at = child) {
		if (child + 1 < size && entry_less(&entries[child], &entries[child + 1]))
			child++;
		if (!entry_less(&entries[at], &entries[child]))
			break;
		entries_swap(&entries[at], &entries[child]);
	}
}

/* Heap sort: the names are a stranger's, so no worse case than the usual one. */
static void
node_sort(struct node *node)
{
	for (size_t at = node->size / 2; at-- > 0;)
		heap_sink(node->entries, at, node->size);
	for (size_t size = node->size; size-- > 1;) {
		entries_swap(&node->entries[0], &node->entries[size]);
		heap_sink(node->entries, 0, size);
	}
}

static void
node_size(struct text *bytes, size_t size)
{
	text_byte(bytes, (uint8_t)size);
	text_byte(bytes, (uint8_t)(size >> 8));
}

void
node_digest(struct node *node, uint8_t digest_out[SUM_BLAKE3])
{
	node_sort(node);
	struct text *bytes = &node->bytes;
	int32_t hash = cab_hash_new(CAB_HASH_BLAKE3);
	text_clear(bytes);
	text_add(bytes, SPAN("cab tree 1\n"));
	for (size_t at = 0; at < node->size; at++) {
		const struct node_entry *entry = &node->entries[at];
		if (at && span_equal(entry->name, node->entries[at - 1].name))
			fail_about("two entries of one name", entry->name);
		text_byte(bytes, entry->kind);
		node_size(bytes, entry->name.size);
		text_add(bytes, entry->name);
		if (entry->kind == 'l')
			node_size(bytes, entry->value.size);
		text_add(bytes, entry->value);
		if (bytes->size > 32 << 10) {
			(void)cab_hash_add(hash, bytes->data, bytes->size);
			text_clear(bytes);
		}
	}
	(void)cab_hash_add(hash, bytes->data, bytes->size);
	hash_end(hash, digest_out);
	node->size = 0;
}
