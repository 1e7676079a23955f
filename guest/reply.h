/* SPDX-License-Identifier: MPL-2.0 */
/*
 * reply: the pkt-lines of an HTTP response.
 *
 *     struct reply *reply = reply_start(url, headers, body);
 *     while ((event = reply_line(reply)) != PKT_INPUT) use(reply->line);       whole lines, and the frames
 *     while ((event = reply_piece(reply)) ... use(reply->piece);               or pieces, as they arrive
 *     reply_end(reply);                                    what it says of itself stays
 *
 * PKT_INPUT is the end of the body, between two frames; an end elsewhere, a frame that is none, and
 * an "ERR" line end the program with a sentence. One reply at a time may be under way.
 */
#pragma once

#include "http.h"
#include "pkt.h"

enum { REPLY_BUFFER = 64 << 10 };

struct reply {
	struct http *http;
	struct pkt pkt;
	struct span rest;
	uint8_t *buffer;
	struct span piece; /* the last one; borrowed as a line is */
	struct text words; /* what of a line has come */
	struct span line;  /* the last one, without its newline; borrowed until the next */
	uint64_t objects;  /* for the progress */
	bool is_optional;  /* an error is told by is_refused and the event PKT_RESPONSE_END */
	bool is_refused;
	bool has_pack;        /* the caller's: whether one was found in it */
	struct span revision; /* asked for: "not our ref" is about it, and ends the program */
};

struct reply *reply_start(struct span url, const char *headers, struct span body);
enum pkt_event reply_piece(struct reply *reply);
enum pkt_event reply_line(struct reply *reply);
_Noreturn void reply_bad(void);
void reply_end(struct reply *reply);
