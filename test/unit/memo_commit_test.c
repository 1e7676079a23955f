/* SPDX-License-Identifier: MPL-2.0 */
#include "island/memo_commit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#define OLD  "1111111111111111111111111111111111111111"
#define NEW  "2222222222222222222222222222222222222222"
#define ELSE "3333333333333333333333333333333333333333"
#define TREE "tree " ELSE "\n"
#define WHO  "committer C > <c@example.org> 1000000000 +0200\n"

/* A memo of NEW with this content; the size may lie. */
static struct bytes
make(struct buf *out, const char *content, int32_t more)
{
	buf_clear(out);
	buf_add_text(out, "cab git 1\n");
	for (size_t at = 0; at < 32; at++)
		buf_add_byte(out, at < 20 ? 0x22 : 0);
	buf_add_u32(out, (uint32_t)((int32_t)strlen(content) + more));
	buf_add_text(out, content);
	return buf_bytes(out);
}

static void
its_date_and_what_it_follows_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *content;
		unsigned commits;
	} rows[] = {
		{TREE "parent " OLD "\nauthor A <a> 1 +0000\n" WHO "\nwords\n", 1},
		{TREE "parent " ELSE "\nauthor A <a> 1 +0000\n" WHO "\n", 0},
		{TREE "parent " OLD "\nparent " ELSE "\nauthor A <a> 1 +0000\n" WHO "\n", 0},
		{TREE "parent " ELSE "\nparent " OLD "\nauthor A <a> 1 +0000\n" WHO "\n", 0},
		{TREE "author A <a> 1 +0000\n" WHO, 0},
	};
	cleanup_buf struct buf memo = BUF(4096);
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct memo_commit commit;
		assert_true(memo_commit_read(make(&memo, rows[at].content, 0), BYTES_LITERAL(NEW),
			BYTES_LITERAL(OLD), &commit));
		assert_int_equal(commit.time, 1000000000);
		assert_int_equal(commit.commits, rows[at].commits);
	}
}

static void
what_cannot_be_read_says_nothing(void **state)
{
	(void)state;
	static const char *const contents[] = {"", TREE, TREE "\n" WHO,
		TREE "committer C <c> x +0000\n", TREE "committer C <c>\n",
		TREE "committer 1 +0000\n", TREE "committer C <c> 99999999999999999999 +0000\n",
		TREE "committer C <c> 253402300800 +0000\n", TREE "committer C <c>  1 +0000\n"};
	cleanup_buf struct buf memo = BUF(4096);
	struct memo_commit commit;
	for (size_t at = 0; at < sizeof contents / sizeof *contents; at++)
		assert_false(memo_commit_read(make(&memo, contents[at], 0), BYTES_LITERAL(NEW),
			BYTES_LITERAL(OLD), &commit));
	struct bytes good = make(&memo, TREE WHO, 0);
	assert_false(memo_commit_read(good, BYTES_LITERAL(OLD), BYTES_LITERAL(OLD), &commit));
	assert_false(memo_commit_read(good, BYTES_LITERAL("22"), BYTES_LITERAL(OLD), &commit));
	assert_false(memo_commit_read(
		good, BYTES_LITERAL(NEW "222222222222222222222222"), BYTES_LITERAL(OLD), &commit));
	/* Cut anywhere before the date's end, or of a size that is not there. */
	for (size_t size = 0; size < good.size; size++)
		assert_false(memo_commit_read(
			bytes_first(good, size), BYTES_LITERAL(NEW), BYTES_LITERAL(OLD), &commit));
	assert_false(memo_commit_read(
		make(&memo, TREE WHO, 1), BYTES_LITERAL(NEW), BYTES_LITERAL(OLD), &commit));
	assert_false(memo_commit_read(
		make(&memo, TREE WHO, -20), BYTES_LITERAL(NEW), BYTES_LITERAL(OLD), &commit));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_date_and_what_it_follows_are_read),
		cmocka_unit_test(what_cannot_be_read_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
