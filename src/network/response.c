/* SPDX-License-Identifier: MPL-2.0 */
#include "network/response.h"

#include <ctype.h>
#include <time.h>

#include "network/challenge.h"

enum { NAME_SHOWN = 64 };

void
response_init(struct response *response)
{
	*response = (struct response){
		.fields = BUF(RESPONSE_SHOWN),
		.location = BUF(RESPONSE_BYTES),
		.challenge = BUF(CHALLENGE_LIMIT),
		.tag = BUF(RESPONSE_TAG),
	};
}

void
response_release(struct response *response)
{
	buf_release(&response->fields);
	buf_release(&response->location);
	buf_release(&response->challenge);
	buf_release(&response->tag);
}

/* RFC 9110, section 5.6.2. */
static bool
is_token_byte(uint8_t byte)
{
	return isalnum(byte) || (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static struct bytes
without_space(struct bytes text)
{
	while (text.size && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = bytes_from(text, 1);
	while (text.size && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
		text.size--;
	return text;
}

static bool
equal_in_any_case(struct bytes text, const char *lower)
{
	size_t size = strlen(lower);
	if (text.size != size)
		return false;
	for (size_t at = 0; at < size; at++)
		if (tolower(text.data[at]) != lower[at])
			return false;
	return true;
}

static bool
number_parse(struct bytes digits, uint64_t *out)
{
	uint64_t number = 0;
	for (size_t at = 0; at < digits.size; at++) {
		uint8_t byte = digits.data[at];
		if (byte < '0' || byte > '9' || __builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, (uint64_t)(byte - '0'), &number))
			return false;
	}
	*out = number;
	return digits.size != 0 && number <= INT64_MAX;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200". A new head begins; what an 1xx said is forgotten. */
static bool
status_add(struct response *response, struct bytes line, struct err *err)
{
	size_t space = bytes_find(line, ' ');
	struct bytes code = space == SIZE_MAX ? bytes_of(NULL, 0) : bytes_from(line, space + 1);
	uint64_t status = 0;
	if (code.size < 3 || !number_parse(bytes_first(code, 3), &status) ||
		(code.size > 3 && code.data[3] != ' ') || status < 100)
		return err_set(err, ERR_CORRUPT, "the response's status is no number");
	response->status = (unsigned)status;
	response->has_length = false;
	response->is_chunked = false;
	response->has_range = false;
	response->is_used_up = false;
	response->reset = 0;
	buf_clear(&response->fields);
	buf_clear(&response->location);
	buf_clear(&response->challenge);
	buf_clear(&response->tag);
	return true;
}

static bool
length_add(struct response *response, struct bytes value, struct err *err)
{
	uint64_t length;
	if (!number_parse(value, &length))
		return err_set(err, ERR_CORRUPT, "the response's Content-Length is no number");
	if (response->has_length && length != response->length)
		return err_set(err, ERR_CORRUPT, "the response has two Content-Length that differ");
	response->has_length = true;
	response->length = length;
	return true;
}

static bool
location_add(struct response *response, struct bytes value, struct err *err)
{
	if (response->location.size && !bytes_equal(buf_bytes(&response->location), value))
		return err_set(err, ERR_CORRUPT, "the response has two Location that differ");
	buf_clear(&response->location);
	buf_add(&response->location, value);
	return true;
}

/* "bytes FIRST-LAST/TOTAL"; RFC 9110, section 14.4. One that says anything else says nothing. */
static void
range_add(struct response *response, struct bytes value)
{
	static const struct bytes unit = {(const uint8_t *)"bytes ", 6};
	struct bytes rest = bytes_from(value, unit.size);
	size_t dash = bytes_find(rest, '-');
	size_t slash = bytes_find(rest, '/');
	uint64_t last = 0;
	response->has_range =
		bytes_has_prefix(value, unit) && dash != SIZE_MAX && slash != SIZE_MAX &&
		dash < slash && number_parse(bytes_first(rest, dash), &response->range_first) &&
		number_parse(bytes_of(rest.data + dash + 1, slash - dash - 1), &last) &&
		number_parse(bytes_from(rest, slash + 1), &response->range_total) &&
		last + 1 == response->range_total;
}

/* What forges say of their limits: how many requests are left, and when there are more again: a
 * time since 1970, or from now. */
static void
limit_add(struct response *response, struct bytes name, struct bytes value)
{
	enum { SINCE_1970 = 1000000000 };
	uint64_t number = 0;
	if (equal_in_any_case(name, "x-ratelimit-remaining") ||
		equal_in_any_case(name, "ratelimit-remaining"))
		response->is_used_up = number_parse(value, &number) && number == 0;
	if ((equal_in_any_case(name, "x-ratelimit-reset") ||
		    equal_in_any_case(name, "ratelimit-reset")) &&
		number_parse(value, &number) && number <= UINT32_MAX)
		response->reset = number >= SINCE_1970 ? number : number + (uint64_t)time(NULL);
}

static void
field_keep(struct response *response, struct bytes name, struct bytes value)
{
	if (equal_in_any_case(name, "etag") && value.size <= RESPONSE_TAG) {
		buf_clear(&response->tag);
		/* A weak one says nothing about bytes. */
		if (value.size > 2 && value.data[0] == '"' && value.data[value.size - 1] == '"')
			buf_add(&response->tag, value);
	} else if (equal_in_any_case(name, "content-range")) {
		range_add(response, value);
	} else if (equal_in_any_case(name, "www-authenticate") &&
		   response->challenge.size + value.size + 2 <= CHALLENGE_LIMIT) {
		buf_add(&response->challenge, value);
		buf_add_text(&response->challenge, ", ");
	} else {
		limit_add(response, name, value);
	}
}

static bool
field_judge(struct response *response, struct bytes name, struct bytes value, struct err *err)
{
	if (equal_in_any_case(name, "content-length"))
		return length_add(response, value, err);
	if (equal_in_any_case(name, "location"))
		return location_add(response, value, err);
	if (equal_in_any_case(name, "content-encoding") && value.size &&
		!equal_in_any_case(value, "identity"))
		return err_set(err, ERR_CORRUPT,
			"the response comes with Content-Encoding \"%.*s\", which was not asked "
			"for",
			BYTES_ARGS(bytes_first(value, NAME_SHOWN)));
	if (equal_in_any_case(name, "transfer-encoding")) {
		if (!equal_in_any_case(value, "chunked"))
			return err_set(err, ERR_CORRUPT,
				"the response comes with Transfer-Encoding \"%.*s\"",
				BYTES_ARGS(bytes_first(value, NAME_SHOWN)));
		response->is_chunked = true;
	}
	return true;
}

static void
field_show(struct response *response, struct bytes name, struct bytes value)
{
	/* A session that a server would begin is nothing a guest may carry on. */
	if (equal_in_any_case(name, "set-cookie") ||
		response->fields.size + name.size + value.size + 3 > RESPONSE_SHOWN)
		return;
	for (size_t at = 0; at < name.size; at++)
		buf_add_byte(&response->fields, (uint8_t)tolower(name.data[at]));
	buf_add_text(&response->fields, ": ");
	buf_add(&response->fields, value);
	buf_add_byte(&response->fields, '\n');
}

static bool
field_add(struct response *response, struct bytes line, struct err *err)
{
	size_t colon = bytes_find(line, ':');
	struct bytes name = bytes_first(line, colon);
	if (line.data[0] == ' ' || line.data[0] == '\t')
		return err_set(err, ERR_CORRUPT, "the response has a folded header line");
	if (colon == SIZE_MAX || !name.size)
		return err_set(err, ERR_CORRUPT, "the response has a header line without a name");
	for (size_t at = 0; at < name.size; at++)
		if (!is_token_byte(name.data[at]))
			return err_set(err, ERR_CORRUPT,
				"the response has a header whose name holds byte 0x%02x",
				name.data[at]);
	struct bytes value = without_space(bytes_from(line, colon + 1));
	for (size_t at = 0; at < value.size; at++)
		if ((value.data[at] < 0x20 && value.data[at] != '\t') || value.data[at] == 0x7f)
			return err_set(err, ERR_CORRUPT,
				"the response's header \"%.*s\" holds byte 0x%02x",
				BYTES_ARGS(bytes_first(name, NAME_SHOWN)), value.data[at]);
	/* Trailers are counted and checked, and otherwise mean nothing here. */
	if (response->whole)
		return true;
	if (!field_judge(response, name, value, err))
		return false;
	field_keep(response, name, value);
	field_show(response, name, value);
	return true;
}

/* The blank line: an 1xx is followed by another head. */
static bool
head_end(struct response *response, struct err *err)
{
	if (response->whole || response->status < 200)
		return true;
	if (response->is_chunked && response->has_length)
		return err_set(err, ERR_CORRUPT,
			"the response has both a Content-Length and a Transfer-Encoding");
	response->whole = true;
	return true;
}

bool
response_add(struct response *response, struct bytes line, struct err *err)
{
	response->bytes += line.size;
	response->lines++;
	if (response->bytes > RESPONSE_BYTES || response->lines > RESPONSE_LINES)
		return err_set(err, ERR_LIMIT,
			"the response's headers are more than %d bytes or %d lines", RESPONSE_BYTES,
			RESPONSE_LINES);
	if (line.size && line.data[line.size - 1] == '\n')
		line.size--;
	if (line.size && line.data[line.size - 1] == '\r')
		line.size--;
	if (!line.size)
		return head_end(response, err);
	if (!response->whole && bytes_has_prefix(line, BYTES_LITERAL("HTTP/")))
		return status_add(response, line, err);
	if (!response->status)
		return err_set(err, ERR_CORRUPT, "the response does not begin with a status");
	return field_add(response, line, err);
}
