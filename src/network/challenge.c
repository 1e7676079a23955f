/* SPDX-License-Identifier: MPL-2.0 */
#include "network/challenge.h"

#include <ctype.h>

#include <jansson.h>

enum { TOKEN_SECONDS = 60, TOKEN_SECONDS_MOST = 24 * 60 * 60 };

static bool
is_token_byte(uint8_t byte)
{
	return isalnum(byte) || (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static struct bytes
take_token(struct bytes *rest)
{
	size_t size = 0;
	while (size < rest->size && is_token_byte(rest->data[size]))
		size++;
	struct bytes token = bytes_first(*rest, size);
	*rest = bytes_from(*rest, size);
	return token;
}

static void
skip(struct bytes *rest, const char *any)
{
	while (rest->size && rest->data[0] && strchr(any, rest->data[0]))
		*rest = bytes_from(*rest, 1);
}

static bool
is_word(struct bytes text, const char *lower)
{
	if (text.size != strlen(lower))
		return false;
	for (size_t at = 0; at < text.size; at++)
		if (tolower(text.data[at]) != lower[at])
			return false;
	return true;
}

/* A token or a quoted string; false where a quote is not closed. */
static bool
take_value(struct bytes *rest, struct buf *out)
{
	buf_clear(out);
	if (!rest->size || rest->data[0] != '"') {
		buf_add(out, take_token(rest));
		return true;
	}
	for (*rest = bytes_from(*rest, 1); rest->size; *rest = bytes_from(*rest, 1)) {
		if (rest->data[0] == '"') {
			*rest = bytes_from(*rest, 1);
			return true;
		}
		if (rest->data[0] == '\\' && rest->size > 1)
			*rest = bytes_from(*rest, 1);
		buf_add_byte(out, rest->data[0]);
	}
	return false;
}

/* One "name=value" of a Bearer challenge; the first of a name counts. */
static void
keep_value(struct challenge *challenge, struct bytes name, const struct buf *value)
{
	struct buf *place = is_word(name, "realm")     ? &challenge->realm
			    : is_word(name, "service") ? &challenge->service
			    : is_word(name, "scope")   ? &challenge->scope
						       : NULL;
	if (place && !place->size)
		buf_add(place, buf_bytes(value));
}

static bool
challenge_read(struct bytes rest, struct challenge *challenge)
{
	cleanup_buf struct buf value = BUF(CHALLENGE_LIMIT);
	bool is_bearer = false;
	for (;;) {
		skip(&rest, " \t,");
		struct bytes word = take_token(&rest);
		if (!rest.size || !word.size)
			break;
		struct bytes after = rest;
		skip(&after, " \t");
		if (!after.size || after.data[0] != '=') {
			/* A scheme: what was wanted is read once the next one begins. */
			if (is_bearer)
				break;
			is_bearer = is_word(word, "bearer");
			continue;
		}
		rest = bytes_from(after, 1);
		skip(&rest, " \t=");
		if (!take_value(&rest, &value))
			break;
		if (is_bearer)
			keep_value(challenge, word, &value);
	}
	return challenge->realm.size > 0;
}

bool
challenge_parse(struct bytes value, struct challenge *out)
{
	*out = (struct challenge){BUF(CHALLENGE_LIMIT), BUF(CHALLENGE_LIMIT), BUF(CHALLENGE_LIMIT)};
	bool printable = value.size <= CHALLENGE_LIMIT;
	for (size_t at = 0; printable && at < value.size; at++)
		printable = value.data[at] >= 0x20 && value.data[at] < 0x7f;
	if (printable && challenge_read(value, out))
		return true;
	challenge_release(out);
	return false;
}

void
challenge_release(struct challenge *challenge)
{
	buf_release(&challenge->realm);
	buf_release(&challenge->service);
	buf_release(&challenge->scope);
}

static void
add_parameter(struct buf *out, const char *name, struct bytes value)
{
	bool has_query = bytes_find(buf_bytes(out), '?') != SIZE_MAX;
	buf_format(out, "%c%s=", has_query ? '&' : '?', name);
	for (size_t at = 0; at < value.size; at++) {
		uint8_t byte = value.data[at];
		if (isalnum(byte) || strchr("-._~:/,@", byte))
			buf_add_byte(out, byte);
		else
			buf_format(out, "%%%02X", byte);
	}
}

void
challenge_url(const struct challenge *challenge, struct buf *out)
{
	buf_add(out, buf_bytes(&challenge->realm));
	if (challenge->service.size)
		add_parameter(out, "service", buf_bytes(&challenge->service));
	struct bytes rest = buf_bytes(&challenge->scope);
	struct bytes word;
	while (bytes_split(&rest, ' ', &word))
		if (word.size)
			add_parameter(out, "scope", word);
}

/* RFC 6750, section 2.1, and no more: it stands in a head. */
static bool
is_token_text(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] <= 0x20 || text.data[at] >= 0x7f)
			return false;
	return text.size > 0 && text.size <= TOKEN_LIMIT;
}

bool
token_parse(struct bytes json, struct buf *header, uint64_t *seconds, struct err *err)
{
	json_t *root = json_loadb((const char *)json.data, json.size, 0, NULL);
	const json_t *token = json_object_get(root, "token");
	if (!json_is_string(token))
		token = json_object_get(root, "access_token");
	struct bytes text = json_is_string(token)
				    ? bytes_of(json_string_value(token), json_string_length(token))
				    : bytes_of(NULL, 0);
	bool good = is_token_text(text);
	if (good) {
		json_int_t lasts = json_integer_value(json_object_get(root, "expires_in"));
		*seconds = lasts <= 0                   ? TOKEN_SECONDS
			   : lasts > TOKEN_SECONDS_MOST ? TOKEN_SECONDS_MOST
							: (uint64_t)lasts;
		buf_add_text(header, "Authorization: Bearer ");
		buf_add(header, text);
	}
	json_decref(root);
	return good || err_set(err, ERR_CORRUPT, "its answer holds no token");
}
