/* SPDX-License-Identifier: MPL-2.0 */
/*
 * session_fixture: a session over an entry file in a folder of a test's own, with a store beside it. No program
 * runs: its realizer's `realize` is one that makes a small tree, or a file, for each request, named by the derivation, and
 * reports "git" and its Cab hash.
 *
 *     struct desk *desk = *state;                  desk_setup, desk_teardown
 *     desk_write(desk, "default.cab", "<github:o/r>");
 *     struct session *session = desk_open(desk, &options);       session_close is the caller's
 *     desk->asked, desk->said                      "NAME want pins\n"; the lines said
 */
#pragma once

#include "store_fixture.h"

#include "session/state.h"

struct desk {
	struct place place;
	struct realizer_operations operations; /* with a `realize` of ours */
	const char *revision; /* what a run reports as "git", and the file's content */
	bool makes_files;     /* and no folders of one file */
	struct buf asked, said, printed;
};

struct realizer_job {
	struct desk *desk;
	struct session *session;
	struct realizer_request request;
	struct realizer_listener listener;
};

/* The one that is in use: `realize` is given no context of ours. */
static struct desk *desk_now;
static struct session *desk_session;

static inline void
desk_say(void *context, struct bytes line)
{
	struct desk *desk = context;
	buf_add(&desk->said, line);
	buf_add_byte(&desk->said, '\n');
}

static inline void
desk_start(UNUSED void *context, UNUSED size_t node, UNUSED enum plan_work work,
	UNUSED struct bytes name)
{
}

static inline void
desk_event(UNUSED void *context, UNUSED size_t node, UNUSED const struct realizer_event *event)
{
}

static inline void
desk_end(UNUSED void *context, UNUSED size_t node, UNUSED const struct realizer_result *result,
	UNUSED const struct err *err)
{
}

static inline void
desk_done(void *context)
{
	struct realizer_job *job = context;
	const struct derivation *derivation = job->request.derivation;
	struct store *store = session_store(job->session);
	char name[64];
	(void)snprintf(name, sizeof name, "%.*s", BYTES_ARGS(derivation->name));
	struct staging staging = stage(store);
	put(staging.folder, job->desk->makes_files ? "out" : "out/file", job->desk->revision, 0644);
	struct object object = add(store, &staging, name);
	struct cab_hash_text text = cab_hash_print(&object.hash);
	struct store_path path = store_path_print(&object.path, object.name);
	const struct identity identities[] = {
		{BYTES_LITERAL("git"), bytes_text(job->desk->revision)},
		{BYTES_LITERAL("cab"), bytes_text(text.text)},
	};
	const struct realizer_output output = {
		BYTES_LITERAL("out"), bytes_text(path.text), object.hash};
	const struct realizer_result result = {
		.end = REALIZER_END_RUN,
		.outputs = &output,
		.output_count = 1,
		.identities = identities,
		.identity_count = 2,
	};
	struct realizer_listener listener = job->listener;
	free(job);
	listener.done(listener.context, &result, NULL);
	object_release(&object);
}

static inline struct realizer_job *
desk_realize(UNUSED struct realizer *realizer, const struct realizer_request *request,
	const struct realizer_listener *listener)
{
	struct realizer_job *job = memory_zero(1, sizeof *job);
	*job = (struct realizer_job){desk_now, desk_session, *request, *listener};
	buf_format(&desk_now->asked, "%.*s %d %zu\n", BYTES_ARGS(request->derivation->name),
		(int)request->want, request->pin_count);
	(void)loop_after(session_loop(desk_session), 0, desk_done, job);
	return job;
}

static inline int
desk_setup(void **state)
{
	void *place = NULL;
	assert_int_equal(place_setup(&place), 0);
	struct desk *desk = memory_zero(1, sizeof *desk);
	desk->place = *(struct place *)place;
	free(place);
	desk->asked = desk->said = desk->printed = BUF(1 << 20);
	desk->revision = "1111111111111111111111111111111111111111";
	(void)setenv("CAB_ROOT", desk->place.root, 1);
	(void)setenv("HOME", desk->place.path, 1);
	(void)unsetenv("CAB_CONFIG");
	(void)unsetenv("XDG_CONFIG_HOME");
	*state = desk;
	desk_now = desk;
	return 0;
}

static inline int
desk_teardown(void **state)
{
	struct desk *desk = *state;
	void *place = memory_zero(1, sizeof desk->place);
	memcpy(place, &desk->place, sizeof desk->place);
	buf_release(&desk->asked);
	buf_release(&desk->said);
	buf_release(&desk->printed);
	free(desk);
	return place_teardown(&place);
}

static inline void
desk_write(struct desk *desk, const char *name, const char *text)
{
	put(desk->place.fd, name, text, 0644);
}

/* The entry is default.cab of the place's folder, unless the options say another. NULL: *err says why. */
static inline struct session *
desk_try(struct desk *desk, const struct session_options *options, struct err *err)
{
	static char entry[400];
	struct session_options all = options ? *options : (struct session_options){0};
	(void)snprintf(entry, sizeof entry, "%s/default.cab", desk->place.path);
	if (!all.entry && !all.expression && !all.island)
		all.entry = entry;
	all.listener = (struct session_listener){desk, desk_start, desk_event, desk_end, desk_say};
	buf_clear(&desk->asked);
	buf_clear(&desk->said);
	struct session *session = session_open(&all, &desk->printed, err);
	if (session) {
		desk_session = session;
		desk->operations = *session->realizer->operations;
		desk->operations.realize = desk_realize;
		session->realizer->operations = &desk->operations;
	}
	return session;
}

static inline struct session *
desk_open(struct desk *desk, const struct session_options *options)
{
	struct session *session = NULL;
	good((session = desk_try(desk, options, &err)));
	return session;
}

static inline struct value *
desk_evaluate(struct session *session)
{
	struct value *value = NULL;
	good(session_evaluate(session, &value, &err));
	return value;
}

/* The file beneath the place's folder; "" where there is none. */
static inline const char *
desk_read(struct desk *desk, const char *name)
{
	static char text[8192];
	struct err err;
	cleanup_buf struct buf out = BUF(sizeof text - 1);
	text[0] = '\0';
	if (fd_read_file(desk->place.fd, name, &out, &err))
		(void)snprintf(text, sizeof text, "%s", out.size ? buf_text(&out) : "");
	return text;
}

static inline struct session_source
desk_source(const struct session *session, const char *text)
{
	for (size_t at = 0; at < session_source_count(session); at++) {
		struct session_source source = session_source_at(session, at);
		if (bytes_equal_text(source.text, text))
			return source;
	}
	fail_msg("%s was not met", text);
	return (struct session_source){0};
}

#define at_desk(test) cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)
