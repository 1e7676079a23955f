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
	const char *kind; /* "tar1" or "file1" */
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
	if (request->strip != STRIP_AUTO)
		text_format(value, "+strip=%u", (uint64_t)request->strip);
}

static void
sum_report(const struct download *download)
{
	struct text format = {0};
	struct text value = {0};
	text_format(&format, "%b.%s", &download->checksum.name, download->kind);
	sum_value(download, &value);
	report_identity(text_span(&format), text_span(&value));
	text_release(&format);
	text_release(&value);
}

/* Takes a pinned checksum of one algorithm; it must be of these options, and be what the island's
 * own text says. */
static void
pin_apply(struct download *download, struct span algorithm, size_t digits)
{
	struct text format = {0};
	text_format(&format, "%b.%s", &algorithm, download->kind);
	struct span pin = request_pin(download->request, text_span(&format));
	text_release(&format);
	struct download pinned = *download;
	if (pin.size == 0 || pin.data[0] == '~')
		return;
	if (!checksum_read(
		    algorithm, span_of(pin.data, size_min(pin.size, digits)), &pinned.checksum))
		fail("the pin is no checksum: %b", &pin);
	struct text value = {0};
	sum_value(&pinned, &value);
	if (!span_equal(text_span(&value), pin))
		fail("the pin is of other options or another subpath: %b", &pin);
	text_release(&value);
	const struct checksum *own = &download->request->checksum;
	if (own->size == pinned.checksum.size &&
		memcmp(own->sum, pinned.checksum.sum, own->size) != 0)
		fail("the pin's checksum is not the island's: %b", &pin);
	if (own->size == 0)
		download->checksum = pinned.checksum;
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
		struct span url = text_span(&download->url);
		struct span strong = text_span(&tag);
		text_format(&text, "%b\n%b\n%s", &url, &strong, download->kind);
		report_add_subpath(&text, request->subpath);
		if (request->strip != STRIP_AUTO)
			text_format(&text, "+strip=%u", (uint64_t)request->strip);
		uint8_t digest[SUM_BLAKE3];
		(void)cab_hash(CAB_HASH_BLAKE3, text.data, text.size, digest);
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
	if (request->reference.size && request->shape != SHAPE_REGISTRY)
		fail("an archive or file has no reference");
	if (request->revision.size)
		fail("an archive or file has no revision");
	if (request->shape == SHAPE_REGISTRY) {
		if (request->reference.size == 0)
			fail("%b: name a version, as in %b@1.0.0: the newest one cannot be found "
			     "yet",
				&request->ref, &request->ref);
		text_format(&download->url, "%b/%b/%b", &request->base, &request->ref,
			&request->reference);
	} else {
		if (request->shape == SHAPE_ARCHIVE)
			text_format(&download->url, "%b:", &request->scheme);
		text_add(&download->url, request->ref);
	}
	pin_apply(download, SPAN("sha256"), 64);
	pin_apply(download, SPAN("sha512"), 128);
	if (download->checksum.size)
		sum_report(download);
	int32_t status = http_start(&download->http, SPAN("GET"), text_span(&download->url),
		SPAN("Accept-Encoding: identity\n"), SPAN(""));
	if (status != 200)
		http_fail(&download->http, status);
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
	int32_t size = cab_hash_finish(download->hash, sum);
	http_end(&download->http);
	if (size <= 0)
		fail("the host cannot hash");
	if (checksum->size == 0) {
		*checksum = (struct checksum){
			.algorithm = CAB_HASH_SHA256, .name = SPAN("sha256"), .size = (size_t)size};
		memcpy(checksum->sum, sum, checksum->size);
		sum_report(download);
	} else if (memcmp(sum, checksum->sum, checksum->size) != 0) {
		struct text want = {0};
		struct text have = {0};
		text_hex(&want, span_of(checksum->sum, checksum->size));
		text_hex(&have, span_of(sum, checksum->size));
		fail("%b: the checksum differs: %b was to come, %b came", &download->http.url,
			&(struct span){want.data, want.size}, &(struct span){have.data, have.size});
	}
}

struct unpacking {
	struct archive archive;
	struct gzip gzip;
	struct inflate_window window;
	bool is_zipped;
	bool is_between; /* two members of the gzip file */
};

/* Refuses by name what is known but not built, and whatever else it may be. */
static bool
is_gzip(struct span first)
{
	static const struct {
		const char *magic;
		const char *name;
	} others[] = {
		{"\xfd"
		 "7zXZ",
			"an xz file"},
		{"\x28\xb5\x2f\xfd", "a zstd file"},
		{"BZh", "a bzip2 file"},
		{"PK\x03\x04", "a zip file"},
	};
	if (span_has_prefix(first, SPAN("\x1f\x8b")))
		return true;
	for (size_t at = 0; at < sizeof others / sizeof others[0]; at++)
		if (span_has_prefix(first, span_text(others[at].magic)))
			fail("the archive is %s, which cannot be unpacked yet", others[at].name);
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
			fail("%s", unpacking->gzip.sentence);
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
	download_start(&download, request, "tar1");
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
		fail("gzip: the file is cut off");
	archive_finish(&unpacking->archive, request->subpath);

	struct text value = {0};
	archive_hash(&unpacking->archive, &value);
	report_identity(SPAN("cab"), text_span(&value));
}

void
download_file(const struct request *request)
{
	struct download download;
	struct output output = {0};
	uint8_t digest[SUM_BLAKE3];
	if (request->subpath.size || request->strip != STRIP_AUTO)
		fail("a file has no subpath and no strip");
	download_start(&download, request, "file1");
	int32_t fd = file_create(&output, NULL, SPAN("out"));
	struct span bytes;
	while ((bytes = download_read(&download)).size)
		file_write(&output, fd, bytes);
	file_finish(fd, false, digest);
	download_end(&download);

	struct text value = {0};
	text_byte(&value, 'f');
	text_digest(&value, digest);
	report_identity(SPAN("cab"), text_span(&value));
}
