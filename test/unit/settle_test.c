/* SPDX-License-Identifier: MPL-2.0 */
#include "session_fixture.h"

#define LOCK   "default.cab.lock"
#define SECOND "2222222222222222222222222222222222222222"

/* Evaluates default.cab and resolves all of it, as a build does. */
static bool
settle(struct desk *desk, const struct session_options *options, struct err *err)
{
	struct session *session = desk_try(desk, options, err);
	struct value *value = NULL;
	session_goals goals = {0};
	bool done = session && session_evaluate(session, &value, err) &&
		    session_find_goals(session, value, &goals, err) &&
		    session_resolve(session, &goals, false, err);
	session_goals_release(&goals);
	if (session)
		session_save(session);
	session_close(session);
	return done;
}

static size_t
lines(const struct buf *text)
{
	size_t count = 0;
	for (size_t at = 0; at < text->size; at++)
		count += text->data[at] == '\n';
	return count;
}

static void
a_new_island_is_asked_once_and_locked(void **state)
{
	struct desk *desk = *state;
	desk_write(desk, "default.cab",
		"derivation { name = \"d\", program = \"/bin/sh\", arguments = "
		"[\"\\(<github:o/r>)\"], "
		"requiredRealizerFeatures = [\"host-root:debian-12\"], }");
	good(settle(desk, NULL, &err));
	assert_string_equal(buf_text(&desk->asked), "r 0 0\n");
	assert_non_null(strstr(desk_read(desk, LOCK), "\"github:o/r\""));
	assert_non_null(strstr(desk_read(desk, LOCK), desk->revision));
	/* The lock is registered: gc keeps what it names. */
	assert_int_equal(count_names(&desk->place, "cull/roots"), 1);
	desk->revision = SECOND;
	good(settle(desk, NULL, &err));
	assert_int_equal(desk->asked.size, 0);
	assert_null(strstr(desk_read(desk, LOCK), SECOND));
	/* And again where it is wanted. */
	good(settle(desk, &(struct session_options){.update = true}, &err));
	assert_int_equal(lines(&desk->asked), 1);
	assert_non_null(strstr(desk_read(desk, LOCK), SECOND));
}

static void
nothing_is_written_where_it_was_said_not_to(void **state)
{
	struct desk *desk = *state;
	static const struct session_options rows[] = {
		{.no_write_lock = true}, {.probe = true}, {.expression = "<github:o/r>"}};
	desk_write(desk, "default.cab", "<github:o/r>");
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		good(settle(desk, &rows[at], &err));
		assert_int_equal(lines(&desk->asked), 1);
		assert_string_equal(desk_read(desk, LOCK), "");
	}
}

static void
a_locked_run_refuses_what_the_lock_lacks(void **state)
{
	struct desk *desk = *state;
	struct err failure = {0};
	const struct session_options locked = {.locked = true};
	desk_write(desk, "default.cab", "<github:o/r>");
	assert_false(settle(desk, &locked, &failure));
	assert_non_null(strstr(failure.text, "github:o/r"));
	assert_int_equal(desk->asked.size, 0);
	assert_string_equal(desk_read(desk, LOCK), "");
	good(settle(desk, NULL, &err));
	good(settle(desk, &locked, &err));
	/* An entry that nobody uses does no harm; a new island does. */
	desk_write(desk, "default.cab", "<github:o/other>");
	assert_false(settle(desk, &locked, &failure));
}

static void
what_is_not_used_any_more_stays_until_it_is_pruned(void **state)
{
	struct desk *desk = *state;
	desk_write(desk, "default.cab", "<github:o/r>");
	good(settle(desk, NULL, &err));
	desk_write(desk, "default.cab", "<github:o/other>");
	good(settle(desk, NULL, &err));
	assert_non_null(strstr(desk_read(desk, LOCK), "\"github:o/r\""));
	good(settle(desk, &(struct session_options){.prune = true}, &err));
	assert_null(strstr(desk_read(desk, LOCK), "\"github:o/r\""));
	assert_non_null(strstr(desk_read(desk, LOCK), "\"github:o/other\""));
}

/* Between reading the lock and holding it another cab may have written: what it says of an island that
 * was used counts, and evaluation begins anew. */
static void
a_lock_that_another_cab_changed_meanwhile_is_stale(void **state)
{
	struct desk *desk = *state;
	desk_write(desk, "default.cab", "<github:o/r>");
	for (int used = 1; used >= 0; used--) {
		struct value *value = NULL;
		session_goals goals = {0};
		struct err failure = {0};
		char lock[2048];
		(void)unlinkat(desk->place.fd, LOCK, 0);
		good(settle(desk, NULL, &err));
		(void)snprintf(lock, sizeof lock, "%s", desk_read(desk, LOCK));
		assert_int_equal(unlinkat(desk->place.fd, LOCK, 0), 0);
		struct session *session = desk_open(desk, NULL);
		value = desk_evaluate(session);
		good(session_find_goals(session, value, &goals, &err));
		if (used)
			desk_write(desk, LOCK, lock);
		else
			desk_write(desk, LOCK, "{\n\"~\": 1\n}\n");
		bool done = session_resolve(session, &goals, false, &failure);
		assert_int_equal(done, !used);
		if (used) {
			assert_int_equal(failure.kind, ERR_LIMIT);
			assert_int_equal(failure.number, SESSION_STALE);
			assert_int_equal(desk->asked.size, 0);
		}
		session_goals_release(&goals);
		session_close(session);
	}
}

static void
an_island_that_its_text_pins_gets_no_entry(void **state)
{
	struct desk *desk = *state;
	desk_write(desk, "default.cab",
		"<crates:hexyl@0.17.0:{ checksum = "
		"\"sha256-000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\", }>");
	good(settle(desk, NULL, &err));
	assert_string_equal(desk_read(desk, LOCK), "");
	assert_int_equal(desk->asked.size, 0);
}

static void
a_folder_that_may_not_be_written_is_told_and_no_failure(void **state)
{
	struct desk *desk = *state;
	desk_write(desk, "default.cab", "<github:o/r>");
	/* A folder in the lock's place is as bad as one that may not be written, for root too. */
	struct session *session = desk_open(desk, NULL);
	struct value *value = desk_evaluate(session);
	session_goals goals = {0};
	good(session_find_goals(session, value, &goals, &err));
	good(session_hold(session, &err));
	put_folder(desk->place.fd, LOCK "/full");
	good(session_resolve(session, &goals, false, &err));
	assert_true(session_lock_failed(session));
	assert_non_null(strstr(buf_text(&desk->said), "the lock could not be written"));
	session_goals_release(&goals);
	session_close(session);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		at_desk(a_new_island_is_asked_once_and_locked),
		at_desk(nothing_is_written_where_it_was_said_not_to),
		at_desk(a_locked_run_refuses_what_the_lock_lacks),
		at_desk(what_is_not_used_any_more_stays_until_it_is_pruned),
		at_desk(a_lock_that_another_cab_changed_meanwhile_is_stale),
		at_desk(an_island_that_its_text_pins_gets_no_entry),
		at_desk(a_folder_that_may_not_be_written_is_told_and_no_failure),
	};
	return cmocka_run_group_tests_name("settle", tests, NULL, NULL);
}
