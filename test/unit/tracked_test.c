/* SPDX-License-Identifier: MPL-2.0 */
#include "island/tracked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One entry: `flags` at its place, `more` further flags where they say so, the name as it is written. */
static void
entry(struct buf *out, unsigned version, uint32_t mode, uint16_t flags, struct bytes name)
{
	uint8_t fixed[62] = {0};
	size_t start = out->size;
	for (size_t at = 0; at < 4; at++)
		fixed[24 + at] = (uint8_t)(mode >> (24 - 8 * at));
	fixed[60] = (uint8_t)(flags >> 8);
	buf_add(out, bytes_of(fixed, sizeof fixed));
	if (flags & 0x4000)
		buf_add(out, BYTES_LITERAL("\0\0"));
	buf_add(out, name);
	buf_add_byte(out, '\0');
	while (version != 4 && (out->size - start) % 8)
		buf_add_byte(out, '\0');
}

static void
head(struct buf *out, unsigned version, unsigned count)
{
	const uint8_t bytes[] = {
		'D', 'I', 'R', 'C', 0, 0, 0, (uint8_t)version, 0, 0, 0, (uint8_t)count};
	buf_add(out, bytes_of(bytes, sizeof bytes));
}

static void
checksum(struct buf *out)
{
	buf_add(out, BYTES_LITERAL("checksum checksum 12"));
}

static bool
decode(const struct buf *data, struct tracked *tracked, struct err *err)
{
	*tracked = TRACKED;
	return tracked_decode(tracked, buf_bytes(data), err);
}

static void
fails(const struct buf *data, const char *sentence)
{
	struct tracked tracked;
	struct err err = {0};
	assert_false(decode(data, &tracked, &err));
	if (!strstr(err.text, sentence))
		fail_msg("\"%s\" is not in \"%s\"", sentence, err.text);
	tracked_release(&tracked);
}

static void
names_of_every_version_are_read(void **state)
{
	(void)state;
	for (unsigned version = 2; version <= 4; version++) {
		cleanup_buf struct buf data = BUF(BUF_MAX);
		struct tracked tracked;
		struct err err = {0};
		head(&data, version, 3);
		bool short_form = version == 4;
		entry(&data, version, 0100644, 0,
			short_form ? BYTES_LITERAL("\0a/beta") : BYTES_LITERAL("a/beta"));
		entry(&data, version, 0160000, version == 2 ? 0 : 0x4000,
			short_form ? BYTES_LITERAL("\2\xff") : BYTES_LITERAL("a/be\xff"));
		entry(&data, version, 0120000, 0,
			short_form ? BYTES_LITERAL("\5z") : BYTES_LITERAL("z"));
		buf_add(&data, BYTES_LITERAL("TREE\0\0\0\3abc"));
		checksum(&data);
		assert_true(decode(&data, &tracked, &err));
		assert_int_equal(tracked.rows.size, 3);
		const struct tracked_row *row = tracked_find(&tracked, BYTES_LITERAL("a/be\xff"));
		assert_non_null(row);
		assert_true(row->link);
		row = tracked_find(&tracked, BYTES_LITERAL("z"));
		assert_non_null(row);
		assert_false(row->link);
		assert_non_null(tracked_find(&tracked, BYTES_LITERAL("a/beta")));
		assert_null(tracked_find(&tracked, BYTES_LITERAL("a/bet")));
		assert_true(tracked_has_beneath(&tracked, BYTES_LITERAL("a/")));
		assert_false(tracked_has_beneath(&tracked, BYTES_LITERAL("b/")));
		tracked_release(&tracked);
	}
}

static void
an_index_that_is_not_in_order_is_put_into_it(void **state)
{
	(void)state;
	cleanup_buf struct buf data = BUF(BUF_MAX);
	struct tracked tracked;
	struct err err = {0};
	head(&data, 2, 3);
	entry(&data, 2, 0100644, 0, BYTES_LITERAL("b"));
	entry(&data, 2, 0100644, 0, BYTES_LITERAL("C"));
	entry(&data, 2, 0100644, 0, BYTES_LITERAL("a"));
	checksum(&data);
	assert_true(decode(&data, &tracked, &err));
	assert_non_null(tracked_find(&tracked, BYTES_LITERAL("C")));
	assert_non_null(tracked_find(&tracked, BYTES_LITERAL("a")));
	assert_non_null(tracked_find(&tracked, BYTES_LITERAL("b")));
	tracked_release(&tracked);
}

static void
what_must_be_understood_and_is_not_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *signature;
		const char *sentence;
	} rows[] = {{"link\0\0\0\1x",
			    "split, which cab does not read: `git update-index --no-split-index`"},
		{"sdir\0\0\0\1x", "sparse"}, {"ABCD\0\0\0\2x", "cut off in an extension"},
		{"ABCD\0\0\0\0x", "behind its end"}};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf data = BUF(BUF_MAX);
		head(&data, 2, 0);
		buf_add(&data, bytes_of(rows[at].signature, 9));
		checksum(&data);
		fails(&data, rows[at].sentence);
	}
	/* A file that the shared index names has an entry without a name. */
	cleanup_buf struct buf split = BUF(BUF_MAX);
	head(&split, 2, 1);
	entry(&split, 2, 0100644, 0, BYTES_LITERAL(""));
	buf_add(&split, BYTES_LITERAL("link\0\0\0\1x"));
	checksum(&split);
	fails(&split, rows[0].sentence);

	cleanup_buf struct buf data = BUF(BUF_MAX);
	head(&data, 5, 0);
	checksum(&data);
	fails(&data, "of version 5");
}

static void
damage_is_an_error_that_names_the_entry(void **state)
{
	(void)state;
	/* More is taken off than there is; further flags in version 2; no name; fewer entries than it says. */
	for (unsigned which = 0; which < 4; which++) {
		cleanup_buf struct buf data = BUF(BUF_MAX);
		unsigned version = which == 0 ? 4 : 2;
		head(&data, version, 2);
		entry(&data, version, 0100644, 0,
			version == 4 ? BYTES_LITERAL("\0a") : BYTES_LITERAL("a"));
		if (which == 0)
			entry(&data, version, 0100644, 0, BYTES_LITERAL("\2b"));
		else if (which == 1)
			entry(&data, version, 0100644, 0x4000, BYTES_LITERAL("b"));
		else if (which == 2)
			entry(&data, version, 0100644, 0, BYTES_LITERAL(""));
		checksum(&data);
		fails(&data, "damaged at its entry 1");
	}
	cleanup_buf struct buf none = BUF(BUF_MAX);
	buf_add_text(&none, "DIRCjunk");
	fails(&none, "is none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_every_version_are_read),
		cmocka_unit_test(an_index_that_is_not_in_order_is_put_into_it),
		cmocka_unit_test(what_must_be_understood_and_is_not_is_refused),
		cmocka_unit_test(damage_is_an_error_that_names_the_entry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
