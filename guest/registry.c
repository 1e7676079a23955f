/* SPDX-License-Identifier: MPL-2.0 */
#include "registry.h"

#include "document.h"
#include "feature.h"
#include "http.h"

enum registry { CRATES, NPM, PYPI };

static enum registry
registry_of(const struct request *request)
{
	if (span_is(request->scheme, "crates"))
		return CRATES;
	return span_is(request->scheme, "npm") ? NPM : PYPI;
}

static const char *
document_headers(enum registry registry)
{
	switch (registry) {
	case CRATES:
		break;
	case NPM:
		return "Accept: application/vnd.npm.install-v1+json, application/json;q=0.8\n";
	case PYPI:
		return "Accept: application/vnd.pypi.simple.v1+json\n";
	}
	return "";
}

static void
document_search(struct search *search, enum registry registry)
{
	switch (registry) {
	case CRATES:
		crates_search(search);
		break;
	case NPM:
		npm_search(search);
		break;
	case PYPI:
		pypi_search(search);
		break;
	}
}

/* RFC 4648, section 4, with its padding. */
static bool
base64_read(struct span text, uint8_t *out, size_t size)
{
	uint32_t held = 0;
	unsigned bits = 0;
	size_t used = 0;
	for (size_t at = 0; at < text.size && text.data[at] != '='; at++) {
		size_t value = span_find(SPAN("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "abcdefghijklmnopqrstuvwxyz0123456789+/"),
			text.data[at]);
		if (value == 64)
			return false;
		held = held << 6 | (uint32_t)value;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (used == size)
			return false;
		out[used++] = (uint8_t)(held >> bits);
	}
	return used == size;
}

/* "sha512-BASE64 sha1-…" (Subresource Integrity): of the algorithms known here, the longest sum. */
static bool
integrity_read(struct span text, struct checksum *checksum_out)
{
	struct span best = {0};
	while (text.size) {
		struct span sum = span_word(&text, ' ');
		struct span value = sum;
		size_t size = checksum_size(span_word(&value, '-'));
		if (size && value.size == (size + 2) / 3 * 4 && sum.size > best.size)
			best = sum;
	}
	if (!best.size)
		return false;
	struct span name = span_word(&best, '-');
	uint8_t raw[SUM_MAX];
	size_t size = checksum_size(name);
	struct text *hex = text_new("");
	if (!base64_read(best, raw, size))
		return false;
	text_hex(hex, span_of(raw, size));
	*checksum_out = (struct checksum){name, text_span(hex)};
	return true;
}

/* What a document says of a checksum, as the rest of the program has it. */
static bool
sum_read(const uint8_t *value, const char *algorithm, struct checksum *checksum_out)
{
	struct span sum = document_string(value);
	if (!algorithm)
		return integrity_read(sum, checksum_out);
	return checksum_set(checksum_out, span_text(algorithm), sum);
}

bool
search_is_known(const struct search *search, const uint8_t *sum, const char *algorithm)
{
	struct checksum checksum;
	return search->known->hex.size && sum_read(sum, algorithm, &checksum) &&
	       span_equal(checksum.hex, search->known->hex);
}

/* Where a reference of a document leads, with the URL that the document came from (RFC 3986, less:
 * parts that climb stand at its front alone). */
static void
link_resolve(struct span base, struct span link, struct text *url)
{
	link.size = span_find(link, '#');
	base.size = span_find(base, '?');
	size_t host = span_find(base, ':') + 3;
	size_t root = host + span_find(span_from(base, host), '/');
	if (url_is_http(link)) {
		text_add(url, link);
		return;
	}
	size_t end = base.size;
	if (span_has_prefix(link, "//")) {
		end = span_find(base, ':') + 1;
	} else if (span_has_prefix(link, "/")) {
		end = root;
	} else {
		while (end > root + 1 && base.data[end - 1] != '/')
			end--;
		while (span_has_prefix(link, "../")) {
			link = span_after(link, 3);
			while (end > root + 1 && base.data[--end - 1] != '/')
				;
		}
	}
	text_add(url, span_of(base.data, size_min(end, base.size)));
	text_add(url, link);
}

/* npm writes the '/' behind a scope as %2f. */
static void
name_put(struct text *url, struct span name)
{
	struct span scope = span_word(&name, '/');
	text_add(url, scope);
	if (name.size) {
		text_put(url, "%2f");
		text_add(url, name);
	}
}

/* Where the document on a package is. */
static void
document_put(const struct request *request, enum registry registry, struct text *url)
{
	text_add(url, request->base);
	text_byte(url, '/');
	if (registry == PYPI)
		pypi_put(url, request->ref);
	else
		name_put(url, request->ref);
}

const char *
registry_find(const struct request *request, struct checksum *checksum, struct span *sha1,
	struct text *url)
{
	struct search search = {
		.name = request->ref, .wanted = request->reference, .known = checksum};
	enum registry registry = registry_of(request);
	/* Of a crate of a version whose sum is known no document has anything to say. */
	if (!feature_whole ||
		(registry == CRATES && request->reference.size && checksum->hex.size)) {
		request_url(request, url);
		return "";
	}
	document_put(request, registry, url);
	if (request->versions.size)
		return document_headers(registry);
	struct http *http = http_get(text_span(url), document_headers(registry));
	const struct text *base = http_header(http, ":url");
	search.document = http_whole(http, REGISTRY_DOCUMENT, REGISTRY_NAME);
	text_clear(url);
	document_search(&search, registry);
	if (!search.version.size && search.wanted.size)
		fail_about("the registry has no such version with a source archive", search.wanted);
	if (!search.version.size)
		fail_about("the registry has no release of it that may be taken", search.name);
	if (search.link) {
		link_resolve(text_span(base), document_string(search.link), url);
	} else {
		struct request found = *request;
		found.reference = search.version;
		request_url(&found, url);
	}
	if (!checksum->hex.size && !sum_read(search.sum, search.algorithm, checksum)) {
		*checksum = (struct checksum){0};
		*sha1 = document_string(search.shasum);
	}
	return "";
}
