/* SPDX-License-Identifier: MPL-2.0 */
#include "download.h"

#include "archive.h"
#include "gzip.h"
#include "heap.h"
#include "http.h"
#include "report.h"

enum { INPUT_SIZE = 64 << 10, WINDOW_SIZE = 160 << 10 };

struct download {
	const struct request *request;
	const char *kind; /* ".tar1" or ".file1" */
	struct checksum checksum;
	struct text url;
	struct http http;
	int32_t hash;
	uint8_t *input;
};

/* The identity's value, from which a pin is read back. */
static void
sum_value(const struct download *download, struct text *value)
{
	const struct request *request = download->request;
	text_hex(value, span_of(download->checksum.sum, download->checksum.size));
	report_add_subpath(value, request->subpath);
	report_add_strip(value, request->strip);
}

/* "sha256.tar1" */
static void
sum_format(const struct download *download, struct span algorithm, struct text *format)
{
	text_add(format, algorithm);
	text_put(format, download->kind);
}

static void
sum_report(const struct download *download)
{
	struct text format = {0};
	struct text value = {0};
	sum_format(download, download->checksum.name, &format);
	sum_value(download, &value);
	report_identity(text_span(&format), text_span(&value));
}

/* Takes a pinned checksum of one algorithm; it must be of these options, and be what the island's
 * own text says. */
static void
pin_apply(struct download *download, struct span algorithm, size_t digits)
{
	struct text format = {0};
	sum_format(download, algorithm, &format);
	struct span pin = request_pin(download->request, text_span(&format));
	if (pin.size == 0 || pin.data[0] == '~')
		return;
	struct checksum own = download->request->checksum;
	struct text value = {0};
	bool is_read = checksum_read(
		algorithm, span_of(pin.data, size_min(pin.size, digits)), &download->checksum);
	sum_value(download, &value);
	if (!is_read || !span_equal(text_span(&value), pin))
		fail_about("the pin is of other options or another subpath", pin);
	if (own.size == download->checksum.size &&
		memcmp(own.sum, download->checksum.sum, own.size) != 0)
		fail_about("the island has another checksum than the pin", pin);
}

/* A strong ETag names the bytes; with the URL and the options, the output. */
static void
http_report(const struct download *download)
{
	const struct request *request = download->request;
	struct text text = {0};
	struct text tag = {0};
	http_header(&download->http, SPAN("etag"), &tag);
	if (tag.size > 2 && tag.data[0] == '"') {
		text_add(&text, text_span(&download->url));
		text_byte(&text, '\n');
		text_add(&text, text_span(&tag));
		text_byte(&text, '\n');
		text_put(&text, download->kind + 1);
		report_add_subpath(&text, request->subpath);
		report_add_strip(&text, request->strip);
		uint8_t digest[SUM_BLAKE3];
		hash_once(CAB_HASH_BLAKE3, text_span(&text), digest);
		text_clear(&text);
		text_digest(&text, digest);
		report_identity(SPAN("http"), text_span(&text));
	}
	text_release(&text);
	text_release(&tag);
}

static void
download_start(struct download *download, const struct request *request, const char *kind)
{
	*download =
		(struct download){.request = request, .kind = kind, .checksum = request->checksum};
	if (request->revision.size || (request->reference.size && request->shape != SHAPE_REGISTRY))
		fail("an archive or file has no reference and no revision");
	if (request->shape == SHAPE_REGISTRY) {
		if (request->reference.size == 0)
			fail_about(
				"name a version, as in NAME@1.0.0: the newest cannot be found yet",
				request->ref);
		text_add(&download->url, request->base);
		text_byte(&download->url, '/');
		text_add(&download->url, request->ref);
		text_byte(&download->url, '/');
		text_add(&download->url, request->reference);
	} else {
		if (request->shape == SHAPE_ARCHIVE) {
			text_add(&download->url, request->scheme);
			text_byte(&download->url, ':');
		}
		text_add(&download->url, request->ref);
	}
	pin_apply(download, SPAN("sha256"), 64);
	pin_apply(download, SPAN("sha512"), 128);
	if (download->checksum.size)
		sum_report(download);
	int32_t status =
		http_start(&download->http, "GET", text_span(&download->url), SPAN(""), SPAN(""));
	if (status != 200)
		fail_number("HTTP status", (uint64_t)status);
	if (download->checksum.size == 0 && request->shape != SHAPE_REGISTRY)
		http_report(download);
	download->hash = cab_hash_new(
		download->checksum.size ? download->checksum.algorithm : CAB_HASH_SHA256);
	download->input = (uint8_t *)heap_take(INPUT_SIZE);
}

/* The next bytes, hashed; an empty span at the end. */
static struct span
download_read(struct download *download)
{
	size_t size = http_read(&download->http, download->input, INPUT_SIZE, 0);
	(void)cab_hash_add(download->hash, download->input, size);
	return span_of(download->input, size);
}

static void
download_end(struct download *download)
{
	struct checksum *checksum = &download->checksum;
	uint8_t sum[SUM_MAX];
	hash_end(download->hash, sum);
	http_end(&download->http);
	if (checksum->size == 0) {
		*checksum = (struct checksum){
			.algorithm = CAB_HASH_SHA256, .name = SPAN("sha256"), .size = 32};
		memcpy(checksum->sum, sum, checksum->size);
		sum_report(download);
	} else if (memcmp(sum, checksum->sum, checksum->size) != 0) {
		struct text have = {0};
		text_hex(&have, span_of(sum, checksum->size));
		text_put(&have, ", not ");
		text_hex(&have, span_of(checksum->sum, checksum->size));
		fail_about("the checksum differs: it is", text_span(&have));
	}
}

struct unpacking {
	struct inflate_window window;
	bool is_zipped;
	bool is_between; /* two members of the gzip file */
	struct gzip gzip;
	struct archive archive;
};

/* Refuses by name what is known but not built, and whatever else it may be. */
static bool
is_gzip(struct span first)
{
	if (span_has_prefix(first, SPAN("\x1f\x8b")))
		return true;
	const char *name = span_has_prefix(first, SPAN("\xfd"))               ? "xz"
			   : span_has_prefix(first, SPAN("\x28\xb5\x2f\xfd")) ? "zstd"
			   : span_has_prefix(first, SPAN("BZh"))              ? "bzip2"
			   : span_has_prefix(first, SPAN("PK\x03\x04"))       ? "zip"
									      : NULL;
	if (name)
		fail_in("this kind of archive cannot be unpacked yet", name);
	if (first.size < TAR_BLOCK || !tar_is_header(first.data))
		fail("what came is no archive: neither tar nor tar.gz");
	return false;
}

static void
unpack_add(struct unpacking *unpacking, struct span bytes)
{
	struct inflate_window *window = &unpacking->window;
	if (!unpacking->is_zipped) {
		archive_add(&unpacking->archive, bytes);
		return;
	}
	while (bytes.size) {
		size_t before = window->used;
		enum gzip_status status = gzip_step(&unpacking->gzip, &bytes, window);
		if (status == GZIP_BAD)
			fail_in("gzip", unpacking->gzip.sentence);
		archive_add(
			&unpacking->archive, span_of(window->data + before, window->used - before));
		unpacking->is_between = status == GZIP_DONE;
		if (window->capacity - window->used < WINDOW_SIZE / 4)
			inflate_slide(window);
	}
}

/* The first block, from as many pieces as it takes, and what of the last one lies behind it. */
static size_t
first_read(struct download *download, uint8_t first[TAR_BLOCK], struct span *rest_out)
{
	size_t size = 0;
	struct span bytes;
	do {
		bytes = download_read(download);
		size_t some = size_min(bytes.size, TAR_BLOCK - size);
		memcpy(first + size, bytes.data, some);
		size += some;
		*rest_out = span_from(bytes, some);
	} while (bytes.size && size < TAR_BLOCK);
	if (rest_out->size == 0)
		*rest_out = download_read(download);
	return size;
}

void
download_archive(const struct request *request)
{
	struct download download;
	struct output output = {0};
	struct unpacking *unpacking = (struct unpacking *)heap_take(sizeof *unpacking);
	download_start(&download, request, ".tar1");
	gzip_start(&unpacking->gzip);
	unpacking->window =
		(struct inflate_window){(uint8_t *)heap_take(WINDOW_SIZE), 0, WINDOW_SIZE};
	archive_start(&unpacking->archive, &output, request->strip);

	uint8_t first[TAR_BLOCK];
	struct span rest;
	size_t first_size = first_read(&download, first, &rest);
	unpacking->is_zipped = is_gzip(span_of(first, first_size));
	unpack_add(unpacking, span_of(first, first_size));
	while (rest.size) {
		unpack_add(unpacking, rest);
		rest = download_read(&download);
	}
	download_end(&download);
	if (unpacking->is_zipped && !unpacking->is_between)
		fail_in("gzip", "the file is cut off");
	archive_finish(&unpacking->archive, request->subpath);

	struct text value = {0};
	archive_hash(&unpacking->archive, &value);
	report_cab(&value);
}

void
download_file(const struct request *request)
{
	struct download download;
	struct output output = {0};
	uint8_t digest[SUM_BLAKE3];
	if (request->subpath.size || request->strip != STRIP_AUTO)
		fail("a file has no subpath and no strip");
	download_start(&download, request, ".file1");
	int32_t fd = file_create(&output, NULL, SPAN("out"));
	struct span bytes;
	while ((bytes = download_read(&download)).size)
		file_write(&output, fd, bytes);
	file_finish(fd, false, digest);
	download_end(&download);

	struct text value = {0};
	text_byte(&value, 'f');
	text_digest(&value, digest);
	report_cab(&value);
}
