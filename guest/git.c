/* SPDX-License-Identifier: MPL-2.0 */
#include "git.h"

#include "checkout.h"
#include "heap.h"
#include "receive.h"
#include "reply.h"
#include "report.h"

enum { PROGRESS_MAX = 4096, REVISION_SIZE = 2 * SUM_SHA1 };

struct git {
	const struct request *request;
	struct text url; /* of the repository */
	bool is_old;     /* the server speaks version 0 */
	bool has_any;    /* the listing named any ref */
	unsigned rank;   /* of the best name met; less is better */
	uint8_t id[SUM_SHA1];
	struct text words; /* what a version 0 server can do */
	size_t logged;     /* bytes of the server's own words */
};

enum { RANK_NONE = 9 };

#define VERSION_2   "Git-Protocol: version=2\n"
#define RESULT_TYPE "application/x-git-upload-pack-result"

static void
pkt_add(struct text *body, struct span line)
{
	static const char digits[] = "0123456789abcdef";
	size_t size = line.size + 4;
	for (int shift = 12; shift >= 0; shift -= 4)
		text_byte(body, (uint8_t)digits[size >> shift & 15]);
	text_add(body, line);
}

static void
pkt_text(struct text *body, const char *format, const struct span *operand)
{
	struct text line = {0};
	text_format(&line, format, operand);
	pkt_add(body, text_span(&line));
	text_release(&line);
}

/* How well a ref's name answers what is asked for. */
static unsigned
name_rank(const struct git *git, struct span name, bool is_peeled)
{
	struct span reference = git->request->reference;
	/* Version 0 lists what a tag points at as a ref of its own: better than the tag. */
	if (is_peeled)
		name.size -= 3;
	unsigned better = is_peeled ? 0 : 1;
	if (reference.size == 0)
		return span_equal(name, SPAN("HEAD")) ? 0 : RANK_NONE;
	if (span_equal(name, reference) &&
		(span_equal(name, SPAN("HEAD")) || span_has_prefix(name, SPAN("refs/"))))
		return better;
	if (span_has_prefix(name, SPAN("refs/heads/")) &&
		span_equal(span_from(name, 11), reference))
		return 2 + better;
	if (span_has_prefix(name, SPAN("refs/tags/")) && span_equal(span_from(name, 10), reference))
		return 4 + better;
	return RANK_NONE;
}

/* "ID NAME[ ATTRIBUTE:VALUE]..." of version 2, "ID NAME" of version 0. */
static void
ref_line(struct git *git, struct span line)
{
	struct span hex = span_of(line.data, span_find(line, ' '));
	struct span rest = span_from(line, hex.size + 1);
	struct span name = span_of(rest.data, span_find(rest, ' '));
	bool is_peeled = name.size > 3 && memcmp(name.data + name.size - 3, "^{}", 3) == 0;
	if (hex.size == 64)
		fail("%b: SHA-256 repositories cannot be fetched yet", &git->request->ref);
	git->has_any = true;
	unsigned rank = name_rank(git, name, is_peeled);
	if (rank >= git->rank)
		return;
	rest = span_from(rest, name.size + 1);
	while (rest.size) {
		struct span word = span_of(rest.data, span_find(rest, ' '));
		if (span_has_prefix(word, SPAN("peeled:")))
			hex = span_from(word, 7);
		rest = span_from(rest, word.size + 1);
	}
	if (!hex_read(hex, git->id, SUM_SHA1))
		fail("the server's listing has a ref without an id: %b", &name);
	git->rank = rank;
}

static void
ref_prefixes(const struct git *git, struct text *body)
{
	struct span reference = git->request->reference;
	if (reference.size == 0 || span_equal(reference, SPAN("HEAD"))) {
		pkt_add(body, SPAN("ref-prefix HEAD\n"));
		return;
	}
	if (span_has_prefix(reference, SPAN("refs/"))) {
		pkt_text(body, "ref-prefix %b\n", &reference);
		return;
	}
	pkt_text(body, "ref-prefix refs/heads/%b\n", &reference);
	pkt_text(body, "ref-prefix refs/tags/%b\n", &reference);
}

/* Where the request went in the end is where the next ones go. */
static void
url_follow(struct git *git, const struct http *http, struct span ending)
{
	struct text url = {0};
	http_header(http, SPAN(":url"), &url);
	if (url.size > ending.size &&
		span_equal(span_from(text_span(&url), url.size - ending.size), ending)) {
		text_clear(&git->url);
		text_add(&git->url, span_of(url.data, url.size - ending.size));
	}
	text_release(&url);
}

#define POST_HEADERS                                                                               \
	"Content-Type: application/x-git-upload-pack-request\n"                                    \
	"Accept: " RESULT_TYPE "\n"

static int32_t
git_post(struct git *git, struct reply *reply, struct text *url, const struct text *body)
{
	text_format(url, "%b/git-upload-pack", &(struct span){git->url.data, git->url.size});
	return reply_start(reply, SPAN("POST"), text_span(url),
		git->is_old ? SPAN(POST_HEADERS) : SPAN(VERSION_2 POST_HEADERS), text_span(body));
}

/* The listing of version 2; false where the server does not give one. */
static bool
refs_new(struct git *git)
{
	struct text body = {0};
	pkt_add(&body, SPAN("command=ls-refs\n"));
	text_add(&body, SPAN("0001"));
	pkt_add(&body, SPAN("peel\n"));
	pkt_add(&body, SPAN("symrefs\n"));
	ref_prefixes(git, &body);
	text_add(&body, SPAN("0000"));
	struct text url = {0};
	struct reply reply;
	int32_t status = git_post(git, &reply, &url, &body);
	if (status == 401 || status == 403 || status == 404 || status == 410 || status >= 429)
		http_fail(&reply.http, status);
	bool is_listing = false;
	if (status == 200 && http_header_is(&reply.http, SPAN("content-type"), SPAN(RESULT_TYPE))) {
		struct span line;
		enum pkt_event event;
		while ((event = reply_line(&reply, &line)) == PKT_END)
			ref_line(git, line);
		is_listing = event == PKT_FLUSH;
		if (!is_listing && git->has_any)
			fail("%b: the listing of refs is cut off", &reply.http.url);
		url_follow(git, &reply.http, SPAN("/git-upload-pack"));
	}
	reply_end(&reply);
	text_release(&url);
	text_release(&body);
	return is_listing;
}

/* The first line of version 0 holds, behind a NUL, what the server can do. */
static void
ref_line_old(struct git *git, struct span line)
{
	size_t nul = span_find(line, 0);
	if (nul < line.size) {
		text_byte(&git->words, ' ');
		text_add(&git->words, span_from(line, nul + 1));
		text_byte(&git->words, ' ');
		line.size = nul;
	}
	ref_line(git, line);
}

/* The listing of version 0, which a server gives that takes no ls-refs. */
COLD static void
refs_old(struct git *git)
{
	struct text url = {0};
	struct reply reply;
	text_format(&url, "%b/info/refs?service=git-upload-pack",
		&(struct span){git->url.data, git->url.size});
	int32_t status = reply_start(&reply, SPAN("GET"), text_span(&url), SPAN(""), SPAN(""));
	if (status != 200)
		http_fail(&reply.http, status);
	if (!http_header_is(&reply.http, SPAN("content-type"),
		    SPAN("application/x-git-upload-pack-advertisement")))
		fail("%b: there is no git repository that can be fetched", &reply.http.url);
	log_line("%b: no ls-refs of protocol version 2; reading info/refs", &git->request->ref);
	git->is_old = true;
	struct span line;
	if (reply_line(&reply, &line) != PKT_END ||
		!span_equal(line, SPAN("# service=git-upload-pack")) ||
		reply_line(&reply, &line) != PKT_FLUSH)
		fail("%b: the reply is not git's protocol", &reply.http.url);
	enum pkt_event event;
	while ((event = reply_line(&reply, &line)) == PKT_END)
		ref_line_old(git, line);
	if (event != PKT_FLUSH)
		fail("%b: the listing of refs is cut off", &reply.http.url);
	url_follow(git, &reply.http, SPAN("/info/refs?service=git-upload-pack"));
	reply_end(&reply);
	text_release(&url);
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
	if (git->rank < RANK_NONE)
		return;
	struct span reference = git->request->reference;
	if (reference.size)
		fail("%b: no branch or tag named %b", &git->request->ref, &reference);
	if (!git->has_any)
		fail("%b: the repository is empty: it has no commit yet", &git->request->ref);
	fail("%b: HEAD points to no commit; name a branch or tag", &git->request->ref);
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
		fail("the pin is of another part of the repository: git %b", &pin);
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
		fail("the pin says revision %b, the island %b", &pinned, &given);
	if (pinned.size)
		given = pinned;
	if (given.size == 0)
		return false;
	if (!hex_read(given, git->id, SUM_SHA1))
		fail("a revision is %u lower-case hexadecimal digits: %b", (uint64_t)REVISION_SIZE,
			&given);
	return true;
}

static void
revision_report(const struct git *git)
{
	struct text value = {0};
	text_hex(&value, span_of(git->id, SUM_SHA1));
	report_add_subpath(&value, git->request->subpath);
	report_identity(SPAN("git"), text_span(&value));
	text_release(&value);
}

static void
tree_report(void *context, const uint8_t id[SUM_SHA1])
{
	(void)context;
	struct text value = {0};
	text_hex(&value, span_of(id, SUM_SHA1));
	report_identity(SPAN("git-tree"), text_span(&value));
	text_release(&value);
}

static void
want_body(const struct git *git, struct text *body)
{
	struct text hex = {0};
	text_hex(&hex, span_of(git->id, SUM_SHA1));
	struct span id = text_span(&hex);
	if (!git->is_old) {
		pkt_add(body, SPAN("command=fetch"));
		text_add(body, SPAN("0001"));
		pkt_add(body, SPAN("no-progress"));
		pkt_add(body, SPAN("ofs-delta"));
		pkt_text(body, "want %b\n", &id);
		pkt_add(body, SPAN("deepen 1"));
		pkt_add(body, SPAN("done\n"));
		text_add(body, SPAN("0000"));
	} else {
		if (!has_word(git, SPAN(" side-band-64k ")) || !has_word(git, SPAN(" shallow ")))
			fail("%b: the server is too old: it cannot send one commit alone",
				&git->request->ref);
		pkt_text(body,
			has_word(git, SPAN(" ofs-delta "))
				? "want %b side-band-64k ofs-delta no-progress\n"
				: "want %b side-band-64k\n",
			&id);
		pkt_add(body, SPAN("deepen 1"));
		text_add(body, SPAN("0000"));
		pkt_add(body, SPAN("done\n"));
	}
	text_release(&hex);
}

/* The server's own words, a few of them. */
static void
band_log(struct git *git, struct span words)
{
	words.size = size_min(words.size, PROGRESS_MAX - git->logged);
	git->logged += words.size;
	if (words.size)
		log_line("the server says: %b", &words);
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
				fail("%b: the server gives up: %b", &reply->http.url, &piece);
			break;
		case PKT_END:
			band = 0;
			reply->objects = receive->pack.number;
			break;
		case PKT_FLUSH:
			return;
		case PKT_INPUT:
			fail("%b: the pack is cut off", &reply->http.url);
		case PKT_DELIMITER:
		case PKT_RESPONSE_END:
		case PKT_BAD:
			fail("%b: the reply is not git's protocol", &reply->http.url);
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
			fail("%b: the server sent no pack", &reply->http.url);
		if (event == PKT_END &&
			span_equal(line, git->is_old ? SPAN("NAK") : SPAN("packfile")))
			return;
	}
}

static void
pack_fetch(struct git *git, struct receive *receive)
{
	struct text body = {0};
	struct text url = {0};
	struct reply reply;
	want_body(git, &body);
	int32_t status = git_post(git, &reply, &url, &body);
	if (status != 200)
		http_fail(&reply.http, status);
	if (!http_header_is(&reply.http, SPAN("content-type"), SPAN(RESULT_TYPE)))
		fail("%b: there is no git repository that can be fetched", &reply.http.url);
	pack_find(git, &reply);
	bands_read(git, &reply, receive);
	struct span rest;
	if (reply_line(&reply, &rest) != PKT_INPUT)
		fail("%b: more comes behind the pack", &reply.http.url);
	receive_finish(receive);
	reply_end(&reply);
	text_release(&url);
	text_release(&body);
}

static void
url_set(struct git *git)
{
	const struct request *request = git->request;
	if (request->shape == SHAPE_FORGE)
		text_format(&git->url, "%b/%b", &request->base, &request->ref);
	else
		text_add(&git->url, request->ref);
}

void
git_fetch(const struct request *request)
{
	static const struct folder scratch = {NULL, {(const uint8_t *)"scratch", 7}, 0};
	struct git git = {.request = request};
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
	report_identity(SPAN("cab"), text_span(&value));
}
