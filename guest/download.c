/* SPDX-License-Identifier: MPL-2.0 */
#include "download.h"

#include "feature.h"
#include "heap.h"
#include "http.h"
#include "registry.h"
#include "report.h"
#include "unpack.h"

enum { INPUT_SIZE = 64 << 10 };
#define DIFFERS "the checksum differs: it is"

struct download {
	const struct request *request;
	const char *kind; /* ".tar1" or ".file1" */
	bool is_named;    /* by something that was known before its bytes */
	struct checksum checksum;
	struct text url;
	struct http *http;
	int32_t hash;
	struct span sha1; /* what a registry says where it says no better sum; or empty */
	int32_t sha1_hash;
	uint8_t *input;
};

/* "sha256.tar1" */
static struct text *
sum_format(const struct download *download, struct span name)
{
	struct text *format = text_new("");
	text_add(format, name);
	text_put(format, download->kind);
	return format;
}

static void
sum_report(const struct download *download)
{
	report_identity(text_span(sum_format(download, download->checksum.name)),
		download->checksum.hex, text_span(&download->request->options));
}

/* Takes a pinned checksum of one algorithm; it must be what the island's own text says. */
static void
pin_apply(struct download *download, struct span name)
{
	const struct request *request = download->request;
	struct span pin = request_pin(
		request, text_span(sum_format(download, name)), 2 * checksum_size(name));
	if (pin.size == 0)
		return;
	if (!checksum_set(&download->checksum, name, pin) ||
		(request->checksum.hex.size == pin.size && !span_equal(request->checksum.hex, pin)))
		fail_about("the island has another checksum or revision than the pin", pin);
}

/* What the server says that names the bytes; with the URL and the options, the output. */
static void
http_report(struct download *download, struct span format, struct span name)
{
	struct text *text = text_new("");
	download->is_named = true;
	text_add(text, text_span(&download->url));
	text_byte(text, '\n');
	text_add(text, name);
	text_byte(text, '\n');
	text_put(text, download->kind + 1);
	text_add(text, text_span(&download->request->options));
	uint8_t digest[SUM_BLAKE3];
	hash_once(CAB_HASH_BLAKE3, text_span(text), digest);
	text_clear(text);
	text_digest(text, digest);
	report_identity(format, text_span(text), span_of(NULL, 0));
}

/* A strong ETag; a weak one names no bytes. */
static void
etag_report(struct download *download)
{
	const struct text *tag = http_header(download->http, "etag");
	if (tag->size > 2 && tag->data[0] == '"')
		http_report(download, SPAN("http"), text_span(tag));
}

static struct download *
download_start(const struct request *request, const char *kind)
{
	struct download *download = (struct download *)heap_zero(sizeof *download);
	bool is_registry = request->shape == SHAPE_REGISTRY;
	const char *headers = "";
	download->request = request;
	download->kind = kind;
	download->checksum = request->checksum;
	if (!is_registry)
		request_url(request, &download->url);
	pin_apply(download, SPAN("sha256"));
	pin_apply(download, SPAN("sha512"));
	bool is_known = download->checksum.hex.size;
	if (is_known)
		sum_report(download);
	if (is_registry) {
		headers = registry_find(
			request, &download->checksum, &download->sha1, &download->url);
		if (!is_known && download->checksum.hex.size) {
			is_known = true;
			sum_report(download);
		}
	}
	download->http = http_get(text_span(&download->url), headers);
	download->is_named = is_known || is_registry;
	if (!download->is_named)
		etag_report(download);
	if (!is_known)
		download->checksum.name = SPAN("sha256");
	download->hash = cab_hash_new(
		checksum_size(download->checksum.name) == 32 ? CAB_HASH_SHA256 : CAB_HASH_SHA512);
	if (feature_whole && download->sha1.size)
		download->sha1_hash = cab_hash_new(CAB_HASH_SHA1);
	download->input = (uint8_t *)heap_take(INPUT_SIZE);
	return download;
}

/* The next bytes, hashed, which lie in the input; 0 at the end. */
static size_t
download_read(struct download *download)
{
	size_t size = http_read(download->http, download->input, INPUT_SIZE, 0);
	(void)cab_hash_add(download->hash, download->input, size);
	if (feature_whole && download->sha1.size)
		(void)cab_hash_add(download->sha1_hash, download->input, size);
	return size;
}

struct text *
download_sum(int32_t hash, size_t size, struct span expected, const char *sentence)
{
	uint8_t sum[SUM_MAX];
	struct text *hex = text_new("");
	hash_end(hash, sum);
	text_hex(hex, span_of(sum, size));
	if (expected.size && !span_equal(text_span(hex), expected)) {
		text_put(hex, ", not ");
		text_add(hex, expected);
		fail_about(sentence, text_span(hex));
	}
	return hex;
}

static void
download_end(struct download *download)
{
	struct checksum *checksum = &download->checksum;
	if (feature_whole && download->sha1.size)
		(void)download_sum(download->sha1_hash, SUM_SHA1, download->sha1, DIFFERS);
	const struct text *hex =
		download_sum(download->hash, checksum_size(checksum->name), checksum->hex, DIFFERS);
	if (checksum->hex.size)
		return;
	checksum->hex = text_span(hex);
	sum_report(download);
}

void
download_archive(const struct request *request)
{
	struct output *output = (struct output *)heap_zero(sizeof *output);
	struct download *download = download_start(request, ".tar1");
	struct unpack *unpack = unpack_new(output, request->strip);
	size_t size;
	while ((size = download_read(download))) {
		unpack_add(unpack, span_of(download->input, size));
		struct span revision = unpack_revision(unpack);
		if (revision.size && !download->is_named)
			http_report(download, SPAN("http-git"), revision);
	}
	download_end(download);
	unpack_finish(unpack, request->subpath);
}

void
download_file(const struct request *request)
{
	struct output *output = (struct output *)heap_zero(sizeof *output);
	uint8_t digest[SUM_BLAKE3];
	struct download *download = download_start(request, ".file1");
	int32_t fd = file_create(output, NULL, SPAN("out"));
	size_t size;
	while ((size = download_read(download)))
		file_write(output, fd, span_of(download->input, size));
	file_finish(fd, false, digest);
	download_end(download);
	report_cab('f', digest);
}
