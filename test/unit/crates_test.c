/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "registry.h"

#define SUM(digit) "0" digit "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define LINE(version, digit, yanked)                                                               \
	"{\"name\":\"x\",\"vers\":\"" version "\",\"cksum\":\"" SUM(digit) "\",\"yanked\":" yanked \
									   "}\n"

struct trial {
	const char *document;
	const char *known; /* hex, or NULL */
};

static void
search_run(void *context)
{
	const struct trial *trial = context;
	struct checksum known = {0};
	if (trial->known)
		(void)checksum_set(&known, SPAN("sha256"), span_text(trial->known));
	struct search search = {
		.document = span_text(trial->document), .name = SPAN("x"), .known = &known};
	crates_search(&search);
	(void)fprintf(stderr, "%.*s %.*s", (int)search.version.size, search.version.data,
		value_size(search.sum), search.sum);
}

static void
finds(struct trial trial, const char *expected)
{
	struct buf log = guest_runs(search_run, &trial, 0);
	if (!log.size || !strstr(buf_text(&log), expected))
		fail_msg("%s: %s", trial.document, log.size ? buf_text(&log) : "");
	buf_release(&log);
}

static void
the_newest_that_is_no_pre_release_and_not_yanked_is_taken(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{LINE("1.0.0", "1", "false"), "1.0.0 \"" SUM("1")},
		{LINE("1.9.0", "1", "false") LINE("1.10.0", "2", "false"), "1.10.0 \"" SUM("2")},
		{LINE("1.10.0", "2", "false") LINE("1.9.0", "1", "false"), "1.10.0 \"" SUM("2")},
		{LINE("1.0.0", "1", "false") LINE("2.0.0-rc.1", "2", "false"), "1.0.0 \"" SUM("1")},
		{LINE("1.0.0-a", "1", "false") LINE("1.0.0-b", "2", "false"),
			"1.0.0-b \"" SUM("2")},
		{LINE("1.0.0", "1", "false") LINE("2.0.0", "2", "true"), "1.0.0 \"" SUM("1")},
		{"\n\n" LINE("1.0.0", "1", "false") "\n", "1.0.0 \"" SUM("1")},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		finds((struct trial){.document = rows[at][0]}, rows[at][1]);
	/* Nothing at all is the caller's to say. */
	finds((struct trial){.document = LINE("1.0.0", "1", "true")}, " ");
	finds((struct trial){.document = ""}, " ");
}

static void
a_known_checksum_counts_before_all_else(void **state)
{
	(void)state;
	finds((struct trial){LINE("1.0.0", "1", "true") LINE("2.0.0", "2", "false"), SUM("1")},
		"1.0.0 \"" SUM("1"));
	finds((struct trial){LINE("1.0.0", "1", "false") LINE("2.0.0", "2", "false"), SUM("9")},
		"2.0.0 \"" SUM("2"));
}

static void
what_is_no_json_ends_the_program(void **state)
{
	(void)state;
	static const char *const documents[] = {
		"<html>", "{\"vers\":\"1.0.0\"", LINE("1.0.0", "1", "false") "{", "{]}"};
	for (size_t at = 0; at < sizeof documents / sizeof *documents; at++) {
		struct trial trial = {.document = documents[at]};
		struct buf log = guest_runs(search_run, &trial, 1);
		assert_non_null(strstr(buf_text(&log), "the registry's index"));
		buf_release(&log);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_that_is_no_pre_release_and_not_yanked_is_taken),
		cmocka_unit_test(a_known_checksum_counts_before_all_else),
		cmocka_unit_test(what_is_no_json_ends_the_program),
	};
	return cmocka_run_group_tests_name("crates", tests, NULL, NULL);
}
