/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "peer_fixture.h"
#include "reply.h"

struct trial {
	const char *origin;
	bool is_optional;
	const char *revision;
};

/* The lines and frames, each in brackets or by a letter. */
static void
print_lines(void *context)
{
	const struct trial *trial = context;
	enum pkt_event event;
	struct reply *reply =
		reply_start(span_text(trial->origin), "", span_of((const uint8_t *)"q", 1));
	reply->is_optional = trial->is_optional;
	reply->revision = span_text(trial->revision ? trial->revision : "");
	(void)fprintf(stderr, "\n");
	while ((event = reply_line(reply)) != PKT_INPUT) {
		if (event == PKT_END)
			(void)fprintf(stderr, "[%.*s]", (int)reply->line.size, reply->line.data);
		else if (event == PKT_FLUSH)
			(void)fprintf(stderr, "F");
		else if (event == PKT_DELIMITER)
			(void)fprintf(stderr, "D");
		else if (event == PKT_RESPONSE_END)
			break;
	}
	reply_end(reply);
	(void)fprintf(stderr, "%s", reply->is_refused ? "R" : ".");
}

static void
expect(struct trial trial, const char *body, int code, const char *expected)
{
	struct peer peer;
	char answer[4096];
	(void)snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(body), body);
	peer_start(&peer, (const char *const[]){answer, NULL});
	trial.origin = peer.origin;
	struct buf log = guest_runs(print_lines, &trial, code);
	peer_end(&peer);
	if (!log.size || !strstr(buf_text(&log), expected))
		fail_msg("%s: %s, not %s", body, log.size ? buf_text(&log) : "nothing", expected);
	buf_release(&log);
}

static void
lines_come_whole_with_the_frames_between_them(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"", "\n."},
		{"0000", "\nF."},
		{"0006a\n0000", "\n[a]F."},
		{"0006a\n00010007bc\n0000", "\n[a]D[bc]F."},
		{"0005x", "\n[x]."},
		{"0004", "\n[]."},
		/* Only one newline is the line's end. */
		{"0007a\n\n", "\n[a\n]."},
		{"000bERRor x", "\n[ERRor x]."},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		expect((struct trial){0}, rows[at][0], 0, rows[at][1]);
}

static void
what_is_no_pkt_line_ends_the_program(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"0003", "not git's protocol"},
		{"zzzz", "not git's protocol"},
		{"fff1", "not git's protocol"},
		{"<html>", "not git's protocol"},
		{"0006a", "cut off"},
		{"00", "cut off"},
		{"0008ERR ", "the server says"},
		{"000fERR not you", "the server says: ERR not you"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		expect((struct trial){0}, rows[at][0], 1, rows[at][1]);
}

static void
a_refusal_names_the_revision_or_is_the_caller_s(void **state)
{
	(void)state;
	expect((struct trial){.revision = "abc"}, "0013ERR not our ref", 1,
		"no branch or tag points at: abc");
	expect((struct trial){.revision = "abc"}, "0020ERR upload-pack: not our ref", 1,
		"no branch or tag points at: abc");
	expect((struct trial){.revision = "abc", .is_optional = true}, "0013ERR not our ref", 1,
		"no branch or tag points at: abc");
	expect((struct trial){.is_optional = true}, "0013ERR not our ref", 0, "R");
	expect((struct trial){.is_optional = true}, "000cERR nono0005a", 0, "R");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_whole_with_the_frames_between_them),
		cmocka_unit_test(what_is_no_pkt_line_ends_the_program),
		cmocka_unit_test(a_refusal_names_the_revision_or_is_the_caller_s),
	};
	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
