/* SPDX-License-Identifier: MPL-2.0 */
#include "oci.h"

#include "document.h"
#include "download.h"
#include "heap.h"
#include "http.h"
#include "json.h"
#include "report.h"
#include "unpack.h"

enum { HEX = 64, INPUT_SIZE = 64 << 10 };

/* The image's manifest by its SHA-256, and one way to unpack it. */
#define FORMAT   SPAN("sha256.oci1")
#define PLATFORM "linux/amd64"
#define MEDIA                                                                                      \
	"Accept: application/vnd.oci.image.manifest.v1+json, "                                     \
	"application/vnd.oci.image.index.v1+json, "                                                \
	"application/vnd.docker.distribution.manifest.v2+json, "                                   \
	"application/vnd.docker.distribution.manifest.list.v2+json\n"

struct image {
	const struct request *request;
	struct text *digest; /* of the manifest that came last: "sha256:HEX" */
	struct span manifest;
};

static bool
is_digest(struct span text)
{
	uint8_t sum[32];
	return span_has_prefix(text, "sha256:") && hex_read(span_after(text, 7), sum, sizeof sum);
}

/* A member that is a digest, of a manifest or a layer. */
static struct span
digest_of(const uint8_t *object)
{
	struct span text = json_plain(json_find(object, "digest"));
	if (!is_digest(text))
		fail("a document of the registry names something by no sha256");
	return text;
}

static struct http *
request_start(const struct image *image, const char *kind, struct span name)
{
	struct text *url = text_new("https://");
	struct span path = image->request->ref;
	text_add(url, span_word(&path, '/'));
	text_put(url, "/v2/");
	text_add(url, path);
	text_put(url, kind);
	text_add(url, name);
	struct http *http = http_get(text_span(url), MEDIA);
	text_free(url);
	return http;
}

static void
manifest_get(struct image *image, struct span reference)
{
	uint8_t sum[32];
	image->manifest = http_whole(
		request_start(image, "/manifests/", reference), OCI_DOCUMENT, "manifest");
	hash_once(CAB_HASH_SHA256, image->manifest, sum);
	image->digest = text_new("sha256:");
	text_hex(image->digest, span_of(sum, sizeof sum));
	struct span digest = text_span(image->digest);
	if (is_digest(reference) && !span_equal(reference, digest))
		fail_about("the manifest is another than was asked for: it is", digest);
	document_expect(image->manifest, "manifest");
}

/* "os/architecture" or "os/architecture/variant" of an image in an index. */
static bool
is_platform(const uint8_t *platform, struct span wanted)
{
	static const char *const parts[] = {"os", "architecture", "variant"};
	for (size_t at = 0; at < sizeof parts / sizeof parts[0] && wanted.size; at++) {
		struct span part = json_plain(json_find(platform, parts[at]));
		if (!span_equal(part, span_word(&wanted, '/')))
			return false;
	}
	return true;
}

/* The image for the platform that is wanted, where what came is an index. */
static void
index_resolve(struct image *image)
{
	struct span wanted = image->request->platform;
	const uint8_t *images = json_find(image->manifest.data, "manifests");
	if (!images)
		return;
	if (!wanted.size)
		wanted = SPAN(PLATFORM);
	struct json_walk walk = json_walk(images);
	while (json_next(&walk))
		if (is_platform(json_find(walk.value, "platform"), wanted)) {
			manifest_get(image, digest_of(walk.value));
			return;
		}
	fail_about("the registry has no image for the platform", wanted);
}

static void
image_report(const struct image *image)
{
	report_identity(FORMAT, span_after(text_span(image->digest), 7),
		text_span(&image->request->options));
}

static void
layer_get(const struct image *image, struct span digest, struct unpack *unpack, uint8_t *input)
{
	size_t size;
	int32_t hash = cab_hash_new(CAB_HASH_SHA256);
	struct http *http = request_start(image, "/blobs/", digest);
	unpack_layer(unpack);
	while ((size = http_read(http, input, INPUT_SIZE, 0))) {
		(void)cab_hash_add(hash, input, size);
		unpack_add(unpack, span_of(input, size));
	}
	http_end(http);
	(void)download_sum(hash, SUM_SHA256, span_after(digest, 7),
		"a layer is another than the manifest names: it is");
}

void
oci_fetch(const struct request *request)
{
	struct image image = {.request = request};
	struct output *output = (struct output *)heap_zero(sizeof *output);
	struct span pin = request_pin(request, FORMAT, HEX);
	struct span reference = request->reference.size ? request->reference : SPAN("latest");
	if (pin.size) {
		image.digest = text_new("sha256:");
		text_add(image.digest, pin);
		image_report(&image);
		reference = text_span(image.digest);
		if (!is_digest(reference))
			fail_about("the pin is no digest", pin);
	}
	manifest_get(&image, reference);
	if (!pin.size) {
		index_resolve(&image);
		image_report(&image);
	}
	struct json_walk layers = json_walk(json_find(image.manifest.data, "layers"));
	struct unpack *unpack = unpack_new(output, 0);
	uint8_t *input = (uint8_t *)heap_take(INPUT_SIZE);
	unsigned count = 0;
	while (json_next(&layers)) {
		if (count++ == OCI_LAYERS)
			fail("the image has more than 1000 layers");
		layer_get(&image, digest_of(layers.value), unpack, input);
	}
	if (!count)
		fail("the manifest lists no layers");
	unpack_finish(unpack, request->subpath);
}
