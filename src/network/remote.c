/* SPDX-License-Identifier: MPL-2.0 */
#include "network/remote.h"

#include <ctype.h>
#include <stdlib.h>

static const struct bytes scheme = {(const uint8_t *)"ssh://", 6};

bool
remote_is(struct bytes url)
{
	return bytes_has_prefix(url, scheme);
}

/* Takes what is asked off the end. */
static bool
question_take(struct bytes *text, struct remote *remote, struct err *err)
{
	static const struct bytes upload = {(const uint8_t *)"/git-upload-pack", 16};
	static const struct bytes listing = {
		(const uint8_t *)"/info/refs?service=git-upload-pack", 34};
	remote->is_listing = bytes_has_suffix(*text, listing);
	if (!remote->is_listing && !bytes_has_suffix(*text, upload))
		return err_set(err, ERR_REFUSED, "over ssh git-upload-pack alone is asked");
	text->size -= remote->is_listing ? listing.size : upload.size;
	return true;
}

static bool
user_check(struct bytes user, struct err *err)
{
	bool fine = user.size && user.size <= REMOTE_USER && user.data[0] != '-';
	for (size_t at = 0; at < user.size; at++)
		fine &= isalnum(user.data[at]) || user.data[at] == '-' || user.data[at] == '_' ||
			user.data[at] == '.';
	return fine ||
	       err_set(err, ERR_REFUSED,
		       "who logs in is named by letters, digits, \".\", \"_\" and \"-\", and "
		       "has no password there");
}

/* Takes "USER@" out of "ssh://USER@HOST/PATH". */
static bool
user_take(struct bytes text, struct remote *remote, struct buf *rest_out, struct err *err)
{
	struct bytes rest = bytes_from(text, scheme.size);
	struct bytes authority = bytes_first(rest, bytes_find(rest, '/'));
	size_t mark = bytes_find(authority, '@');
	buf_add(rest_out, scheme);
	if (mark != SIZE_MAX) {
		struct bytes user = bytes_first(authority, mark);
		if (!user_check(user, err))
			return false;
		cleanup_buf struct buf copy = BUF(REMOTE_USER + 1);
		buf_add(&copy, user);
		remote->user = buf_take_text(&copy);
		rest = bytes_from(rest, mark + 1);
	}
	buf_add(rest_out, rest);
	return buf_check(rest_out, err, "URL");
}

static int
digit(uint8_t byte)
{
	byte = (uint8_t)tolower(byte);
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool
path_decode(struct bytes path, struct buf *out, struct err *err)
{
	for (size_t at = 0; at < path.size; at++) {
		int byte = path.data[at];
		if (byte == '?')
			return err_set(err, ERR_REFUSED, "the path of a repository has no query");
		if (byte == '%') {
			int high = at + 2 < path.size ? digit(path.data[at + 1]) : -1;
			int low = high < 0 ? -1 : digit(path.data[at + 2]);
			if (low < 0)
				return err_set(
					err, ERR_REFUSED, "two hexadecimal digits follow a \"%%\"");
			byte = high * 16 + low;
			at += 2;
		}
		if (byte < 0x20 || byte == 0x7f)
			return err_set(err, ERR_REFUSED,
				"the path holds a control character (0x%02x)", byte);
		buf_add_byte(out, (uint8_t)byte);
	}
	return true;
}

static bool
command_write(struct remote *remote, struct err *err)
{
	cleanup_buf struct buf path = BUF(URL_LIMIT + 1), line = BUF((size_t)8 * URL_LIMIT);
	if (!path_decode(url_path(&remote->url), &path, err))
		return false;
	struct bytes rest = buf_bytes(&path);
	if (rest.size < 2)
		return err_set(err, ERR_REFUSED, "the URL has no path");
	if (rest.data[1] == '~')
		rest = bytes_from(rest, 1);
	buf_add_text(&line, "git-upload-pack '");
	for (size_t at = 0; at < rest.size; at++) {
		uint8_t byte = rest.data[at];
		if (byte == '\'' || byte == '!')
			buf_format(&line, "'\\%c'", byte);
		else
			buf_add_byte(&line, byte);
	}
	buf_add_byte(&line, '\'');
	if (!buf_check(&line, err, "the command for ssh"))
		return false;
	remote->command = buf_take_text(&line);
	return true;
}

bool
remote_parse(struct bytes text, struct remote *out, struct err *err)
{
	struct remote remote = {0};
	cleanup_buf struct buf rest = BUF(URL_LIMIT + 1);
	struct bytes place = text;
	if (question_take(&place, &remote, err) && user_take(place, &remote, &rest, err) &&
		url_parse_ssh(buf_bytes(&rest), &remote.url, err) && command_write(&remote, err)) {
		*out = remote;
		return true;
	}
	remote_release(&remote);
	return false;
}

bool
remote_equal(const struct remote *left, const struct remote *right)
{
	return bytes_equal(url_origin(&left->url), url_origin(&right->url)) &&
	       strcmp(left->command, right->command) == 0 && !left->user == !right->user &&
	       (!left->user || strcmp(left->user, right->user) == 0);
}

void
remote_release(struct remote *remote)
{
	url_release(&remote->url);
	free(remote->user);
	free(remote->command);
	*remote = (struct remote){0};
}
