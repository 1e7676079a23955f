/* SPDX-License-Identifier: MPL-2.0 */
/*
 * remote: a repository behind ssh, and what is asked of it, from the URL of a request.
 *
 *     struct remote remote = {0};
 *     if (!remote_parse(text, &remote, err)) ...             ERR_REFUSED
 *     remote_release(&remote);
 *
 * The URL is ssh://[USER@]HOST[:PORT]/PATH, and behind it what git's smart HTTP would ask of a
 * server: "/git-upload-pack", or "/info/refs?service=git-upload-pack". It is read as strictly as any
 * other (origin.h); a user is letters, digits, "._-", at most REMOTE_USER, not "-" first; there is no
 * password.
 *
 * `command` is the line that the host's shell is given, as git itself writes it: git-upload-pack and
 * the path, percent-decoded, in single quotes, with each "'" and "!" outside of them. A path that
 * holds a control character is refused; one that begins with "/~" is that of a user's home, and goes
 * without the "/". So neither user, host nor path can be an option or another command.
 */
#pragma once

#include "network/origin.h"

enum { REMOTE_USER = 64 };

struct remote {
	struct url url; /* without the user: its origin, host and port */
	char *user;     /* NULL: whom ssh takes */
	char *command;
	bool is_listing; /* info/refs */
};

/* Whether a request is one of these. */
bool remote_is(struct bytes url);
MUST_CHECK bool remote_parse(struct bytes text, struct remote *out, struct err *err);
/* The same repository, as the same user. */
bool remote_equal(const struct remote *left, const struct remote *right);
void remote_release(struct remote *remote);
