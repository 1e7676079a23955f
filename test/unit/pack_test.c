/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include <unistd.h>

#include "delta.h"
#include "pack.h"

static char folder[] = "/tmp/pack-test-XXXXXX";

enum { ROOM = 1 << 20 };

/* The objects of a pack, a line each: "TYPE SIZE", and how it ends. */
static struct buf
pack_list(struct bytes bytes, size_t step)
{
	struct buf out = BUF(BUF_MAX);
	struct pack *pack = (struct pack *)memory_zero(1, sizeof *pack);
	uint8_t *room = (uint8_t *)memory_new(ROOM);
	pack_start(pack, SUM_SHA1);
	enum pack_event event = PACK_INPUT;
	for (size_t at = 0; at < bytes.size && event != PACK_BAD; at += step) {
		size_t left = bytes.size - at;
		struct span input = span_of(bytes.data + at, left < step ? left : step);
		do {
			event = pack_step(pack, &input);
			if (event == PACK_OBJECT)
				pack->window = (struct inflate_window){room, 0, ROOM};
			if (event == PACK_END)
				buf_format(&out, "%u %llu\n", (unsigned)pack->type,
					(unsigned long long)pack->size);
			if (event == PACK_BAD)
				buf_format(&out, "BAD: %s\n", pack->sentence);
			if (event == PACK_DONE)
				buf_add_text(&out, "DONE\n");
			if (event == PACK_FULL)
				inflate_slide(&pack->window);
		} while (event != PACK_INPUT && event != PACK_BAD &&
			 !(event == PACK_DONE && input.size == 0));
	}
	free(room);
	free(pack);
	return out;
}

static struct buf
in_folder(const char *command)
{
	char line[2048];
	(void)snprintf(line, sizeof line, "cd %s && %s", folder, command);
	return command_output(line);
}

static void
what_git_packs_is_read_whatever_the_steps(void **state)
{
	(void)state;
	struct buf pack = in_folder("git -C r rev-list --objects --all | cut -c1-40 | "
				    "git -C r pack-objects -q --stdout --delta-base-offset");
	static const size_t steps[] = {1 << 20, 1, 3, 4096};
	struct buf first = pack_list(buf_bytes(&pack), 1 << 20);
	unsigned lines = 0;
	for (size_t at = 0; at < first.size; at++)
		lines += first.data[at] == '\n';
	struct buf count = in_folder("git -C r rev-list --objects --all | wc -l");
	assert_int_equal(lines, strtoul(buf_text(&count), NULL, 10) + 1);
	assert_non_null(strstr(buf_text(&first), "\n6 "));
	assert_non_null(strstr(buf_text(&first), "DONE\n"));
	for (size_t at = 0; at < 4; at++) {
		struct buf list = pack_list(buf_bytes(&pack), steps[at]);
		assert_true(bytes_equal(buf_bytes(&list), buf_bytes(&first)));
		buf_release(&list);
	}
	buf_release(&first);
	buf_release(&count);
	buf_release(&pack);
}

static void
is_bad(const char *bytes, size_t size, const char *expected)
{
	for (size_t step = 1; step <= size; step += size - 1) {
		struct buf list = pack_list(bytes_of(bytes, size), step);
		assert_string_equal(buf_text(&list), expected);
		buf_release(&list);
	}
}

#define HEAD        "PACK\0\0\0\2\0\0\0\1"
#define AT(literal) HEAD literal, sizeof(HEAD literal) - 1

static void
heads_that_lie_are_bad(void **state)
{
	(void)state;
	is_bad("PACK\0\0\0\3\0\0\0\1", 12, "BAD: it does not begin as one of version 2\n");
	is_bad("BACK\0\0\0\2\0\0\0\1", 12, "BAD: it does not begin as one of version 2\n");
	is_bad(AT("\x00"), "BAD: an object of no type\n");
	is_bad(AT("\x51"), "BAD: an object of no type\n");
	is_bad(AT("\xbf\xff\xff\xff\xff\xff\x7f"), "BAD: an object is too large\n");
	is_bad(AT("\x61\x00"), "BAD: a delta has no base before it, or too large a one\n");
	is_bad(AT("\x61\x7f"), "BAD: a delta has no base before it, or too large a one\n");
	is_bad(AT("\x61\xff\xff\xff\xff\xff\xff\x7f"),
		"BAD: a delta has no base before it, or too large a one\n");
	is_bad(AT("\x31\x00\x00"), "BAD: an object is no zlib stream of its size\n");
	is_bad(AT("\x31\x78\xbb"), "BAD: an object is no zlib stream of its size\n");
}

static void
an_object_has_the_size_that_its_head_says(void **state)
{
	(void)state;
	/* "hello", stored */
#define HELLO "\x78\x01\x01\x05\x00\xfa\xffhello\x06\x2c\x02\x15"
	is_bad(AT("\x34" HELLO), "BAD: an object is no zlib stream of its size\n");
	is_bad(AT("\x36" HELLO), "BAD: an object is no zlib stream of its size\n");
	is_bad(AT("\x35" HELLO "01234567890123456789"), "3 5\nDONE\n");
	is_bad(AT("\x35" HELLO "01234567890123456789more"),
		"3 5\nDONE\nBAD: more bytes behind its end\n");
}

static void
P1_a_pack_of_four_billion_objects_is_read_object_by_object(void **state)
{
	(void)state;
	is_bad("PACK\0\0\0\2\xff\xff\xff\xff\x35" HELLO, 29, "3 5\n");
}

static bool
applies(struct span delta, const char *base, const char *expected)
{
	uint8_t result[256];
	uint64_t size;
	if (!delta_head(&delta, strlen(base), &size) || size > sizeof result)
		return false;
	struct span from = span_of(base, strlen(base));
	if (!delta_apply(delta, from, result, (size_t)size))
		return false;
	return size == strlen(expected) && memcmp(result, expected, (size_t)size) == 0;
}

static void
a_delta_copies_and_inserts(void **state)
{
	(void)state;
	assert_true(applies(SPAN("\x05\x08\x91\x01\x04\x04 you"), "hello", "ello you"));
	assert_true(applies(SPAN("\x05\x02\x02hi"), "hello", "hi"));
	assert_true(applies(SPAN("\x00\x00"), "", ""));
}

static void
P3_a_delta_that_lies_does_not_apply(void **state)
{
	(void)state;
	assert_false(applies(SPAN("\x06\x02\x02hi"), "hello", "hi"));     /* another base */
	assert_false(applies(SPAN("\x05\x03\x02hi"), "hello", "hi"));     /* fewer bytes */
	assert_false(applies(SPAN("\x05\x01\x02hi"), "hello", "hi"));     /* more bytes */
	assert_false(applies(SPAN("\x05\x02\x00hi"), "hello", "hi"));     /* insert of nothing */
	assert_false(applies(SPAN("\x05\x02\x05hi"), "hello", "hi"));     /* cut off */
	assert_false(applies(SPAN("\x05\x04\x91\x02\x04"), "hello", "")); /* past the base */
	assert_false(applies(SPAN("\x05\x04\x91\x02"), "hello", ""));
	assert_false(applies(SPAN("\x05\x04\x9f\xff\xff\xff\xff\x04"), "hello", ""));
	assert_false(applies(SPAN("\x05"), "hello", ""));
	assert_false(applies(SPAN("\xff\xff\xff\xff\xff\xff\x01"), "hello", ""));
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	struct buf words = words_make(40000);
	char path[128];
	(void)snprintf(path, sizeof path, "%s/words", folder);
	data_write(path, buf_bytes(&words));
	buf_release(&words);
	struct buf made = in_folder(
		"git init -q r && cd r && git config user.name n && git config user.email e && "
		"for i in 1 2 3 4; do cp ../words a; echo $i >>a; echo $i >b$i; git add .; "
		"git commit -q -m $i; done");
	buf_release(&made);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_git_packs_is_read_whatever_the_steps),
		cmocka_unit_test(heads_that_lie_are_bad),
		cmocka_unit_test(an_object_has_the_size_that_its_head_says),
		cmocka_unit_test(P1_a_pack_of_four_billion_objects_is_read_object_by_object),
		cmocka_unit_test(a_delta_copies_and_inserts),
		cmocka_unit_test(P3_a_delta_that_lies_does_not_apply),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	struct buf removed = in_folder("cd / && rm -rf \"$OLDPWD\"");
	buf_release(&removed);
	return failed;
}
