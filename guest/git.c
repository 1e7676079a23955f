/* SPDX-License-Identifier: MPL-2.0 */
#include "git.h"

#include "checkout.h"
#include "feature.h"
#include "former.h"
#include "heap.h"
#include "receive.h"
#include "reply.h"
#include "report.h"
#include "submodule.h"

enum { PROGRESS_MAX = 4096, LISTING_MAX = 128 << 20 };
/* A status for what was answered well, but not by git. */
enum { NO_GIT = 299 };

struct git {
	const struct request *request;
	struct span reference; /* HEAD where none is asked for */
	struct text url;       /* of the repository, and what the last request asked of it */
	size_t base;           /* bytes of the repository's */
	bool speaks_old;       /* the server speaks version 0 */
	bool has_any;          /* the listing named any ref */
	unsigned rank;         /* of the best name met; less is better */
	bool is_short;         /* the reference may be the front of a revision */
	bool is_ambiguous;     /* of several */
	size_t id_size;        /* SUM_SHA1 until a revision or the server says SUM_SHA256 */
	uint8_t id[SUM_ID];
	struct text hex;   /* of the id */
	struct span held;  /* the revision of a former object, or nothing */
	struct text words; /* what a version 0 server can do */
	size_t logged;     /* bytes of the server's own words */
	struct text tags;  /* "ID NAME\n" each, where they are all that is asked for */
};

/* A commit that begins as the short revision does, and no name of it at all. */
enum { RANK_SHORT = 5, RANK_NONE = 9 };
/* As few digits as git itself shows. */
enum { SHORT_REVISION = 7 };

static bool
is_old(const struct git *git)
{
	return feature_whole && git->speaks_old;
}

#define TAGS "refs/tags/"

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
name_rank(const struct git *git, struct span name)
{
	unsigned rank = 1;
	if (span_has_prefix(name, "refs/heads/") && git->reference.size + 11 == name.size) {
		name = span_after(name, 11);
		rank = 2;
	} else if (span_has_prefix(name, "refs/tags/") && git->reference.size + 10 == name.size) {
		name = span_after(name, 10);
		rank = 3;
	}
	return span_equal(name, git->reference) ? rank : RANK_NONE;
}

/* "ID NAME[ ATTRIBUTE:VALUE]..." of version 2, "ID NAME" of version 0. */
static void
ref_line(struct git *git, struct span line)
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
url_follow(struct git *git, const struct http *http, size_t ending)
{
	struct text url = {0};
	http_header(http, ":url", &url);
	size_t size = url.size - ending;
	if (url.size > ending && span_equal(span_after(text_span(&url), size),
					 span_after(text_span(&git->url), git->base))) {
		git->url = url;
		git->base = size;
	}
}

/* The second is the first one's end. */
#define HEADERS_2 "Git-Protocol: version=2\n" HEADERS_0
#define HEADERS_0 "Content-Type: application/x-git-upload-pack-request\n"

/* The status that nothing but an answer of git has is 200; others stay what they are. */
static int32_t
git_request(struct git *git, struct reply *reply, const char *ending, struct span body)
{
	struct text type = {0};
	git->url.size = git->base;
	text_put(&git->url, ending);
	int32_t status = reply_start(reply, body.size ? "POST" : "GET", text_span(&git->url),
		is_old(git) ? HEADERS_0 : HEADERS_2, body);
	http_header(&reply->http, "content-type", &type);
	if (status == 200 && !span_has_prefix(text_span(&type), "application/x-git-upload-pack-"))
		status = NO_GIT;
	if (status == 200)
		url_follow(git, &reply->http, strlen(ending));
	return status;
}

static void
status_expect(int32_t status)
{
	if (status == NO_GIT)
		fail("no git repository answers there");
	http_expect(status);
}

static bool
has_word(const struct git *git, const char *word)
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
refs_read(struct git *git, struct reply *reply, enum pkt_event event, struct span line)
{
	for (; event == PKT_END; event = reply_line(reply, &line)) {
		if (reply->http.received > LISTING_MAX)
			fail("more refs than 128 MiB");
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

/* The front of a request in version 2. */
static void
command_begin(const struct git *git, struct text *body, const char *command)
{
	struct span none = {NULL, 0};
	pkt_lines(body, command, none);
	if (id_size(git->id_size) != SUM_SHA1)
		pkt_lines(body, "object-format=sha256", none);
	pkt_lines(body, "1", none);
}

/* The listing of version 2; false where the server does not give one. */
static bool
refs_new(struct git *git)
{
	struct text body = {0};
	struct reply reply;
	command_begin(git, &body, "command=ls-refs");
	if (feature_whole && git->is_short)
		pkt_lines(&body, "ref-prefix refs/heads/\nref-prefix refs/tags/", git->reference);
	pkt_lines(&body, "peel\nref-prefix $\nref-prefix refs/heads/$\nref-prefix refs/tags/$\n0",
		git->reference);
	int32_t status = git_request(git, &reply, UPLOAD_PACK, text_span(&body));
	/* 501 is of servers of plain files. */
	if (status == 401 || status == 403 || status == 404 || (status >= 429 && status != 501))
		status_expect(status);
	bool is_listing = false;
	if (status == 200) {
		struct span line;
		enum pkt_event event = reply_line(&reply, &line);
		is_listing = refs_read(git, &reply, event, line) == PKT_FLUSH;
		if (!is_listing && git->has_any)
			reply_bad();
	}
	reply_end(&reply);
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
	uint8_t id[SUM_SHA1];
	size_t size = http_read(&reply->http, reply->buffer, REPLY_BUFFER, 0);
	if (size > 2 * SUM_SHA1 && reply->buffer[2 * SUM_SHA1] == '\t' &&
		hex_read(span_of(reply->buffer, 2 * SUM_SHA1), id, SUM_SHA1))
		fail("the server knows git's dumb protocol alone, which is not spoken here");
}

/* What a server tells of itself that takes no ls-refs as it was asked: behind a line of its own, the
 * listing of version 0; or what it can do in version 2, which tells of what kind its ids are: then
 * false. */
static bool
refs_old(struct git *git)
{
	struct reply reply;
	struct span line;
	int32_t status = git_request(git, &reply, INFO_REFS, span_of(NULL, 0));
	if (status == NO_GIT)
		dumb_check(&reply);
	status_expect(status);
	enum pkt_event event = reply_line(&reply, &line);
	if (span_has_prefix(line, "# ")) {
		(void)reply_line(&reply, &line);
		event = reply_line(&reply, &line);
	}
	git->speaks_old = !span_is(line, "version 2");
	if (is_old(git)) {
		fall_back("the server speaks an older version of git's protocol");
		if (span_is(line, "version 1"))
			event = reply_line(&reply, &line);
		event = refs_read(git, &reply, event, line);
	}
	for (; event == PKT_END; event = reply_line(&reply, &line))
		if (span_is(line, "object-format=sha256"))
			git->id_size = SUM_SHA256;
	if (event != PKT_FLUSH)
		reply_bad();
	reply_end(&reply);
	return is_old(git);
}

static void
refs_find(struct git *git)
{
	if (!refs_new(git) && (!feature_whole || (!refs_old(git) && !refs_new(git))))
		fail("the server lists no refs");
}

static bool
reference_is_short(struct span text)
{
	size_t digits = 0;
	while (digits < text.size && hex_digit(text.data[digits]) >= 0)
		digits++;
	return digits == text.size && digits >= SHORT_REVISION;
}

static void
revision_find(struct git *git)
{
	git->rank = RANK_NONE;
	refs_find(git);
	if (git->is_ambiguous && git->rank == RANK_SHORT)
		fail_about("several commits begin so: write more of the revision", git->reference);
	if (feature_whole && git->is_short && git->rank == RANK_NONE)
		fail_about("no branch or tag has this name or a commit that begins so, and servers "
			   "find "
			   "no others: write the revision in full",
			git->reference);
	if (git->rank == RANK_NONE)
		fail_about(git->has_any || git->request->reference.size
				   ? "no branch or tag of this name"
				   : "the repository is empty",
			git->reference);
}

/* The file `out`: what the server calls tags, and the commits that they mean. */
static void
tags_write(struct git *git, struct output *output)
{
	uint8_t digest[SUM_BLAKE3];
	git->reference = SPAN(TAGS);
	refs_find(git);
	int32_t fd = file_create(output, NULL, SPAN("out"));
	file_write(output, fd, text_span(&git->tags));
	file_finish(fd, false, digest);
	report_cab('f', digest);
}

/* Whether it is an id of either kind; the repository's ids are of this kind then. */
static bool
revision_read(struct git *git, struct span text)
{
	git->id_size = text.size / 2;
	if ((text.size == 2 * SUM_SHA1 || (feature_whole && text.size == 2 * SUM_SHA256)) &&
		hex_read(text, git->id, git->id_size))
		return true;
	git->id_size = SUM_SHA1;
	return false;
}

/* True where the revision is known without asking. */
static bool
revision_given(struct git *git)
{
	const struct request *request = git->request;
	struct span pinned = request_pin(request, SPAN("git"), 2 * SUM_ID);
	struct span given = request->revision;
	if (given.size == 0 && revision_read(git, request->reference))
		given = request->reference;
	if (pinned.size && given.size && !span_equal(pinned, given))
		fail_about("the island has another checksum or revision than the pin", given);
	if (pinned.size)
		given = pinned;
	if (given.size == 0)
		return false;
	if (!revision_read(git, given))
		fail_about("a revision is 40 or 64 lower-case hexadecimal digits", given);
	return true;
}

static void
revision_report(struct git *git)
{
	struct text value = {0};
	text_hex(&git->hex, span_of(git->id, id_size(git->id_size)));
	text_add(&value, text_span(&git->hex));
	text_add(&value, text_span(&git->request->options));
	report_identity(SPAN("git"), text_span(&value));
}

/* What is wanted, in version 0: the commit alone, or where the server cannot, all that leads to it. */
static void
want_old(const struct git *git, struct text *body)
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
		fall_back("the server cannot send one commit alone: it sends all that leads to it");
	pkt_lines(body, "0\ndone", text_span(&git->hex));
}

/* The server's own words, a few of them. */
static void
band_log(struct git *git, struct span words)
{
	words.size = size_min(words.size, PROGRESS_MAX - git->logged);
	git->logged += words.size;
	if (words.size)
		log_about("the server says", words);
}

/* Frames of a channel byte and bytes: 1 the pack, 2 the server's words, 3 its last words. */
static void
bands_read(struct git *git, struct reply *reply, struct receive *receive)
{
	struct span piece;
	uint8_t band = 0;
	for (;;) {
		switch (reply_piece(reply, &piece)) {
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
pack_find(const struct git *git, struct reply *reply)
{
	struct span line;
	for (bool is_first = true;; is_first = false) {
		enum pkt_event event = reply_line(reply, &line);
		if (event == PKT_INPUT && is_first)
			return false;
		if (event == PKT_INPUT || event == PKT_RESPONSE_END)
			fail("the server sent no pack");
		if (event == PKT_END && span_is(line, is_old(git) ? "NAK" : "packfile"))
			return true;
	}
}

static bool
pack_ask(struct git *git, struct reply *reply)
{
	struct text body = {0};
	if (is_old(git)) {
		want_old(git, &body);
	} else {
		command_begin(git, &body, "command=fetch");
		pkt_lines(&body, "no-progress\nofs-delta\nwant $", text_span(&git->hex));
		if (git->held.size)
			pkt_lines(&body, "thin-pack\nshallow $\nhave $", git->held);
		pkt_lines(&body, "deepen 1\ndone\n0", git->held);
	}
	status_expect(git_request(git, reply, UPLOAD_PACK, text_span(&body)));
	reply->revision = text_span(&git->hex);
	return pack_find(git, reply);
}

static void
pack_fetch(struct git *git, struct receive *receive)
{
	struct reply reply;
	bool is_sent = pack_ask(git, &reply);
	/* A revision that was known has not been asked for, so not what the server speaks either. No name
	 * of a ref matters now. */
	git->rank = 0;
	git->has_any = false;
	if (feature_whole && !is_sent && !is_old(git)) {
		reply_end(&reply);
		size_t size = git->id_size;
		is_sent = refs_old(git) && git->id_size == size && pack_ask(git, &reply);
	}
	if (!is_sent)
		fail("the server sent no pack");
	bands_read(git, &reply, receive);
	struct span rest;
	if (reply_line(&reply, &rest) != PKT_INPUT)
		fail_in("pack", "more bytes behind its end");
	receive_finish(receive);
	reply_end(&reply);
}

/* A commit, as `out` or as a submodule. */
static void
commit_fetch(struct git *git, struct checkout *checkout, const struct folder *scratch)
{
	struct objects *objects = (struct objects *)heap_zero(sizeof *objects);
	struct receive *receive = (struct receive *)heap_zero(sizeof *receive);
	folder_make(checkout->output, scratch->parent, scratch->name);
	objects_init(objects, checkout->output, scratch, git->id_size);
	/* A former object says nothing of its submodules' commits. */
	if (!checkout->has_submodules) {
		former_open(git->request, objects);
		git->held = former_revision(objects);
	}
	checkout_begin(checkout, objects, git->id);
	receive_init(receive, objects, checkout);
	pack_fetch(git, receive);
	checkout_finish(checkout);
	if (!checkout->has_submodules)
		former_leave(git->request, objects, git->id, checkout->root);
}

static const struct folder scratch_folder = {NULL, {(const uint8_t *)"scratch", 7}, 0};

void
git_submodule(const struct superproject *super, struct span url, const struct link *link)
{
	struct git *git = (struct git *)heap_zero(sizeof *git);
	struct checkout *checkout = (struct checkout *)heap_zero(sizeof *checkout);
	struct folder *scratch = (struct folder *)heap_take(sizeof *scratch);
	struct text name = {0};
	struct request *request = (struct request *)heap_zero(sizeof *request);
	text_put(&name, "submodule-");
	text_number(&name, *super->count);
	*scratch = (struct folder){&scratch_folder, text_span(&name), 1};
	git->request = request;
	git->id_size = super->checkout->objects->id_size;
	memcpy(git->id, link->id, SUM_ID);
	text_hex(&git->hex, span_of(git->id, git->id_size));
	text_add(&git->url, url);
	git->base = git->url.size;
	checkout_init(checkout, super->checkout->output, span_of(NULL, 0));
	checkout->has_submodules = true;
	checkout->place = link->folder;
	commit_fetch(git, checkout, scratch);
	struct superproject inner = {
		checkout, url, span_of(NULL, 0), super->depth + 1, super->count};
	submodules_fetch(&inner);
}

static void
out_finish(const struct request *request, struct checkout *checkout)
{
	if (!feature_whole || !request->submodules.size) {
		checkout_hash(checkout);
		return;
	}
	struct text url = {0};
	uint32_t count = 0;
	request_url(request, &url);
	struct superproject super = {checkout, text_span(&url), request->subpath, 0, &count};
	submodules_fetch(&super);
	/* The realizer hashes `out` anyway. */
	report_identity(SPAN("cab"), SPAN("."));
}

void
git_fetch(const struct request *request)
{
	struct git *git = (struct git *)heap_zero(sizeof *git);
	struct output *output = (struct output *)heap_zero(sizeof *output);
	struct checkout *checkout = (struct checkout *)heap_zero(sizeof *checkout);
	git->request = request;
	git->id_size = SUM_SHA1;
	git->reference = request->reference.size ? request->reference : SPAN("HEAD");
	request_url(request, &git->url);
	git->base = git->url.size;
	if (feature_whole && request->versions.size) {
		tags_write(git, output);
		return;
	}
	git->is_short = feature_whole && reference_is_short(request->reference);
	if (!revision_given(git))
		revision_find(git);
	revision_report(git);

	checkout_init(checkout, output, request->subpath);
	checkout->has_submodules = request->submodules.size != 0;
	commit_fetch(git, checkout, &scratch_folder);
	out_finish(request, checkout);
}
