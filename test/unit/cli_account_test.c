/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/account.h"

#include "session_fixture.h"

#define FIRST "1111111111111111111111111111111111111111"

static void
a_run_is_found_until_it_ends(void **state)
{
	(void)state;
	struct account account;
	struct err failure = {0};
	const struct realizer_result found = {.end = REALIZER_END_FOUND};
	account_init(&account);
	assert_null(account_find(&account, 3));
	account_start(&account, 3, 7, PLAN_ASK);
	account_start(&account, 4, 8, PLAN_FETCH);
	assert_ptr_equal(account_find(&account, 3), &account.runs.data[0]);
	assert_int_equal(account_find(&account, 3)->row, 7);
	assert_int_equal(account_find(&account, 4)->work, PLAN_FETCH);
	assert_null(account_find(&account, 7));
	account_end(&account, 3, "here", &found, &failure);
	assert_null(account_find(&account, 3));
	assert_non_null(account_find(&account, 4));
	/* Asked first, then fetched: the run that is under way. */
	account_start(&account, 3, 9, PLAN_FETCH);
	assert_ptr_equal(account_find(&account, 3), &account.runs.data[2]);
	/* What belongs to no run changes none. */
	account_end(&account, 5, "there", &found, &failure);
	account_event(&account, 5, &(struct realizer_event){.kind = REALIZER_EVENT_START});
	assert_int_equal(account.programs, 0);
	assert_string_equal(account.runs.data[0].realizer, "here");
	assert_null(account.runs.data[1].realizer);
	assert_int_equal(account.runs.size, 3);
	account_release(&account);
}

static void
a_run_ends_as_its_result_says(void **state)
{
	(void)state;
	static const struct {
		enum realizer_end end;
		enum account_outcome outcome;
	} rows[] = {{REALIZER_END_RUN, ACCOUNT_RAN}, {REALIZER_END_FOUND, ACCOUNT_FOUND},
		{REALIZER_END_STOPPED, ACCOUNT_STOPPED}};
	struct account account;
	account_init(&account);
	for (size_t at = 0; at < 3; at++) {
		char known[] = "cache X";
		const struct realizer_result result = {.end = rows[at].end,
			.known_from = bytes_text(known),
			.requests = 2 + at,
			.received = 100 * (1 + at)};
		account_start(&account, at, at, PLAN_ASK);
		account_end(&account, at, "here", &result, NULL);
		known[0] = '?';
		const struct account_run *run = &account.runs.data[at];
		assert_int_equal(run->outcome, rows[at].outcome);
		assert_true(bytes_equal_text(run->known, "cache X"));
		assert_int_equal(run->sent, 2 + at);
		assert_int_equal(run->received, 100 * (1 + at));
		assert_true(run->end >= run->start);
		assert_int_equal(run->why.size, 0);
	}
	struct err failure = {0};
	(void)err_set(&failure, ERR_BUILD, "it broke");
	account_start(&account, 3, 3, PLAN_ASK);
	account_end(&account, 3, "here", NULL, &failure);
	failure.text[0] = '?';
	assert_int_equal(account.runs.data[3].outcome, ACCOUNT_FAILED);
	assert_true(bytes_equal_text(account.runs.data[3].why, "it broke"));
	assert_int_equal(account.requests, 9);
	assert_int_equal(account.received, 600);
	account_release(&account);
}

static void
event(struct account *account, size_t node, struct realizer_event event)
{
	account_event(account, node, &event);
}

static void
events_are_kept_with_their_run(void **state)
{
	(void)state;
	struct account account;
	char text[] = "https://h.example";
	char value[] = FIRST;
	account_init(&account);
	account_start(&account, 1, 0, PLAN_ASK);
	account_start(&account, 2, 0, PLAN_ASK);
	static const enum realizer_event_kind others[] = {REALIZER_EVENT_WAIT, REALIZER_EVENT_LOG,
		REALIZER_EVENT_PROGRESS, REALIZER_EVENT_FINISH};
	for (size_t at = 0; at < sizeof others / sizeof *others; at++)
		event(&account, 1,
			(struct realizer_event){
				.kind = others[at], .text = bytes_text(text), .received = 9});
	event(&account, 1, (struct realizer_event){.kind = REALIZER_EVENT_START});
	event(&account, 2, (struct realizer_event){.kind = REALIZER_EVENT_START});
	event(&account, 2,
		(struct realizer_event){.kind = REALIZER_EVENT_IDENTITY,
			.identity = {BYTES_LITERAL("git"), bytes_text(value)}});
	for (size_t at = 0; at < 3; at++) {
		text[0] = at == 1 ? 'H' : 'h';
		event(&account, 2,
			(struct realizer_event){
				.kind = REALIZER_EVENT_REACHED, .text = bytes_text(text)});
	}
	text[0] = value[0] = '?';
	assert_int_equal(account.programs, 2);
	const struct account_run *first = &account.runs.data[0];
	const struct account_run *second = &account.runs.data[1];
	assert_int_equal(first->identities.size + first->requests.size + first->origins.size, 0);
	assert_int_equal(second->identities.size, 1);
	assert_true(bytes_equal_text(second->identities.data[0].text, "git " FIRST));
	/* Each origin once. */
	assert_int_equal(second->origins.size, 2);
	assert_true(bytes_equal_text(second->origins.data[0], "https://h.example"));
	assert_true(bytes_equal_text(second->origins.data[1], "Https://h.example"));
	/* What moved is what the result says, not the sum of what was told. */
	assert_int_equal(account.received, 0);
	account_release(&account);
}

static void
requests_end_when_they_are_told_up_to_a_ceiling(void **state)
{
	(void)state;
	struct account account;
	char text[] = "GET https://h.example/x";
	account_init(&account);
	/* As though it had begun a minute ago. */
	account.since -= 60000;
	account_start(&account, 1, 0, PLAN_FETCH);
	const struct realizer_event told = {.kind = REALIZER_EVENT_REQUEST,
		.text = bytes_text(text),
		.status = 404,
		.received = 5,
		.milliseconds = 1000};
	account_event(&account, 1, &told);
	text[0] = '?';
	const struct account_run *run = &account.runs.data[0];
	const struct account_request *request = &run->requests.data[0];
	assert_true(request->end >= 60000);
	assert_int_equal(request->end - request->start, 1000);
	assert_true(bytes_equal_text(request->what, "GET https://h.example/x"));
	assert_int_equal(request->status, 404);
	assert_int_equal(request->received, 5);
	/* One that claims to have begun before everything began then. */
	struct realizer_event older = told;
	older.milliseconds = UINT64_MAX;
	account_event(&account, 1, &older);
	assert_int_equal(run->requests.data[1].start, 0);
	for (size_t at = 0; at < ACCOUNT_REQUESTS; at++)
		account_event(&account, 1, &told);
	assert_int_equal(run->requests.size, ACCOUNT_REQUESTS);
	account_release(&account);
}

static void
end_with(struct account *account, size_t node, enum realizer_end end)
{
	const struct realizer_result result = {.end = end};
	account_start(account, node, 0, PLAN_FETCH);
	account_end(account, node, "here", &result, NULL);
}

/* What was found, and what is no source, is nothing to keep. */
static void
a_run_with_nothing_to_ask_has_no_source(void **state)
{
	struct desk *desk = *state;
	struct account account;
	session_goals goals = {0};
	desk_write(desk, "default.cab",
		"derivation { name = \"d\", arguments = [\"\\(<github:o/r>)\"], program = "
		"\"/bin/sh\", requiredRealizerFeatures = [\"host-root:debian-12\"], }");
	struct session *session = desk_open(desk, NULL);
	good(session_find_goals(session, desk_evaluate(session), &goals, &err));
	size_t source = session_source_at(session, 0).node;
	account_init(&account);
	assert_int_equal(graph_size(session_graph(session)), 2);
	assert_false(account_has_source(&account, session));
	end_with(&account, source, REALIZER_END_FOUND);
	end_with(&account, goals.data[0].node, REALIZER_END_RUN);
	assert_false(account_has_source(&account, session));
	end_with(&account, source, REALIZER_END_STOPPED);
	assert_true(account_has_source(&account, session));
	account_release(&account);
	session_goals_release(&goals);
	session_close(session);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_found_until_it_ends),
		cmocka_unit_test(a_run_ends_as_its_result_says),
		cmocka_unit_test(events_are_kept_with_their_run),
		cmocka_unit_test(requests_end_when_they_are_told_up_to_a_ceiling),
		at_desk(a_run_with_nothing_to_ask_has_no_source),
	};
	return cmocka_run_group_tests_name("cli_account", tests, NULL, NULL);
}
