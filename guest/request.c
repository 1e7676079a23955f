/* SPDX-License-Identifier: MPL-2.0 */
#include "request.h"

#include "heap.h"

struct scheme {
	struct span text;
	struct span base;
	enum scheme_shape shape;
};

static const struct scheme schemes[] = {
#define SCHEME(name, text, shape, base, redirects, formats)                                        \
	{{(const uint8_t *)text, sizeof text - 1}, {(const uint8_t *)base, sizeof base - 1},       \
		SHAPE_##shape},
#include "island/scheme_list.h"
};

static const struct scheme *
scheme_find(struct span text)
{
	for (size_t at = 0; at < sizeof schemes / sizeof schemes[0]; at++)
		if (span_equal(schemes[at].text, text) && schemes[at].shape != SHAPE_LOCAL)
			return &schemes[at];
	fail_about("no scheme of this program", text);
}

bool
checksum_read(struct span algorithm, struct span hex, struct checksum *out)
{
	if (span_equal(algorithm, SPAN("sha256")))
		*out = (struct checksum){CAB_HASH_SHA256, SPAN("sha256"), 32, {0}};
	else if (span_equal(algorithm, SPAN("sha512")))
		*out = (struct checksum){CAB_HASH_SHA512, SPAN("sha512"), 64, {0}};
	else
		return false;
	return hex_read(hex, out->sum, out->size);
}

static void
checksum_argument(struct request *request, struct span value)
{
	struct span hex = value;
	struct span algorithm = span_word(&hex, '-');
	if (!checksum_read(algorithm, hex, &request->checksum))
		fail_about("no sha256-HEX or sha512-HEX", value);
}

static void
option_read(struct request *request, struct span argument)
{
	static const struct {
		struct span key;
		size_t field;
	} texts[] = {
		{{(const uint8_t *)"base", 4}, offsetof(struct request, base)},
		{{(const uint8_t *)"reference", 9}, offsetof(struct request, reference)},
		{{(const uint8_t *)"revision", 8}, offsetof(struct request, revision)},
		{{(const uint8_t *)"subpath", 7}, offsetof(struct request, subpath)},
	};
	struct span value = argument;
	struct span key = span_word(&value, '=');
	uint64_t number;
	for (size_t at = 0; at < sizeof texts / sizeof texts[0]; at++)
		if (span_equal(key, texts[at].key)) {
			*(struct span *)(void *)((uint8_t *)request + texts[at].field) = value;
			return;
		}
	if (span_equal(key, SPAN("checksum")))
		checksum_argument(request, value);
	else if (span_equal(key, SPAN("strip")) && number_read(value, &number) &&
		 number <= STRIP_MAX)
		request->strip = (uint8_t)number;
	else if (span_equal(key, SPAN("submodules")))
		fail("submodules cannot be fetched yet");
	else
		fail_about("an argument that this program does not know", argument);
}

/* A subpath is names between slashes: what the lock, the identities and the walk agree on. */
static void
subpath_check(struct span subpath)
{
	struct span rest = subpath;
	while (rest.size) {
		struct span name = span_word(&rest, '/');
		if (name.size == 0 || span_equal(name, SPAN(".")) || span_equal(name, SPAN("..")))
			fail_about("the subpath is not names between slashes", subpath);
	}
	if (subpath.size && subpath.data[subpath.size - 1] == '/')
		fail_about("the subpath is not names between slashes", subpath);
}

/* The first '@' behind a URL's host: names of tags hold '@' far more often than paths do. */
static void
reference_split(struct request *request)
{
	struct span ref = request->ref;
	size_t start = 0;
	if (request->shape == SHAPE_GIT) {
		size_t colon = span_find(ref, ':');
		start = size_min(colon + 3, ref.size);
		start += span_find(span_from(ref, start), '/');
	}
	size_t at = start + span_find(span_from(ref, start), '@');
	if (at < ref.size) {
		if (request->reference.size)
			fail_about("two references", ref);
		request->reference = span_from(ref, at + 1);
	}
	while (at && ref.data[at - 1] == '/')
		at--;
	request->ref = span_of(ref.data, at);
}

/* The arguments or the environment as a list of texts, which stay. */
static char **
texts_read(int32_t sizes(size_t *, size_t *), int32_t get(char **, char *), size_t *count_out)
{
	size_t size = 0;
	if (sizes(count_out, &size) != 0)
		fail("the arguments cannot be read");
	char **texts = (char **)heap_take(*count_out * sizeof *texts);
	if (get(texts, (char *)heap_take(size)) != 0)
		fail("the arguments cannot be read");
	return texts;
}

static void
pins_read(struct request *request)
{
	size_t count;
	char **variables = texts_read(wasi_environ_sizes_get, wasi_environ_get, &count);
	while (count--) {
		struct span value = span_text(variables[count]);
		struct span name = span_word(&value, '=');
		if (span_equal(name, SPAN("CAB_PIN")))
			request->pins = value;
	}
}

void
request_read(struct request *request)
{
	size_t count;
	char **arguments = texts_read(wasi_args_sizes_get, wasi_args_get, &count);
	if (count < 3)
		fail("the arguments are not a scheme, a ref, and KEY=VALUE");
	const struct scheme *scheme = scheme_find(span_text(arguments[1]));
	*request = (struct request){.shape = scheme->shape,
		.scheme = scheme->text,
		.base = scheme->base,
		.ref = span_text(arguments[2]),
		.strip = STRIP_AUTO};
	for (size_t at = 3; at < count; at++)
		option_read(request, span_text(arguments[at]));
	subpath_check(request->subpath);
	if (request->shape != SHAPE_ARCHIVE && request->shape != SHAPE_FILE)
		reference_split(request);
	pins_read(request);
}

struct span
request_pin(const struct request *request, struct span format)
{
	struct span rest = request->pins;
	while (rest.size) {
		struct span value = span_word(&rest, '\n');
		struct span word = span_word(&value, ' ');
		if (span_equal(word, format))
			return value;
	}
	return span_of(NULL, 0);
}
