/* SPDX-License-Identifier: MPL-2.0 */
#include "store/vouch.h"

#include "store_fixture.h"

static bool
decode_line(const char *value, struct vouch *out, struct err *err)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	struct record record;
	size_t start = record_start(&text, "thing");
	record_add(&text, "vouch", "%s", value);
	record_finish(&text, start);
	struct bytes rest = buf_bytes(&text);
	return record_open(&rest, "thing", &record, err) && vouch_decode(&record, out, err) &&
	       record_end(&record, err);
}

static void
each_kind_reads_back(void **state)
{
	(void)state;
	struct vouch rows[] = {
		{VOUCH_SELF, ""},
		{VOUCH_KEY, "builder:1"},
		{VOUCH_REALIZER, "file:///srv/cab"},
		{VOUCH_KEY, "self"},
		{VOUCH_REALIZER, "key"},
		{VOUCH_KEY, ""},
	};
	memset(rows[5].name, '~', VOUCH_NAME_MAX);
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		cleanup_buf struct buf text = BUF(BUF_MAX);
		struct record record;
		size_t start = record_start(&text, "thing");
		vouch_encode(&rows[at], &text);
		record_finish(&text, start);
		struct bytes rest = buf_bytes(&text);
		struct vouch back;
		good(record_open(&rest, "thing", &record, &err));
		good(vouch_decode(&record, &back, &err));
		assert_true(vouch_equal(&back, &rows[at]));
		for (size_t other = 0; other < sizeof rows / sizeof *rows; other++)
			assert_int_equal(vouch_equal(&back, &rows[other]), at == other);
	}
}

static void
any_other_spelling_is_corrupt_and_touches_no_output(void **state)
{
	(void)state;
	static const char *const rows[] = {"", "Self", "self ", " self", "selfish", "key", "key ",
		"key a b", "key  a", "keya", "realizer", "realizer ", "realizer a\x7f",
		"realizer \xc3\xa9", "realize x", "key a\tb", "somebody x"};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct vouch vouch = {VOUCH_KEY, "before"};
		struct err err;
		if (decode_line(rows[at], &vouch, &err))
			fail_msg("'%s' was read", rows[at]);
		assert_int_equal(err.kind, ERR_CORRUPT);
		assert_string_equal(vouch.name, "before");
	}
	char line[VOUCH_NAME_MAX + 16] = "key ";
	memset(line + 4, 'a', VOUCH_NAME_MAX + 1);
	struct vouch vouch;
	bad(decode_line(line, &vouch, &err), ERR_CORRUPT);
	line[4 + VOUCH_NAME_MAX] = '\0';
	good(decode_line(line, &vouch, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_reads_back),
		cmocka_unit_test(any_other_spelling_is_corrupt_and_touches_no_output),
	};
	return cmocka_run_group_tests_name("vouch", tests, NULL, NULL);
}
