/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A file of records that is there, and one to be written in its place: a byte for the kind, then both, with "\n%%\n" between them.
 * Checks that differ are made right, so that what lies behind them is reached. What is written is whole, has all that
 * was to be added, and stays as it is when the same is added once more.
 */
#include "store/record.h"

#include <string.h>

#include "base/must.h"
#include "store/commit.h"
#include "store/read.h"
#include "store/read_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text with a right check behind each block, which ends with an empty line. */
static void
checked(struct bytes text, struct buf *out)
{
	size_t start = 0;
	struct bytes line;
	while (bytes_split(&text, '\n', &line)) {
		if (line.size) {
			buf_add(out, line);
			buf_add_byte(out, '\n');
		}
		if (out->size > start && (line.size == 0 || !text.data)) {
			record_finish(out, start);
			start = out->size;
		}
	}
}

static size_t
blocks(const char *kind, struct bytes text, struct bytes *whole_out)
{
	struct err err;
	struct record record;
	size_t count = 0;
	struct bytes rest = text;
	while (rest.size && record_open(&rest, kind, &record, &err))
		count++;
	*whole_out = bytes_first(text, text.size - rest.size);
	return count;
}

static void
join(const char *kind, struct bytes old, struct bytes added)
{
	cleanup_buf struct buf out = BUF(BUF_MAX);
	cleanup_buf struct buf again = BUF(BUF_MAX);
	struct bytes whole;
	struct bytes before;
	size_t more = blocks(kind, added, &added);
	record_join(kind, old, added, &out);
	size_t count = blocks(kind, buf_bytes(&out), &whole);
	must(whole.size == out.size, "each block that is written opens");
	must(count <= blocks(kind, old, &before) + more, "no block is made");
	must(bytes_has_prefix(whole, before), "what was there stays, in front");
	record_join(kind, buf_bytes(&out), added, &again);
	must(bytes_equal(buf_bytes(&out), buf_bytes(&again)), "the same once more adds nothing");
}

/* What `merge` makes of both, in either order; then of that and each. */
static void
unite(void (*merge)(const char *name, struct bytes old, struct bytes added, struct buf *out),
	const char *name, struct bytes old, struct bytes added)
{
	cleanup_buf struct buf out = BUF(BUF_MAX);
	cleanup_buf struct buf other = BUF(BUF_MAX);
	cleanup_buf struct buf again = BUF(BUF_MAX);
	merge(name, old, added, &out);
	merge(name, added, old, &other);
	must(bytes_equal(buf_bytes(&out), buf_bytes(&other)),
		"the order of two lists means nothing");
	merge(name, buf_bytes(&out), added, &again);
	must(bytes_equal(buf_bytes(&out), buf_bytes(&again)), "the same once more adds nothing");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char mark[] = "\n%%\n";
	static const char commit[] = "aa/0123456789012345678901234567890123456789";
	static const char tree[] = "aa/daaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	if (size == 0)
		return 0;
	struct bytes text = bytes_of(data + 1, size - 1);
	const uint8_t *end = memmem(text.data, text.size, mark, sizeof mark - 1);
	struct bytes old = end ? bytes_first(text, (size_t)(end - text.data)) : text;
	struct bytes added = bytes_from(text, old.size + sizeof mark - 1);
	cleanup_buf struct buf old_checked = BUF(BUF_MAX);
	cleanup_buf struct buf added_checked = BUF(BUF_MAX);
	/* The old one sometimes as it is. */
	if (data[0] & 4)
		buf_add(&old_checked, old);
	else
		checked(old, &old_checked);
	checked(added, &added_checked);
	switch (data[0] & 3) {
	case 0:
		join("identity", buf_bytes(&old_checked), buf_bytes(&added_checked));
		break;
	case 1:
		join("realization", buf_bytes(&old_checked), buf_bytes(&added_checked));
		break;
	case 2:
		unite(read_session_merge, tree, buf_bytes(&old_checked), buf_bytes(&added_checked));
		break;
	case 3:
		unite(commit_record_merge, commit, buf_bytes(&old_checked),
			buf_bytes(&added_checked));
		break;
	}
	return 0;
}
