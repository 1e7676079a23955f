/* SPDX-License-Identifier: MPL-2.0 */
#include "reply.h"

#include "feature.h"
#include "heap.h"

struct reply *
reply_start(struct span url, const char *headers, struct span body)
{
	struct reply *reply = (struct reply *)heap_zero(sizeof *reply);
	reply->buffer = (uint8_t *)heap_take(REPLY_BUFFER);
	/* So that an empty line is somewhere too. */
	text_byte(&reply->words, 0);
	reply->http = http_start(url, headers, body);
	return reply;
}

void
reply_bad(void)
{
	fail("the reply is not git's protocol");
}

enum pkt_event
reply_piece(struct reply *reply)
{
	for (;;) {
		enum pkt_event event = pkt_step(&reply->pkt, &reply->rest, &reply->piece);
		if (event == PKT_BAD)
			reply_bad();
		if (event != PKT_INPUT)
			return event;
		size_t size = http_read(reply->http, reply->buffer, REPLY_BUFFER, reply->objects);
		reply->rest = span_of(reply->buffer, size);
		if (size == 0) {
			if (!pkt_is_between(&reply->pkt))
				fail("the reply is cut off");
			return PKT_INPUT;
		}
	}
}

/* An "ERR" line, where it may come. Git says "not our ref" of a revision that is not there and of one
 * that it keeps to itself. */
static void
reply_refused(struct reply *reply, struct span line)
{
	if (!feature_whole)
		fail_about("the server says", line);
	log_about("the server says", line);
	while (line.size && !span_has_prefix(line, "not our ref"))
		line = span_after(line, 1);
	if (line.size && reply->revision.size)
		fail_about("the server has no such revision, or sends none that no branch or tag "
			   "points at",
			reply->revision);
	if (!reply->is_optional)
		wasi_proc_exit(1);
	reply->is_refused = true;
}

enum pkt_event
reply_line(struct reply *reply)
{
	text_clear(&reply->words);
	enum pkt_event event;
	while ((event = reply_piece(reply)) == PKT_DATA)
		text_add(&reply->words, reply->piece);
	struct span line = text_span(&reply->words);
	if (line.size && line.data[line.size - 1] == '\n')
		line.size--;
	reply->line = line;
	if (event == PKT_END && span_has_prefix(line, "ERR ")) {
		reply_refused(reply, line);
		return PKT_RESPONSE_END;
	}
	return event;
}

void
reply_end(struct reply *reply)
{
	http_end(reply->http);
	text_release(&reply->words);
	heap_give(reply->buffer, REPLY_BUFFER);
}
