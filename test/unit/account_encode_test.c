/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/account.h"

#include "session_fixture.h"

#define FIRST "1111111111111111111111111111111111111111"
#define SELF                                                                                       \
	"derivation { name = \"report\", fixed = \"self\", program = \"/bin/sh\", "                \
	"requiredRealizerFeatures = [\"host-root:debian-12\"], }"

/* A session that has resolved its entry, and an account that begins. */
struct desk_account {
	struct session *session;
	struct account account;
};

static void
begin(struct desk *desk, struct desk_account *with, const struct session_options *options)
{
	session_goals goals = {0};
	with->session = desk_open(desk, options);
	struct value *value = desk_evaluate(with->session);
	good(session_find_goals(with->session, value, &goals, &err));
	good(session_resolve(with->session, &goals, true, &err));
	session_goals_release(&goals);
	account_init(&with->account);
}

static void
end(struct desk_account *with)
{
	session_close(with->session);
	account_release(&with->account);
}

/* The account's JSON, read. */
static json_t *
encode(struct desk_account *with)
{
	struct err failure = {0};
	cleanup_buf struct buf text = BUF(BUF_MAX);
	account_encode(&with->account, with->session, "build", &text);
	assert_int_equal(text.data[text.size - 1], '\n');
	json_t *read = account_decode(buf_bytes(&text), &failure);
	if (!read)
		fail_msg("%s: %s", failure.text, buf_text(&text));
	return read;
}

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static const json_t *
source_in(const json_t *account, const char *name)
{
	const json_t *sources = json_object_get(account, "sources");
	for (size_t at = 0; at < json_array_size(sources); at++)
		if (strcmp(text_of(json_array_get(sources, at), "source"), name) == 0)
			return json_array_get(sources, at);
	fail_msg("%s is no source", name);
	return NULL;
}

static void
expect_why(struct desk_account *with, const char *name, const char *why)
{
	json_t *account = encode(with);
	assert_string_equal(text_of(source_in(account, name), "why"), why);
	json_decref(account);
}

static void
event(struct account *account, size_t node, struct realizer_event event)
{
	account_event(account, node, &event);
}

/* One run of a source from its start to its end. */
struct told {
	enum plan_work work;
	enum account_outcome outcome;
	const char *known; /* or why it failed */
};

static void
tell(struct desk_account *with, size_t node, const struct told *told)
{
	static const enum realizer_end ends[] = {[ACCOUNT_RAN] = REALIZER_END_RUN,
		[ACCOUNT_FOUND] = REALIZER_END_FOUND,
		[ACCOUNT_STOPPED] = REALIZER_END_STOPPED};
	struct err failure = {0};
	account_start(&with->account, node, 0, told->work);
	if (told->outcome == ACCOUNT_RUNNING)
		return;
	if (told->outcome == ACCOUNT_FAILED) {
		(void)err_set(&failure, ERR_BUILD, "%s", told->known);
		account_end(&with->account, node, "this machine", NULL, &failure);
		return;
	}
	const struct realizer_result result = {
		.end = ends[told->outcome], .known_from = bytes_text(told->known)};
	account_end(&with->account, node, "this machine", &result, NULL);
}

static void
a_source_says_why_it_was_asked_or_run(void **state)
{
	struct desk *desk = *state;
	static const struct {
		struct told told;
		const char *why;
	} rows[] = {
		{{PLAN_ASK, ACCOUNT_RAN, ""}, "the lock had no entry for it: asked, and as nobody "
					      "knew the answer, fetched whole"},
		{{PLAN_ASK, ACCOUNT_STOPPED, "store"},
			"the lock had no entry for it: asked, and stopped where the table knew the "
			"answer"},
		{{PLAN_ASK, ACCOUNT_STOPPED, "caller"},
			"the lock had no entry for it: asked, and stopped where the lock knew the "
			"answer"},
		{{PLAN_ASK, ACCOUNT_STOPPED, "cache /c"},
			"the lock had no entry for it: asked, and stopped where the cache /c knew "
			"the answer"},
		{{PLAN_ASK, ACCOUNT_STOPPED, ""},
			"the lock had no entry for it: asked for its first identity alone"},
		{{PLAN_ASK, ACCOUNT_FAILED, "a\x1b[2J\"\n"},
			"the lock had no entry for it: it failed: a\x1b[2J\"\n"},
		{{PLAN_ASK, ACCOUNT_RUNNING, ""},
			"the lock had no entry for it: it was interrupted"},
		{{PLAN_FETCH, ACCOUNT_RAN, ""}, "what uses it had to run, and no store held it: "
						"fetched by its pin"},
		{{PLAN_FETCH, ACCOUNT_FOUND, ""},
			"what uses it had to run, and a store or cache held it"},
		{{PLAN_FETCH, ACCOUNT_FAILED, "404"},
			"what uses it had to run, and no store held it: it failed: 404"},
	};
	desk_write(desk, "default.cab", "<github:o/r>");
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct desk_account with;
		(void)unlinkat(desk->place.fd, "default.cab.lock", 0);
		begin(desk, &with, NULL);
		tell(&with, session_source_at(with.session, 0).node, &rows[at].told);
		expect_why(&with, "github:o/r", rows[at].why);
		end(&with);
	}
}

static void
what_the_lock_said_before_is_part_of_why(void **state)
{
	struct desk *desk = *state;
	struct desk_account with;
	const struct told asked = {PLAN_ASK, ACCOUNT_STOPPED, "store"};
	const struct told fetched = {PLAN_FETCH, ACCOUNT_RAN, ""};
	const char *overrides[] = {"github:o/r=github:a/b"};
	desk_write(desk, "default.cab", "<github:o/r>");
	begin(desk, &with, NULL);
	end(&with);
	begin(desk, &with, &(struct session_options){.update = true});
	tell(&with, session_source_at(with.session, 0).node, &asked);
	tell(&with, session_source_at(with.session, 0).node, &fetched);
	expect_why(&with, "github:o/r",
		"an update was wanted: asked, and stopped where the table knew the answer; then "
		"what uses it had to run, and no store held it: fetched by its pin");
	end(&with);
	begin(desk, &with, &(struct session_options){.overrides = overrides, .override_count = 1});
	tell(&with, session_source_at(with.session, 0).node, &asked);
	expect_why(&with, "github:o/r",
		"--override takes github:a/b for it, which no lock pins: asked, and stopped where "
		"the table knew the answer");
	end(&with);
	begin(desk, &with, &(struct session_options){.expression = "<github:o/r>"});
	tell(&with, session_source_at(with.session, 0).node, &asked);
	expect_why(&with, "github:o/r",
		"a run without an entry file has no lock: asked, and stopped where the table knew "
		"the answer");
	end(&with);
}

static void
a_source_that_nothing_was_done_for_says_so(void **state)
{
	struct desk *desk = *state;
	struct desk_account with;
	char entry[1024];
	char tree[300];
	put(desk->place.fd, "tree/file", "text", 0644);
	(void)snprintf(tree, sizeof tree, "%s/tree", desk->place.path);
	(void)snprintf(entry, sizeof entry,
		"derivation { name = \"d\", program = \"/bin/sh\", "
		"arguments = if typeOf <github:o/unused> == \"path\" then "
		"[\"\\(<github:o/r>) \\(<fs::%s>)\"] else [], "
		"requiredRealizerFeatures = [\"host-root:debian-12\"], }",
		tree);
	desk_write(desk, "default.cab", entry);
	begin(desk, &with, NULL);
	end(&with);
	/* The lock pins it by now. */
	begin(desk, &with, NULL);
	assert_int_equal(session_source_count(with.session), 3);
	expect_why(&with, "github:o/r", "what uses it is there already: its pin was enough");
	expect_why(&with, "github:o/unused", "nothing that was wanted uses it");
	expect_why(&with, tree, "it lies on this machine");
	end(&with);
}

/* Where identities are from, and whether more than the lock's word is for them: "git run proved\n". */
static const char *
origins_of(const json_t *source)
{
	static char text[1024];
	const json_t *list = json_object_get(source, "identities");
	text[0] = '\0';
	for (size_t at = 0; at < json_array_size(list); at++) {
		const json_t *identity = json_array_get(list, at);
		char format[16] = "";
		(void)snprintf(format, sizeof format, "%.*s",
			(int)strcspn(text_of(identity, "identity"), " "),
			text_of(identity, "identity"));
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s %s\n",
			format, text_of(identity, "from"),
			json_is_true(json_object_get(identity, "proved")) ? "proved" : "unproved");
	}
	return text;
}

static void
identities_are_from_a_run_or_a_table_or_the_lock_or_the_text(void **state)
{
	struct desk *desk = *state;
	static const struct {
		struct told told;
		bool reported; /* `git`, by the run */
		const char *origins;
	} rows[] = {
		{{PLAN_ASK, ACCOUNT_RAN, ""}, true, "git run proved\ncab run proved\n"},
		{{PLAN_ASK, ACCOUNT_STOPPED, "store"}, true,
			"git run unproved\ncab table unproved\n"},
		{{PLAN_ASK, ACCOUNT_STOPPED, "caller"}, true,
			"git run unproved\ncab lock unproved\n"},
		{{PLAN_ASK, ACCOUNT_STOPPED, "cache /c"}, false,
			"git lock unproved\ncab cache /c unproved\n"},
		{{PLAN_ASK, ACCOUNT_STOPPED, ""}, true, "git run unproved\ncab lock unproved\n"},
		{{PLAN_FETCH, ACCOUNT_FAILED, "404"}, false,
			"git lock unproved\ncab lock unproved\n"},
	};
	desk_write(desk, "default.cab", "<github:o/r>");
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct desk_account with;
		begin(desk, &with, NULL);
		size_t node = session_source_at(with.session, 0).node;
		account_start(&with.account, node, 0, PLAN_ASK);
		if (rows[at].reported)
			event(&with.account, node,
				(struct realizer_event){.kind = REALIZER_EVENT_IDENTITY,
					.identity = {BYTES_LITERAL("git"), BYTES_LITERAL(FIRST)}});
		with.account.runs.data[0].outcome = ACCOUNT_FAILED;
		tell(&with, node, &rows[at].told);
		json_t *account = encode(&with);
		assert_string_equal(origins_of(source_in(account, "github:o/r")), rows[at].origins);
		json_decref(account);
		end(&with);
	}
}

static void
a_checksum_in_the_text_is_a_proof(void **state)
{
	struct desk *desk = *state;
	struct desk_account with;
	desk_write(desk, "default.cab",
		"<crates:hexyl@0.17.0:{ checksum = "
		"\"sha256-000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\", }>");
	begin(desk, &with, NULL);
	json_t *account = encode(&with);
	const json_t *source = json_array_get(json_object_get(account, "sources"), 0);
	assert_string_equal(origins_of(source), "sha256.tar1 text proved\n");
	json_decref(account);
	end(&with);
}

static void
a_derivation_that_fixes_itself_is_a_source_as_well(void **state)
{
	struct desk *desk = *state;
	struct desk_account with;
	static const struct {
		struct told told;
		const char *why;
	} rows[] = {
		{{PLAN_ASK, ACCOUNT_RAN, ""},
			"it had no entry in the lock, or is another derivation now, or an update "
			"was wanted: asked, and as nobody knew the answer, fetched whole"},
		{{PLAN_BUILD, ACCOUNT_RAN, ""},
			"what the lock says of it was wanted, and no store held that: run again"},
		{{PLAN_BUILD, ACCOUNT_FAILED, "no"},
			"what the lock says of it was wanted, and no store held that: it failed: "
			"no"},
	};
	desk_write(desk, "default.cab", SELF);
	for (size_t at = 0; at < 3; at++) {
		begin(desk, &with, NULL);
		assert_int_equal(graph_size(session_graph(with.session)), 1);
		assert_false(account_has_source(&with.account, with.session));
		tell(&with, 0, &rows[at].told);
		assert_true(account_has_source(&with.account, with.session));
		expect_why(&with, "derivation:report", rows[at].why);
		end(&with);
	}
	begin(desk, &with, &(struct session_options){.expression = SELF});
	tell(&with, 0, &rows[0].told);
	expect_why(&with, "derivation:report",
		"a run without an entry file has no lock: asked, and as nobody knew the answer, "
		"fetched whole");
	end(&with);
}

/* Two runs that asked and moved, with times that are no clock's. */
static void
tell_moves(struct desk_account *with)
{
	struct account *account = &with->account;
	size_t node = session_source_at(with->session, 0).node;
	const struct realizer_result result = {
		.end = REALIZER_END_RUN, .requests = 2, .received = 900};
	account->time = 86400;
	for (size_t at = 0; at < 2; at++) {
		account_start(account, node, 0, at ? PLAN_FETCH : PLAN_ASK);
		event(account, node, (struct realizer_event){.kind = REALIZER_EVENT_START});
		event(account, node,
			(struct realizer_event){.kind = REALIZER_EVENT_IDENTITY,
				.identity = {BYTES_LITERAL("git"), BYTES_LITERAL(FIRST)}});
		event(account, node,
			(struct realizer_event){.kind = REALIZER_EVENT_REACHED,
				.text = BYTES_LITERAL("https://a.example")});
		event(account, node,
			(struct realizer_event){.kind = REALIZER_EVENT_REQUEST,
				.text = BYTES_LITERAL("GET https://a.example/\"<x>"),
				.status = 200,
				.received = 450});
		account_end(account, node, "this machine", &result, NULL);
		account->runs.data[at].start = 10 + 100 * at;
		account->runs.data[at].end = 20 + 100 * at;
	}
	event(account, node, (struct realizer_event){.kind = REALIZER_EVENT_START});
}

static void
what_was_moved_is_a_sum_and_each_run_has_its_own(void **state)
{
	struct desk *desk = *state;
	struct desk_account with;
	desk_write(desk, "default.cab", "<github:o/r>");
	begin(desk, &with, NULL);
	tell_moves(&with);
	json_t *account = encode(&with);
	char entry[400];
	(void)snprintf(entry, sizeof entry, "%s/default.cab", desk->place.path);
	assert_string_equal(text_of(account, "command"), "build");
	assert_string_equal(text_of(account, "entry"), entry);
	assert_string_equal(text_of(account, "time"), "1970-01-02T00:00:00Z");
	assert_int_equal(json_integer_value(json_object_get(account, "requests")), 4);
	assert_int_equal(json_integer_value(json_object_get(account, "received")), 1800);
	assert_int_equal(json_integer_value(json_object_get(account, "programs")), 2);
	const json_t *source = source_in(account, "github:o/r");
	assert_string_equal(text_of(source, "by"), "this machine");
	assert_int_equal(json_integer_value(json_object_get(source, "requests")), 4);
	assert_int_equal(json_integer_value(json_object_get(source, "received")), 1800);
	const json_t *origins = json_object_get(source, "origins");
	assert_int_equal(json_array_size(origins), 1);
	const json_t *runs = json_object_get(source, "runs");
	assert_int_equal(json_array_size(runs), 2);
	const json_t *second = json_array_get(runs, 1);
	assert_string_equal(text_of(json_array_get(runs, 0), "work"), "ask");
	assert_string_equal(text_of(second, "work"), "fetch");
	assert_string_equal(text_of(second, "outcome"), "ran");
	assert_int_equal(json_integer_value(json_object_get(second, "start")), 110);
	assert_int_equal(json_integer_value(json_object_get(second, "end")), 120);
	const json_t *request = json_array_get(json_object_get(second, "requests"), 0);
	assert_string_equal(text_of(request, "request"), "GET https://a.example/\"<x>");
	assert_int_equal(json_integer_value(json_object_get(request, "received")), 450);
	json_decref(account);
	end(&with);
}

static void
the_table_and_the_picture_are_made_of_that(void **state)
{
	struct desk *desk = *state;
	struct desk_account with;
	struct arena arena = ARENA;
	desk_write(desk, "default.cab", "<github:o/r>");
	begin(desk, &with, NULL);
	tell_moves(&with);
	json_t *account = encode(&with);
	cleanup_buf struct buf table = BUF(BUF_MAX);
	cleanup_buf struct buf picture = BUF(BUF_MAX);
	account_print_table(account, &table);
	account_draw(account, &picture);
	struct plan_found found = session_source_at(with.session, 0).found;
	struct bytes cab = identity_find(found.identities, found.identity_count, "cab")->value;
	const char *expected = arena_format(&arena,
		"source github:o/r\n"
		"  why          the lock had no entry for it: asked, and as nobody knew the "
		"answer, "
		"fetched whole; then what uses it had to run, and no store held it: fetched by its "
		"pin\n"
		"  git          " FIRST "  (run)\n"
		"  cab          %.*s  (run)\n"
		"  moved        4 requests, 1800 bytes, 20 ms, from https://a.example, by this "
		"machine\n"
		"4 requests, 1800 bytes received, 2 programs run\n",
		BYTES_ARGS(cab));
	const char *said = strstr(buf_text(&table), "source ");
	assert_string_equal(said ? said : buf_text(&table), expected);
	assert_non_null(strstr(buf_text(&picture), "github:o/r"));
	assert_non_null(strstr(buf_text(&picture), "GET https://a.example/&quot;&lt;x&gt;"));
	assert_null(strstr(buf_text(&picture), "<x>"));
	json_decref(account);
	arena_release(&arena);
	end(&with);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		at_desk(a_source_says_why_it_was_asked_or_run),
		at_desk(what_the_lock_said_before_is_part_of_why),
		at_desk(a_source_that_nothing_was_done_for_says_so),
		at_desk(identities_are_from_a_run_or_a_table_or_the_lock_or_the_text),
		at_desk(a_checksum_in_the_text_is_a_proof),
		at_desk(a_derivation_that_fixes_itself_is_a_source_as_well),
		at_desk(what_was_moved_is_a_sum_and_each_run_has_its_own),
		at_desk(the_table_and_the_picture_are_made_of_that),
	};
	return cmocka_run_group_tests_name("account_encode", tests, NULL, NULL);
}
