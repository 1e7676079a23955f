/* SPDX-License-Identifier: MPL-2.0 */
#include "git.h"

#include "checkout.h"
#include "heap.h"
#include "receive.h"
#include "reply.h"
#include "report.h"

enum { PROGRESS_MAX = 4096, REVISION_SIZE = 2 * SUM_SHA1 };
/* A status for what was answered well, but not by git. */
enum { NO_GIT = 299 };

struct git {
	const struct request *request;
	struct span reference; /* HEAD where none is asked for */
	struct text url;       /* of the repository */
	bool is_old;           /* the server speaks version 0 */
	bool has_any;          /* the listing named any ref */
	unsigned rank;         /* of the best name met; less is better */
	uint8_t id[SUM_SHA1];
	struct object_text hex;
	struct text words; /* what a version 0 server can do */
	size_t logged;     /* bytes of the server's own words */
};

enum { RANK_NONE = 9 };

#define VERSION_2   "Git-Protocol: version=2\n"
#define UPLOAD_PACK "/git-upload-pack"
#define INFO_REFS   "/info/refs?service=git-upload-pack"

static void
pkt_add(struct text *body, struct span line)
{
	static const char digits[] = "0123456789abcdef";
	size_t size = line.size + 4;
	for (int shift = 12; shift >= 0; shift -= 4)
		text_byte(body, (uint8_t)digits[size >> shift & 15]);
	text_add(body, line);
}

/* A line of a word, a span and a newline. */
static void
pkt_pair(struct text *body, const char *word, struct span span, const char *end)
{
	struct text line = {0};
	text_put(&line, word);
	text_add(&line, span);
	text_put(&line, end);
	pkt_add(body, text_span(&line));
	text_release(&line);
}

/* How well a ref's name answers what is asked for: a full name, a branch, a tag. Version 0 lists
 * what a tag points at as a ref of its own behind the tag: as good, and later. */
static unsigned
name_rank(const struct git *git, struct span name)
{
	struct span reference = git->reference;
	if (span_equal(name, reference))
		return 1;
	if (span_has_prefix(name, SPAN("refs/heads/")) &&
		span_equal(span_after(name, 11), reference))
		return 2;
	if (span_has_prefix(name, SPAN("refs/tags/")) &&
		span_equal(span_after(name, 10), reference))
		return 3;
	return RANK_NONE;
}

/* "ID NAME[ ATTRIBUTE:VALUE]..." of version 2, "ID NAME" of version 0. */
static void
ref_line(struct git *git, struct span line)
{
	struct span hex = span_word(&line, ' ');
	struct span name = span_word(&line, ' ');
	git->has_any = true;
	if (git->is_old && name.size > 3 && name.data[name.size - 1] == '}')
		name.size -= 3;
	unsigned rank = name_rank(git, name);
	if (rank > git->rank || rank == RANK_NONE)
		return;
	while (line.size) {
		struct span word = span_word(&line, ' ');
		if (span_has_prefix(word, SPAN("peeled:")))
			hex = span_after(word, 7);
	}
	if (!hex_read(hex, git->id, SUM_SHA1))
		fail_about("no SHA-1 id (SHA-256 cannot be fetched yet)", hex);
	git->rank = rank;
}

static void
ref_prefixes(const struct git *git, struct text *body)
{
	pkt_pair(body, "ref-prefix ", git->reference, "\n");
	pkt_pair(body, "ref-prefix refs/heads/", git->reference, "\n");
	pkt_pair(body, "ref-prefix refs/tags/", git->reference, "\n");
}

/* Where the request went in the end is where the next ones go. */
static void
url_follow(struct git *git, const struct http *http, struct span ending)
{
	struct text url = {0};
	http_header(http, SPAN(":url"), &url);
	size_t size = url.size - ending.size;
	if (url.size > ending.size && span_equal(span_after(text_span(&url), size), ending)) {
		text_clear(&git->url);
		text_add(&git->url, span_of(url.data, size));
	}
	text_release(&url);
}

#define POST_HEADERS "Content-Type: application/x-git-upload-pack-request\n"

/* The status that nothing but an answer of git has is 200; others stay what they are. */
static int32_t
git_request(struct git *git, struct reply *reply, struct span ending, const struct text *body)
{
	struct text url = {0};
	struct text type = {0};
	text_add(&url, text_span(&git->url));
	text_add(&url, ending);
	int32_t status = reply_start(reply, body ? "POST" : "GET", text_span(&url),
		git->is_old ? SPAN(POST_HEADERS) : SPAN(VERSION_2 POST_HEADERS),
		body ? text_span(body) : SPAN(""));
	http_header(&reply->http, SPAN("content-type"), &type);
	if (status == 200 &&
		!span_has_prefix(text_span(&type), SPAN("application/x-git-upload-pack-")))
		status = NO_GIT;
	if (status == 200)
		url_follow(git, &reply->http, ending);
	text_release(&url);
	text_release(&type);
	return status;
}

static _Noreturn void
status_fail(int32_t status)
{
	if (status == NO_GIT)
		fail("no git repository answers there");
	fail_number("HTTP status", (uint64_t)status);
}

/* The listing of version 2; false where the server does not give one. */
static bool
refs_new(struct git *git)
{
	struct text body = {0};
	pkt_add(&body, SPAN("command=ls-refs\n"));
	text_put(&body, "0001");
	pkt_add(&body, SPAN("peel\n"));
	pkt_add(&body, SPAN("symrefs\n"));
	ref_prefixes(git, &body);
	text_put(&body, "0000");
	struct reply reply;
	int32_t status = git_request(git, &reply, SPAN(UPLOAD_PACK), &body);
	if (status == 401 || status == 403 || status == 404 || status >= 429)
		status_fail(status);
	bool is_listing = false;
	if (status == 200) {
		struct span line;
		enum pkt_event event;
		while ((event = reply_line(&reply, &line)) == PKT_END)
			ref_line(git, line);
		is_listing = event == PKT_FLUSH;
		if (!is_listing && git->has_any)
			reply_bad();
	}
	reply_end(&reply);
	text_release(&body);
	return is_listing;
}

/* The listing of version 0, which a server gives that takes no ls-refs: after a line of its own, refs;
 * the first of them holds, behind a NUL, what the server can do. */
static void
refs_old(struct git *git)
{
	struct reply reply;
	struct span line;
	git->is_old = true;
	int32_t status = git_request(git, &reply, SPAN(INFO_REFS), NULL);
	if (status != 200)
		status_fail(status);
	(void)reply_line(&reply, &line);
	(void)reply_line(&reply, &line);
	enum pkt_event event;
	while ((event = reply_line(&reply, &line)) == PKT_END) {
		struct span ref = span_word(&line, 0);
		if (!git->has_any)
			text_add(&git->words, line);
		ref_line(git, ref);
	}
	if (event != PKT_FLUSH)
		reply_bad();
	reply_end(&reply);
}

static bool
has_word(const struct git *git, struct span word)
{
	struct span words = text_span(&git->words);
	for (size_t at = 0; at + word.size <= words.size; at++)
		if (memcmp(words.data + at, word.data, word.size) == 0)
			return true;
	return false;
}

static void
revision_find(struct git *git)
{
	git->rank = RANK_NONE;
	if (!refs_new(git))
		refs_old(git);
	if (git->rank == RANK_NONE)
		fail_about(git->has_any || git->request->reference.size
				   ? "no branch or tag of this name"
				   : "the repository is empty: it has no commit",
			git->reference);
}

/* A pin holds this program's own values: the revision, then the subpath. */
static struct span
revision_pinned(const struct request *request)
{
	struct span pin = request_pin(request, SPAN("git"));
	if (pin.size == 0 || pin.data[0] == '~')
		return span_of(NULL, 0);
	struct text ending = {0};
	report_add_subpath(&ending, request->subpath);
	size_t size = size_min(pin.size, REVISION_SIZE);
	if (!span_equal(span_from(pin, size), text_span(&ending)))
		fail_about("the pin is of another subpath", pin);
	text_release(&ending);
	return span_of(pin.data, size);
}

/* True where the revision is known without asking. */
static bool
revision_given(struct git *git)
{
	const struct request *request = git->request;
	struct span pinned = revision_pinned(request);
	struct span given = request->revision;
	if (given.size == 0 && request->reference.size >= REVISION_SIZE &&
		hex_read(request->reference, git->id, SUM_SHA1))
		given = request->reference;
	if (pinned.size && given.size && !span_equal(pinned, given))
		fail_about("the island has another revision than the pin", given);
	if (pinned.size)
		given = pinned;
	if (given.size == 0)
		return false;
	if (!hex_read(given, git->id, SUM_SHA1))
		fail_about("a revision is 40 lower-case hexadecimal digits", given);
	return true;
}

static void
revision_report(struct git *git)
{
	struct text value = {0};
	git->hex = object_text(git->id);
	text_put(&value, git->hex.text);
	report_add_subpath(&value, git->request->subpath);
	report_identity(SPAN("git"), text_span(&value));
	text_release(&value);
}

static void
tree_report(void *context, const uint8_t id[SUM_SHA1])
{
	(void)context;
	report_identity(SPAN("git-tree"), span_text(object_text(id).text));
}

static void
want_body(const struct git *git, struct text *body)
{
	struct span id = span_text(git->hex.text);
	if (!git->is_old) {
		pkt_add(body, SPAN("command=fetch"));
		text_put(body, "0001");
		pkt_add(body, SPAN("no-progress"));
		pkt_add(body, SPAN("ofs-delta"));
		pkt_pair(body, "want ", id, "");
	} else {
		if (!has_word(git, SPAN("side-band-64k")) || !has_word(git, SPAN("shallow")))
			fail("the server cannot send one commit alone");
		pkt_pair(body, "want ", id, " side-band-64k ofs-delta no-progress");
	}
	pkt_add(body, SPAN("deepen 1"));
	if (git->is_old)
		text_put(body, "0000");
	pkt_add(body, SPAN("done"));
	if (!git->is_old)
		text_put(body, "0000");
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

/* To where the pack begins: past the sections before it, or past "shallow" lines and NAK. */
static void
pack_find(const struct git *git, struct reply *reply)
{
	struct span line;
	for (;;) {
		enum pkt_event event = reply_line(reply, &line);
		if (event == PKT_INPUT || event == PKT_RESPONSE_END)
			fail("the server sent no pack");
		if (event == PKT_END &&
			span_equal(line, git->is_old ? SPAN("NAK") : SPAN("packfile")))
			return;
	}
}

static void
pack_fetch(struct git *git, struct receive *receive)
{
	struct text body = {0};
	struct reply reply;
	want_body(git, &body);
	int32_t status = git_request(git, &reply, SPAN(UPLOAD_PACK), &body);
	if (status != 200)
		status_fail(status);
	pack_find(git, &reply);
	bands_read(git, &reply, receive);
	struct span rest;
	if (reply_line(&reply, &rest) != PKT_INPUT)
		fail("more comes behind the pack");
	receive_finish(receive);
	reply_end(&reply);
}

static void
url_set(struct git *git)
{
	const struct request *request = git->request;
	if (request->shape == SHAPE_FORGE) {
		text_add(&git->url, request->base);
		text_byte(&git->url, '/');
	}
	text_add(&git->url, request->ref);
}

void
git_fetch(const struct request *request)
{
	static const struct folder scratch = {NULL, {(const uint8_t *)"scratch", 7}, 0};
	struct git git = {.request = request, .reference = request->reference};
	if (git.reference.size == 0)
		git.reference = SPAN("HEAD");
	struct output output = {0};
	struct objects objects;
	struct checkout checkout;
	struct receive *receive = (struct receive *)heap_take(sizeof *receive);
	if (request->checksum.size || request->strip != STRIP_AUTO)
		fail("a git repository has no checksum and no strip");
	url_set(&git);
	if (!revision_given(&git))
		revision_find(&git);
	revision_report(&git);

	objects_init(&objects, &output, &scratch);
	checkout_init(&checkout, &objects, &output, request->subpath);
	checkout.on_tree = tree_report;
	checkout_begin(&checkout, git.id);
	folder_make(&output, NULL, scratch.name);
	receive_init(receive, &objects, &checkout);
	pack_fetch(&git, receive);
	checkout_finish(&checkout);
	receive_clean(receive);
	objects_clean(&objects);
	folder_remove(&output, NULL, scratch.name);

	struct text value = {0};
	checkout_hash(&checkout, &value);
	report_cab(&value);
}
