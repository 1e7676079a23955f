/* SPDX-License-Identifier: MPL-2.0 */
#include "request.h"

#include "feature.h"
#include "heap.h"

#define UNKNOWN      "an argument that this scheme does not know"
#define NO_ARGUMENTS "the arguments cannot be read"

/* Local islands have no derivation, so no row here. */
#define ROW_FORGE(text, base)    {text, base, SHAPE_FORGE},
#define ROW_GIT(text, base)      {text, base, SHAPE_GIT},
#define ROW_ARCHIVE(text, base)  {text, base, SHAPE_ARCHIVE},
#define ROW_FILE(text, base)     {text, base, SHAPE_FILE},
#define ROW_REGISTRY(text, base) {text, base, SHAPE_REGISTRY},
#define ROW_OCI(text, base)      {text, base, SHAPE_OCI},
#define ROW_LOCAL(text, base)

static const struct scheme {
	const char *text;
	const char *base;
	enum scheme_shape shape;
} schemes[] = {
#define SCHEME(name, text, shape, base, redirects, formats) ROW_##shape(text, base)
#include "island/scheme_list.h"
};

static void
scheme_read(struct request *request, struct span text)
{
	for (size_t at = 0; at < sizeof schemes / sizeof schemes[0]; at++)
		if (span_is(text, schemes[at].text)) {
			request->shape = schemes[at].shape;
			request->base = span_text(schemes[at].base);
			return;
		}
	fail_about("no scheme of this program", text);
}

size_t
checksum_size(struct span name)
{
	return span_is(name, "sha256") ? 32 : span_is(name, "sha512") ? 64 : 0;
}

bool
checksum_set(struct checksum *checksum, struct span name, struct span hex)
{
	uint8_t sum[SUM_MAX];
	size_t size = checksum_size(name);
	*checksum = (struct checksum){name, hex};
	return size && hex_read(hex, sum, size);
}

/* What may be given, and to which shapes; a span of the request takes its value, but for the last
 * ones. */
enum {
	OF_GIT = 1 << SHAPE_FORGE | 1 << SHAPE_GIT,
	OF_ARCHIVE = 1 << SHAPE_ARCHIVE | 1 << SHAPE_REGISTRY
};
static const struct option {
	const char *key;
	uint8_t shapes;
	uint8_t field;
} known_options[] = {
	{"base", 0xff, offsetof(struct request, base)},
	{"lfs", OF_GIT, offsetof(struct request, lfs)},
	{"platform", 1 << SHAPE_OCI, offsetof(struct request, platform)},
	{"reference", OF_GIT | 1 << SHAPE_REGISTRY, offsetof(struct request, reference)},
	{"revision", OF_GIT, offsetof(struct request, revision)},
	{"submodules", OF_GIT, offsetof(struct request, submodules)},
	{"subpath", OF_GIT | OF_ARCHIVE | 1 << SHAPE_OCI, offsetof(struct request, subpath)},
	{"checksum", OF_ARCHIVE | 1 << SHAPE_FILE, offsetof(struct request, checksum_text)},
	{"since", OF_GIT, offsetof(struct request, since)},
	{"strip", OF_ARCHIVE, offsetof(struct request, strip_text)},
	{"versions", OF_GIT | 1 << SHAPE_REGISTRY, offsetof(struct request, versions)},
};

static void
option_read(struct request *request, struct span argument)
{
	struct span value = argument;
	struct span key = span_word(&value, '=');
	for (size_t at = 0; at < sizeof known_options / sizeof known_options[0]; at++)
		if (span_is(key, known_options[at].key) &&
			known_options[at].shapes >> request->shape & 1) {
			*(struct span *)(void *)((uint8_t *)request + known_options[at].field) =
				value;
			return;
		}
	fail_about(UNKNOWN, argument);
}

static void
checksum_read(struct request *request)
{
	struct span hex = request->checksum_text;
	if (!hex.data)
		return;
	struct span name = span_word(&hex, '-');
	if (!checksum_set(&request->checksum, name, hex))
		fail_about("no sha256-HEX or sha512-HEX", request->checksum_text);
}

static void
truth_write(struct text *options, struct span value, const char *option)
{
	if (!value.data)
		return;
	if (!span_is(value, "true"))
		fail_about(UNKNOWN, value);
	text_put(options, option);
}

/* A subpath is names between slashes: what the lock, the identities and the walk agree on. */
static void
options_write(struct request *request)
{
	struct text *options = &request->options;
	struct span rest = request->subpath;
	if (rest.size) {
		text_byte(options, ':');
		text_percent(options, rest);
		if (!span_is_path(rest))
			fail_about("the subpath is not names between slashes", rest);
	}
	if (feature_whole) {
		truth_write(options, request->submodules, "+submodules");
		truth_write(options, request->lfs, "+lfs");
	}
	request->strip = STRIP_AUTO;
	if (request->strip_text.data) {
		uint64_t number;
		if (!span_number(request->strip_text, &number) || number > STRIP_MAX)
			fail_about(UNKNOWN, request->strip_text);
		request->strip = (uint8_t)number;
		text_put(options, "+strip=");
		text_number(options, number);
	}
}

/* The first '@' behind a URL's host: names of tags hold '@' far more often than paths do. */
static void
reference_split(struct request *request)
{
	struct span ref = request->ref;
	/* A scope of npm begins with one that is none. */
	size_t start = span_has_prefix(ref, "@");
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
		fail(NO_ARGUMENTS);
	char **texts = (char **)heap_take(*count_out * sizeof *texts);
	if (get(texts, (char *)heap_take(size)) != 0)
		fail(NO_ARGUMENTS);
	return texts;
}

const char *
environment_find(const char *name)
{
	size_t count;
	char **variables = texts_read(wasi_environ_sizes_get, wasi_environ_get, &count);
	while (count--) {
		struct span value = span_text(variables[count]);
		if (span_is(span_word(&value, '='), name))
			return (const char *)value.data;
	}
	return "";
}

const struct request *
request_read(void)
{
	struct request *request = (struct request *)heap_zero(sizeof *request);
	size_t count;
	char **arguments = texts_read(wasi_args_sizes_get, wasi_args_get, &count);
	if (count < 3)
		fail(NO_ARGUMENTS);
	request->scheme = span_text(arguments[1]);
	request->ref = span_text(arguments[2]);
	scheme_read(request, request->scheme);
	for (size_t at = 3; at < count; at++)
		option_read(request, span_text(arguments[at]));
	checksum_read(request);
	options_write(request);
	if (request->shape != SHAPE_ARCHIVE && request->shape != SHAPE_FILE)
		reference_split(request);
	request->pins = span_text(environment_find("CAB_PIN"));
	return request;
}

void
request_url(const struct request *request, struct text *url)
{
	struct span front = request->base;
	uint8_t between = '/';
	if (request->shape == SHAPE_ARCHIVE) {
		front = request->scheme;
		between = ':';
	}
	if (request->shape != SHAPE_GIT && request->shape != SHAPE_FILE) {
		text_add(url, front);
		text_byte(url, between);
	}
	text_add(url, request->ref);
	if (request->shape == SHAPE_REGISTRY) {
		text_byte(url, '/');
		text_add(url, request->reference);
	}
}

struct span
request_pin(const struct request *request, struct span format, size_t digits)
{
	struct span rest = request->pins;
	while (rest.size) {
		struct span value = span_word(&rest, '\n');
		if (!span_equal(span_word(&value, ' '), format) || span_has_prefix(value, "~"))
			continue;
		size_t size = 0;
		while (size < value.size && size < digits && hex_digit(value.data[size]) >= 0)
			size++;
		if (!span_equal(span_after(value, size), text_span(&request->options)))
			fail_about("the pin is of other options or another subpath", value);
		return span_of(value.data, size);
	}
	return rest;
}
