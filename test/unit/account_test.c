/* SPDX-License-Identifier: MPL-2.0 */
#include "store/account.h"

#include "store_fixture.h"

static void
nothing_is_made_before_one_is_kept(void **state)
{
	struct place *place = *state;
	cleanup_buf struct buf text = BUF(ACCOUNT_SIZE);
	bad(account_newest(place->store, &text, &err), ERR_NOT_FOUND);
	assert_int_equal(text.size, 0);
	char path[400];
	(void)snprintf(path, sizeof path, "%s/accounts", place->root);
	assert_int_equal(access(path, F_OK), -1);
}

static void
the_newest_is_given_and_older_ones_go(void **state)
{
	struct place *place = *state;
	for (int at = 0; at < ACCOUNT_FILES + 3; at++) {
		char text[32];
		(void)snprintf(text, sizeof text, "{\"run\":%d}\n", at);
		good(account_keep(place->store, bytes_text(text), &err));
		/* Names are by the millisecond, and one process keeps one a run. */
		(void)usleep(2000);
	}
	assert_int_equal(count_names(place, "cull/accounts"), ACCOUNT_FILES);
	cleanup_buf struct buf text = BUF(ACCOUNT_SIZE);
	good(account_newest(place->store, &text, &err));
	char last[32];
	(void)snprintf(last, sizeof last, "{\"run\":%d}\n", ACCOUNT_FILES + 2);
	assert_string_equal(buf_text(&text), last);
}

static void
other_files_are_neither_read_nor_taken_away(void **state)
{
	struct place *place = *state;
	good(account_keep(place->store, BYTES_LITERAL("{}"), &err));
	static const char *const others[] = {"zzz", "ffffffffffffffff-0000000.json",
		"ffffffffffffffff_00000001.json", "ffffffffffffffff-00000001.jsom"};
	for (size_t at = 0; at < sizeof others / sizeof *others; at++) {
		char path[400];
		(void)snprintf(path, sizeof path, "%s/accounts/%s", place->root, others[at]);
		FILE *file = fopen(path, "we");
		assert_non_null(file);
		(void)fputs("no account", file);
		assert_int_equal(fclose(file), 0);
	}
	for (int at = 0; at < ACCOUNT_FILES + 1; at++) {
		good(account_keep(place->store, BYTES_LITERAL("{\"version\":1}"), &err));
		(void)usleep(2000);
	}
	assert_int_equal(count_names(place, "cull/accounts"), ACCOUNT_FILES + 4);
	cleanup_buf struct buf text = BUF(ACCOUNT_SIZE);
	good(account_newest(place->store, &text, &err));
	assert_string_equal(buf_text(&text), "{\"version\":1}");
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(nothing_is_made_before_one_is_kept),
		in_place(the_newest_is_given_and_older_ones_go),
		in_place(other_files_are_neither_read_nor_taken_away),
	};
	return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
