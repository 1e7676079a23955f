/* SPDX-License-Identifier: MPL-2.0 */
#include "repository.h"

#include "feature.h"
#include "heap.h"
#include "reply.h"

enum { PROGRESS_MAX = 4096, LISTING_MAX = 128 << 20, PACK_FRONT = 13 };
/* A status for what was answered well, but not by git. */
enum { NO_GIT = 299 };

static bool
is_old(const struct repository *git)
{
	return feature_whole && git->speaks_old;
}

#define UPLOAD_PACK "/git-upload-pack"
#define INFO_REFS   "/info/refs?service=git-upload-pack"

/* Frames from lines: one of a digit alone is the special frame of it, and '$' is the argument. */
static void
pkt_lines(struct text *body, const char *lines, struct span argument)
{
	struct span rest = span_text(lines);
	while (rest.size) {
		struct span line = span_word(&rest, '\n');
		size_t start = body->size;
		text_put(body, "0000");
		if (line.size == 1) {
			body->data[start + 3] = *line.data;
			continue;
		}
		bool has_argument = span_find(line, '$') < line.size;
		text_add(body, span_word(&line, '$'));
		if (has_argument)
			text_add(body, argument);
		text_add(body, line);
		size_t size = body->size - start;
		for (size_t at = 4; at--; size >>= 4)
			body->data[start + at] = (uint8_t) "0123456789abcdef"[size & 15];
	}
}

/* How well a ref's name answers what is asked for: a full name, a branch, a tag. Version 0 lists
 * what a tag points at as a ref of its own behind the tag: as good, and later. */
static unsigned
name_rank(const struct repository *git, struct span name)
{
	static const char fronts[][12] = {"", "refs/heads/", TAGS};
	for (unsigned rank = 0; rank < 3; rank++)
		if (span_has_prefix(name, fronts[rank]) &&
			span_equal(span_after(name, strlen(fronts[rank])), git->reference))
			return rank + 1;
	return RANK_NONE;
}

/* "ID NAME[ ATTRIBUTE:VALUE]..." of version 2, "ID NAME" of version 0. */
static void
ref_line(struct repository *git, struct span line)
{
	struct span hex = span_word(&line, ' ');
	struct span name = span_word(&line, ' ');
	git->has_any = true;
	if (is_old(git) && name.size > 3 && name.data[name.size - 1] == '}')
		name.size -= 3;
	while (line.size) {
		struct span word = span_word(&line, ' ');
		if (span_has_prefix(word, "peeled:"))
			hex = span_after(word, 7);
	}
	if (feature_whole && git->request->versions.size) {
		if (!span_has_prefix(name, TAGS))
			return;
		text_add(&git->tags, hex);
		text_byte(&git->tags, ' ');
		text_add(&git->tags, span_after(name, sizeof TAGS - 1));
		text_byte(&git->tags, '\n');
		return;
	}
	unsigned rank = name_rank(git, name);
	if (feature_whole && rank == RANK_NONE && git->is_short &&
		git->reference.size <= hex.size &&
		span_equal(git->reference, span_of(hex.data, git->reference.size)))
		rank = RANK_SHORT;
	if (rank > git->rank || rank == RANK_NONE)
		return;
	uint8_t id[SUM_ID] = {0};
	if (!hex_read(hex, id, id_size(git->id_size)))
		fail_about("no id of this repository's kind", hex);
	git->is_ambiguous |=
		rank == RANK_SHORT && git->rank == RANK_SHORT && memcmp(id, git->id, SUM_ID) != 0;
	memcpy(git->id, id, SUM_ID);
	git->rank = rank;
}

/* Where the request went in the end is where the next ones go. */
static void
url_follow(struct repository *git, const struct http *http, size_t ending)
{
	const struct text *url = http_header(http, ":url");
	size_t size = url->size - ending;
	if (url->size > ending && span_equal(span_after(text_span(url), size),
					  span_after(text_span(&git->url), git->base))) {
		git->url = *url;
		git->base = size;
	}
}

/* The second is the first one's end. */
#define HEADERS_2 "Git-Protocol: version=2\n" HEADERS_0
#define HEADERS_0 "Content-Type: application/x-git-upload-pack-request\n"

/* The status that nothing but an answer of git has is 200; others stay what they are. */
static struct reply *
git_request(struct repository *git, const char *ending, struct span body)
{
	git->url.size = git->base;
	text_put(&git->url, ending);
	struct reply *reply =
		reply_start(text_span(&git->url), is_old(git) ? HEADERS_0 : HEADERS_2, body);
	struct http *http = reply->http;
	const struct text *type = http_header(http, "content-type");
	if (http->status != 200)
		return reply;
	if (span_has_prefix(text_span(type), "application/x-git-upload-pack-"))
		url_follow(git, http, strlen(ending));
	else
		http->status = NO_GIT;
	return reply;
}

static void
status_expect(const struct reply *reply)
{
	if (reply->http->status == NO_GIT)
		fail("no git repository answers there");
	if (reply->http->status == 404)
		fail("HTTP status: 404, no git repository is there, or a private one");
	http_expect(reply->http);
}

static bool
has_word(const struct repository *git, const char *word)
{
	struct span words = text_span(&git->words);
	while (words.size)
		if (span_is(span_word(&words, ' '), word))
			return true;
	return false;
}

/* The refs from this one on, to the frame behind them. Of version 0 the first one holds, behind a NUL,
 * what the server can do. */
static enum pkt_event
refs_read(struct repository *git, struct reply *reply, enum pkt_event event)
{
	for (; event == PKT_END; event = reply_line(reply)) {
		if (reply->http->received > LISTING_MAX)
			fail("more refs than 128 MiB");
		struct span line = reply->line;
		struct span ref = line;
		if (is_old(git) && !git->has_any) {
			ref = span_word(&line, 0);
			text_add(&git->words, line);
			if (has_word(git, "object-format=sha256"))
				git->id_size = SUM_SHA256;
		}
		ref_line(git, ref);
	}
	return event;
}

/* Statuses that no other request would change; 501 is of servers of plain files, and others are what
 * one says that does not know what is asked. */
static bool
status_is_final(int32_t status)
{
	return status < 400 || status == 401 || status == 403 || status == 404 ||
	       (status >= 429 && status != 501);
}

/* The front of a request in version 2. */
static void
command_begin(const struct repository *git, struct text *body, const char *command)
{
	struct span none = {NULL, 0};
	pkt_lines(body, command, none);
	if (id_size(git->id_size) != SUM_SHA1)
		pkt_lines(body, "object-format=sha256", none);
	pkt_lines(body, "1", none);
}

/* The listing of version 2; false where the server does not give one. */
static bool
refs_new(struct repository *git)
{
	struct text *body = text_new("");
	command_begin(git, body, "command=ls-refs");
	if (feature_whole && git->is_short)
		pkt_lines(body, "ref-prefix refs/heads/\nref-prefix refs/tags/", git->reference);
	pkt_lines(body, "peel\nref-prefix $\nref-prefix refs/heads/$\nref-prefix refs/tags/$\n0",
		git->reference);
	struct reply *reply = git_request(git, UPLOAD_PACK, text_span(body));
	int32_t status = reply->http->status;
	if (status >= 400 && status_is_final(status))
		status_expect(reply);
	bool is_listing = false;
	if (status == 200) {
		is_listing = refs_read(git, reply, reply_line(reply)) == PKT_FLUSH;
		if (!is_listing && git->has_any)
			reply_bad();
	}
	reply_end(reply);
	return is_listing;
}

/* What is done instead, for the log. */
static void
fall_back(const char *sentence)
{
	cab_log(sentence, strlen(sentence));
}

/* Behind a server of plain files the listing is one: "ID TAB NAME" a line. */
static void
dumb_check(struct reply *reply)
{
	const size_t hex = (size_t)2 * SUM_SHA1;
	uint8_t id[SUM_SHA1];
	size_t size = http_read(reply->http, reply->buffer, REPLY_BUFFER, 0);
	if (size > hex && reply->buffer[hex] == '\t' &&
		hex_read(span_of(reply->buffer, hex), id, SUM_SHA1))
		fail("the server knows git's dumb protocol alone, which is not spoken here");
}

/* What a server tells of itself that does not do as it was asked: behind a line of its own, the listing
 * of version 0; or what it can do in version 2, which tells of what kind its ids are and whether one
 * commit can be sent alone: then false. */
static bool
refs_old(struct repository *git)
{
	struct reply *reply = git_request(git, INFO_REFS, span_of(NULL, 0));
	if (reply->http->status == NO_GIT)
		dumb_check(reply);
	status_expect(reply);
	enum pkt_event event = reply_line(reply);
	if (span_has_prefix(reply->line, "# ")) {
		(void)reply_line(reply);
		event = reply_line(reply);
	}
	git->speaks_old = !span_is(reply->line, "version 2");
	if (is_old(git)) {
		fall_back("the server speaks an older version of git's protocol");
		if (span_is(reply->line, "version 1"))
			event = reply_line(reply);
		event = refs_read(git, reply, event);
	}
	for (; event == PKT_END; event = reply_line(reply)) {
		struct span line = reply->line;
		if (span_is(line, "object-format=sha256"))
			git->id_size = SUM_SHA256;
		if (!span_is(span_word(&line, '='), "fetch"))
			continue;
		text_clear(&git->words);
		text_add(&git->words, line);
		git->sends_all = !has_word(git, "shallow");
	}
	if (event != PKT_FLUSH)
		reply_bad();
	reply_end(reply);
	return is_old(git);
}

void
repository_list(struct repository *git)
{
	if (!refs_new(git) && (!feature_whole || (!refs_old(git) && !refs_new(git))))
		fail("the server lists no refs");
}

/* What is wanted, in version 0: the commit alone, or where the server cannot, all that leads to it. */
static void
want_old(struct repository *git, struct text *body)
{
	if (!has_word(git, "side-band-64k"))
		fail("the server knows no side-band-64k");
	pkt_lines(body,
		id_size(git->id_size) == SUM_SHA1
			? "want $ side-band-64k ofs-delta no-progress"
			: "want $ side-band-64k ofs-delta no-progress object-format=sha256",
		text_span(&git->hex));
	if (has_word(git, "shallow"))
		pkt_lines(body, "deepen 1", text_span(&git->hex));
	else
		git->sends_all = true;
	pkt_lines(body, "0\ndone", text_span(&git->hex));
}

/* The server's own words, a few of them. */
static void
band_log(struct repository *git, struct span words)
{
	words.size = size_min(words.size, PROGRESS_MAX - git->logged);
	git->logged += words.size;
	if (words.size)
		log_about("the server says", words);
}

/* Frames of a channel byte and bytes: 1 the pack, 2 the server's words, 3 its last words. */
static void
bands_read(struct repository *git, struct reply *reply, struct receive *receive)
{
	uint8_t band = 0;
	for (;;) {
		enum pkt_event event = reply_piece(reply);
		struct span piece = reply->piece;
		switch (event) {
		case PKT_DATA:
			if (band == 0) {
				band = piece.data[0];
				piece = span_from(piece, 1);
			}
			if (band == 1 && piece.size)
				receive_add(receive, piece);
			else if (band == 2)
				band_log(git, piece);
			else if (band != 1)
				fail_about("the server gives up", piece);
			break;
		case PKT_END:
			band = 0;
			reply->objects = receive->pack.number;
			break;
		case PKT_FLUSH:
			return;
		case PKT_INPUT:
			fail("the pack is cut off");
		case PKT_DELIMITER:
		case PKT_RESPONSE_END:
		case PKT_BAD:
			reply_bad();
		}
	}
}

/* To where the pack begins: past the sections before it, or past "shallow" lines and NAK. False where
 * nothing was answered at all. */
static bool
pack_find(const struct repository *git, struct reply *reply)
{
	for (bool is_first = true;; is_first = false) {
		enum pkt_event event = reply_line(reply);
		if ((event == PKT_INPUT && (is_first || git->request->since.size)) ||
			reply->is_refused)
			return false;
		if (event == PKT_INPUT || event == PKT_RESPONSE_END)
			fail("the server sent no pack");
		if (event == PKT_END && span_is(reply->line, is_old(git) ? "NAK" : "packfile"))
			return true;
	}
}

/* The request for a part of the commit: the reply has no pack where nothing, or an error that another
 * request may mend, is answered. */
static struct reply *
pack_ask(struct repository *git, enum repository_part part, struct span wants)
{
	struct text *body = text_new("");
	struct span id = text_span(&git->hex);
	bool is_whole = part == PART_WHOLE;
	/* Of contents beneath a subpath what is held is not all that the revision has. */
	enum repository_part held_part = git->request->subpath.size ? PART_TREES : PART_WHOLE;
	if (is_old(git)) {
		want_old(git, body);
	} else {
		bool is_deep = feature_whole && is_whole && git->sends_all;
		command_begin(git, body, "command=fetch");
		pkt_lines(body, "no-progress\nofs-delta", id);
		if (part == PART_BLOBS)
			text_add(body, wants);
		else
			pkt_lines(body, "want $", id);
		if (feature_whole && part == PART_COMMITS) {
			pkt_lines(body, "have $\nfilter tree:0\n0", git->request->since);
		} else {
			/* Of LFS a former object has contents where a delta would build on pointers. */
			const char *held = "thin-pack\nshallow $\nhave $";
			if (git->request->lfs.size)
				held += strlen("thin-pack\n");
			if (git->held.size && !is_deep && part == held_part)
				pkt_lines(body, held, git->held);
			if (part != PART_BLOBS && !is_deep)
				pkt_lines(body, "deepen 1", id);
			if (part == PART_TREES)
				pkt_lines(body, "filter blob:none", id);
			pkt_lines(body, "done\n0", id);
		}
	}
	if (feature_whole && is_whole && git->sends_all)
		fall_back("the server cannot send one commit alone: it sends all that leads to it");
	struct reply *reply = git_request(git, UPLOAD_PACK, text_span(body));
	int32_t status = reply->http->status;
	text_free(body);
	if (feature_whole)
		reply->is_optional = !is_whole || !(is_old(git) || git->sends_all);
	if (status != 200 && reply->is_optional && !(is_whole && status_is_final(status)))
		return reply;
	status_expect(reply);
	if (is_whole)
		reply->revision = id;
	reply->has_pack = pack_find(git, reply);
	return reply;
}

bool
repository_pack(struct repository *git, struct receive *receive, enum repository_part part,
	struct span wants)
{
	struct reply *reply = pack_ask(git, part, wants);
	if (!reply->has_pack && part != PART_WHOLE) {
		reply_end(reply);
		return false;
	}
	/* A revision that was known has not been asked for, so not what the server speaks either; nor has
	 * any been asked whether it sends one commit alone. No name of a ref matters now. */
	git->rank = 0;
	git->has_any = false;
	if (feature_whole && reply->is_optional && !reply->has_pack) {
		size_t size = git->id_size;
		reply_end(reply);
		bool is_less = refs_old(git) || git->sends_all;
		if (reply->is_refused && !is_less)
			wasi_proc_exit(1);
		if (!is_less)
			status_expect(reply);
		if (is_less && git->id_size == size)
			reply = pack_ask(git, part, wants);
	}
	if (!reply->has_pack)
		fail("the server sent no pack");
	bands_read(git, reply, receive);
	if (reply_line(reply) != PKT_INPUT)
		fail_in("pack", "more bytes behind its end");
	receive_finish(receive);
	reply_end(reply);
	return true;
}

void
repository_want(struct text *wants, struct span hex)
{
	pkt_lines(wants, "want $", hex);
}

void
repository_count(struct repository *git)
{
	text_add(&git->hex, git->request->revision);
	if (refs_old(git) || !has_word(git, "filter"))
		return;
	struct reply *reply = pack_ask(git, PART_COMMITS, span_of(NULL, 0));
	if (!reply->has_pack)
		return;
	(void)reply_line(reply);
	if (reply->line.size > PACK_FRONT)
		text_hex(&git->tags, span_of(reply->line.data + 1, PACK_FRONT));
}
