/* SPDX-License-Identifier: MPL-2.0 */
#include "lfs.h"

#include "document.h"
#include "heap.h"
#include "http.h"
#include "json.h"

enum { INPUT_SIZE = 64 << 10, MESSAGE_MAX = 256 };

#define HEAD    "version https://git-lfs.github.com/spec/v1\noid sha256:"
#define MEDIA   "application/vnd.git-lfs+json\n"
#define ANSWER  "an answer on objects of LFS"
#define HEADERS "Accept: " MEDIA "Content-Type: " MEDIA

/* A file that an object becomes. */
struct place {
	struct place *next;
	const struct folder *folder;
	struct span name;
	bool executable;
};

struct pointer {
	uint8_t oid[SUM_ID];
	uint64_t size;
	struct place *places;
	struct pointer *next;
	const uint8_t *answer; /* the server's word on it; or NULL */
	struct http *http;     /* its content, once it is asked for */
};

static _Noreturn void
pointer_fail(struct output *output, const struct pointer *pointer, const char *sentence)
{
	struct text *what = text_new("");
	text_hex(what, span_of(pointer->oid, sizeof pointer->oid));
	text_byte(what, ' ');
	text_add(what, output_path(output, pointer->places->folder, pointer->places->name));
	fail_about(sentence, text_span(what));
}

/* A number that is too large for one is the largest. */
static bool
size_read(struct span digits, uint64_t *size_out)
{
	*size_out = UINT64_MAX;
	return span_number(digits, size_out) || span_is_digits(digits);
}

static bool
pointer_read(struct span content, uint8_t oid_out[SUM_ID], uint64_t *size_out)
{
	struct span rest = span_from(content, sizeof HEAD - 1);
	struct span hex = span_word(&rest, '\n');
	struct span line = span_word(&rest, '\n');
	return span_has_prefix(content, HEAD) && hex_read(hex, oid_out, SUM_ID) &&
	       span_has_prefix(line, "size ") && !rest.size &&
	       content.data[content.size - 1] == '\n' && size_read(span_after(line, 5), size_out);
}

bool
lfs_note(struct lfs *lfs, struct output *output, struct span content, const struct folder *folder,
	struct span name, bool executable)
{
	uint8_t oid[SUM_ID];
	uint64_t size;
	if (!pointer_read(content, oid, &size))
		return false;
	void **slot = table_slot(&lfs->table, oid);
	struct pointer *pointer = (struct pointer *)*slot;
	if (!pointer) {
		pointer = (struct pointer *)heap_zero(sizeof *pointer);
		memcpy(pointer->oid, oid, sizeof oid);
		pointer->size = size;
		pointer->next = lfs->first;
		lfs->first = pointer;
		*slot = pointer;
		lfs->table.count++;
	}
	struct place *place = (struct place *)heap_take(sizeof *place);
	*place = (struct place){pointer->places, folder, name, executable};
	pointer->places = place;
	if (size > OUTPUT_BYTES)
		pointer_fail(output, pointer, "an object of LFS is larger than 8 GiB");
	if (size != pointer->size)
		pointer_fail(output, pointer, "two pointers give an object of LFS two sizes");
	if (lfs->table.count > LFS_OBJECTS)
		fail("more than 10000 objects of LFS");
	return true;
}

/* Ends the program with what the server says. */
static _Noreturn void
pointer_refused(struct output *output, const struct pointer *pointer, struct span message)
{
	struct text *text = text_new("the server does not give an object of LFS (");
	text_add(text, span_of(message.data, size_min(message.size, MESSAGE_MAX)));
	text_byte(text, ')');
	pointer_fail(output, pointer, (const char *)text->data);
}

/* Asks for what the server says of it. */
static void
content_open(struct output *output, struct pointer *pointer)
{
	if (!pointer->answer)
		pointer_fail(output, pointer, "the server's answer is without an object of LFS");
	const uint8_t *error = json_find(pointer->answer, "error");
	const uint8_t *action = json_find(json_find(pointer->answer, "actions"), "download");
	struct span url = document_string(json_find(action, "href"));
	struct json_walk walk = json_walk(json_find(action, "header"));
	struct text *headers = text_new("");
	if (json_inside(error)) {
		struct span message = document_string(json_find(error, "message"));
		if (!message.size)
			message = json_plain(json_find(error, "code"));
		pointer_refused(output, pointer, message);
	}
	if (!url_is_http(url))
		pointer_fail(output, pointer, "the server names no URL of an object of LFS");
	while (json_next(&walk)) {
		text_add(headers, walk.key);
		text_put(headers, ": ");
		text_add(headers, document_string(walk.value));
		text_byte(headers, '\n');
	}
	pointer->http = http_open(url, (const char *)headers->data, span_of(NULL, 0));
	text_free(headers);
}

static void
pointer_fetch(struct output *output, const struct pointer *pointer)
{
	const struct place *first = pointer->places;
	uint8_t sum[SUM_BLAKE3];
	uint64_t left = pointer->size;
	uint8_t *input = (uint8_t *)heap_take(INPUT_SIZE);
	size_t size;
	struct http *http = pointer->http;
	http_await(http);
	if (http->status != 200) {
		uint8_t digits[DIGITS];
		size_t at = number_digits(digits, (uint64_t)http->status);
		pointer_refused(output, pointer, span_of(digits + at, DIGITS - at));
	}
	int32_t hash = cab_hash_new(CAB_HASH_SHA256);
	int32_t fd = file_create(output, first->folder, first->name);
	while ((size = http_read(http, input, INPUT_SIZE, 0))) {
		if (size > left)
			pointer_fail(output, pointer,
				"an object of LFS is longer than its pointer says");
		left -= size;
		(void)cab_hash_add(hash, input, size);
		file_write(output, fd, span_of(input, size));
	}
	http_end(http);
	heap_give(input, INPUT_SIZE);
	hash_end(hash, sum);
	if (left)
		pointer_fail(output, pointer, "an object of LFS is shorter than its pointer says");
	if (memcmp(sum, pointer->oid, sizeof sum) != 0)
		pointer_fail(output, pointer, "an object of LFS is another than its pointer names");
	file_finish(fd, first->executable, sum);
	for (const struct place *place = first->next; place; place = place->next)
		file_copy(output, first->folder, first->name, place->folder, place->name,
			pointer->size, place->executable);
}

/* Asks for the first ones; those that are left. */
static struct pointer *
batch_fetch(struct lfs *lfs, struct output *output, struct span url, struct pointer *first)
{
	struct text *body =
		text_new("{\"operation\":\"download\",\"transfers\":[\"basic\"],\"objects\":[");
	struct pointer *end = first;
	for (size_t asked = 0; end && asked < LFS_BATCH; asked++, end = end->next) {
		text_put(body, asked ? ",{\"oid\":\"" : "{\"oid\":\"");
		text_hex(body, span_of(end->oid, sizeof end->oid));
		text_put(body, "\",\"size\":");
		text_number(body, end->size);
		text_byte(body, '}');
	}
	text_put(body, "]}");
	struct http *http = http_start(url, HEADERS, text_span(body));
	http_expect(http);
	text_free(body);
	struct span answer = http_whole(http, LFS_ANSWER, ANSWER);
	document_expect(answer, ANSWER);
	struct json_walk walk = json_walk(json_find(answer.data, "objects"));
	while (json_next(&walk)) {
		uint8_t oid[SUM_ID];
		struct span hex = document_string(json_find(walk.value, "oid"));
		struct pointer *pointer = NULL;
		if (hex_read(hex, oid, sizeof oid))
			pointer = (struct pointer *)*table_slot(&lfs->table, oid);
		if (pointer)
			pointer->answer = walk.value;
	}
	struct pointer *ahead = first;
	unsigned count = 0;
	for (struct pointer *at = first; at != end; at = at->next) {
		for (; ahead != end && count < LFS_AHEAD &&
			(ahead == at || ahead->size <= LFS_SMALL);
			ahead = ahead->next, count++)
			content_open(output, ahead);
		pointer_fetch(output, at);
		count--;
	}
	return end;
}

void
lfs_fetch(struct lfs *lfs, struct output *output, struct span url)
{
	struct text *batch = text_new("");
	struct pointer *next = lfs->first;
	if (!next)
		return;
	if (!url_is_http(url))
		fail_about("objects of LFS come by http and https alone", url);
	while (url.data[url.size - 1] == '/')
		url.size--;
	text_add(batch, url);
	if (!span_is(span_after(url, url.size - 4), ".git"))
		text_put(batch, ".git");
	text_put(batch, "/info/lfs/objects/batch");
	while (next)
		next = batch_fetch(lfs, output, text_span(batch), next);
}
