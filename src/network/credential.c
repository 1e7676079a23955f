/* SPDX-License-Identifier: MPL-2.0 */
#include "network/credential.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/base64.h"
#include "base/fd.h"
#include "base/process.h"

enum { COMMAND_SECONDS = 60, COMMAND_WORDS = 64 };

struct credential {
	struct credentials *owner;
	enum credential_kind kind;
	enum credential_use use;
	char *origin, *name, *realm, *certificate, *key; /* "" where there is none */
	struct buf value;
	char *header; /* NULL until it has been read */
	bool failed;  /* `failure` waits to be told */
	struct err failure;
	struct process process;
	int output; /* memory file that the command writes to */
	struct loop_watch *watch;
	struct loop_timer *deadline;
};

struct credentials {
	ARRAY(struct credential *) all;
	struct loop *loop;
	credential_changed *changed;
	void *context;
};

struct credentials *
credentials_new(void)
{
	return (struct credentials *)memory_zero(1, sizeof(struct credentials));
}

void
credentials_attach(struct credentials *credentials, struct loop *loop, credential_changed *changed,
	void *context)
{
	credentials->loop = loop;
	credentials->changed = changed;
	credentials->context = context;
}

static char *
text_copy(struct bytes text)
{
	cleanup_buf struct buf copy = BUF(BUF_MAX);
	buf_add(&copy, text);
	return buf_take_text(&copy);
}

void
credentials_add(struct credentials *credentials, const struct credential_spec *spec)
{
	struct credential *credential = (struct credential *)memory_zero(1, sizeof *credential);
	*credential = (struct credential){
		.owner = credentials,
		.kind = spec->kind,
		.use = spec->use,
		.origin = text_copy(spec->origin),
		.name = text_copy(spec->name),
		.realm = text_copy(spec->realm),
		.certificate = text_copy(spec->certificate),
		.key = text_copy(spec->key),
		.value = BUF(BUF_MAX),
		.process = PROCESS_NONE,
		.output = -1,
	};
	buf_add(&credential->value, spec->value);
	*array_push(&credentials->all) = credential;
}

static void
command_forget(struct credential *credential)
{
	loop_unwatch(credential->watch);
	loop_stop(credential->deadline);
	credential->watch = NULL;
	credential->deadline = NULL;
	process_release(&credential->process);
	credential->process = PROCESS_NONE;
	fd_release(&credential->output);
}

void
credentials_free(struct credentials *credentials)
{
	if (!credentials)
		return;
	for (size_t at = 0; at < credentials->all.size; at++) {
		struct credential *credential = credentials->all.data[at];
		command_forget(credential);
		if (credential->header)
			explicit_bzero(credential->header, strlen(credential->header));
		free(credential->header);
		free(credential->origin);
		free(credential->name);
		free(credential->realm);
		free(credential->certificate);
		free(credential->key);
		buf_release(&credential->value);
		free(credential);
	}
	array_release(&credentials->all);
	free(credentials);
}

static void
secret_wipe(struct buf *secret)
{
	if (secret->data)
		explicit_bzero(secret->data, secret->capacity);
	buf_release(secret);
}
#define cleanup_secret __attribute__((cleanup(secret_wipe)))

static char *
header_basic(struct bytes user_and_password)
{
	static const char start[] = "Authorization: Basic ";
	size_t room = sizeof start + BASE64_ROOM(user_and_password.size);
	char *header = (char *)memory_zero(room, 1);
	memcpy(header, start, sizeof start);
	base64_print(user_and_password, header + sizeof start - 1);
	return header;
}

/* The first line, of which every byte may stand in a head. */
static bool
secret_line(struct bytes text, struct bytes *out, struct err *err)
{
	struct bytes line = bytes_first(text, bytes_find(text, '\n'));
	if (line.size && line.data[line.size - 1] == '\r')
		line.size--;
	if (!line.size)
		return err_set(err, ERR_REFUSED, "it is empty");
	if (line.size > CREDENTIAL_LIMIT)
		return err_limit(
			err, ERR_LIMIT_OTHER, "it is longer than %d bytes", CREDENTIAL_LIMIT);
	for (size_t at = 0; at < line.size; at++)
		if (line.data[at] < 0x20 || line.data[at] >= 0x7f)
			return err_set(err, ERR_REFUSED, "it holds a byte that is not printable");
	*out = line;
	return true;
}

static char *
header_plain(const char *name, const char *scheme, struct bytes line)
{
	cleanup_secret struct buf secret = BUF(BUF_MAX);
	buf_add_text(&secret, name);
	buf_add_text(&secret, ": ");
	buf_add_text(&secret, scheme);
	buf_add(&secret, line);
	return buf_take_text(&secret);
}

static char *
header_guess(struct bytes line)
{
	if (bytes_has_prefix(line, BYTES_LITERAL("Bearer ")) ||
		bytes_has_prefix(line, BYTES_LITERAL("Basic ")))
		return header_plain("Authorization", "", line);
	cleanup_secret struct buf secret = BUF(BUF_MAX);
	if (bytes_find(line, ':') == SIZE_MAX)
		buf_add_text(&secret, "x-access-token:");
	buf_add(&secret, line);
	return header_basic(buf_bytes(&secret));
}

static char *
header_of_user(const char *user, struct bytes password)
{
	cleanup_secret struct buf secret = BUF(BUF_MAX);
	buf_add_text(&secret, user);
	buf_add_byte(&secret, ':');
	buf_add(&secret, password);
	return header_basic(buf_bytes(&secret));
}

bool
credential_header(enum credential_use use, const char *name, struct bytes text, char **header_out,
	struct err *err)
{
	struct bytes line = {0};
	if (!secret_line(text, &line, err))
		return false;
	switch (use) {
	case CREDENTIAL_GUESS:
		*header_out = header_guess(line);
		break;
	case CREDENTIAL_BEARER:
		*header_out = header_plain("Authorization", "Bearer ", line);
		break;
	case CREDENTIAL_BASIC:
		*header_out = header_of_user(name, line);
		break;
	case CREDENTIAL_HEADER:
		*header_out = header_plain(name, "", line);
		break;
	}
	return true;
}

static bool
header_make(struct credential *credential, struct bytes text, struct err *err)
{
	return credential_header(credential->use, credential->name, text, &credential->header, err);
}

static bool
read_file(struct credential *credential, struct err *err)
{
	const char *path = buf_text(&credential->value);
	cleanup_secret struct buf text = BUF(64 << 10);
	return (fd_read_file(AT_FDCWD, path, &text, err) &&
		       header_make(credential, buf_bytes(&text), err)) ||
	       err_note(err, "credentials of %s: file %s", credential->origin, path);
}

static bool
read_environment(struct credential *credential, struct err *err)
{
	const char *name = buf_text(&credential->value);
	const char *value = getenv(name);
	if (!value)
		return err_set(err, ERR_NOT_FOUND, "credentials of %s: the variable %s is not set",
			credential->origin, name);
	return header_make(credential, bytes_text(value), err) ||
	       err_note(err, "credentials of %s: the variable %s", credential->origin, name);
}

static bool
command_read(struct credential *credential, struct err *err)
{
	struct process_end end;
	if (!process_collect(&credential->process, &end, err))
		return false;
	if (end.code || end.signal)
		return err_set(err, ERR_BUILD, "%s", process_end_print(&end).text);
	cleanup_secret struct buf text = BUF(64 << 10);
	if (lseek(credential->output, 0, SEEK_SET) < 0)
		return err_system(err, errno, "rewind");
	return fd_read_all(credential->output, &text, err) &&
	       header_make(credential, buf_bytes(&text), err);
}

static void
command_finish(struct credential *credential, bool done)
{
	credential->failed = !done;
	if (!done)
		(void)err_note(&credential->failure, "credentials of %s: command %s",
			credential->origin, buf_text(&credential->value));
	command_forget(credential);
	credential->owner->changed(credential->owner->context);
}

static void
command_ended(void *context, short events)
{
	(void)events;
	struct credential *credential = (struct credential *)context;
	command_finish(credential, command_read(credential, &credential->failure));
}

static void
command_late(void *context)
{
	struct credential *credential = (struct credential *)context;
	credential->deadline = NULL;
	command_finish(credential, err_limit(&credential->failure, ERR_LIMIT_TIME,
					   "it did not end within %d seconds", COMMAND_SECONDS));
}

static bool
command_start(struct credential *credential, struct err *err)
{
	/* env searches the path, which a process record does not. */
	const char *words[COMMAND_WORDS + 3] = {"env", "--"};
	size_t count = 2;
	struct bytes rest = buf_bytes(&credential->value);
	while (rest.size) {
		if (count == COMMAND_WORDS + 2)
			return err_limit(
				err, ERR_LIMIT_OTHER, "more than %d arguments", COMMAND_WORDS);
		words[count++] = (const char *)rest.data;
		rest = bytes_from(rest, bytes_find(rest, 0) + 1);
	}
	credential->output = memfd_create("credential", MFD_CLOEXEC);
	if (credential->output < 0)
		return err_system(err, errno, "memory file");
	const struct process_fd fds[] = {{credential->output, 1}, {2, 2}};
	const struct process_spec spec = {
		.program = "/usr/bin/env",
		.arguments = words,
		.fds = fds,
		.fd_count = 2,
	};
	if (!process_start(&spec, &credential->process, err)) {
		fd_release(&credential->output);
		return false;
	}
	credential->watch = loop_watch(credential->owner->loop, credential->process.pidfd, POLLIN,
		command_ended, credential);
	credential->deadline = loop_after(credential->owner->loop, (uint64_t)COMMAND_SECONDS * 1000,
		command_late, credential);
	return true;
}

static enum credential_result
credential_read(struct credential *credential, struct err *err)
{
	switch (credential->kind) {
	case CREDENTIAL_FILE:
		return read_file(credential, err) ? CREDENTIAL_READY : CREDENTIAL_FAILED;
	case CREDENTIAL_ENVIRONMENT:
		return read_environment(credential, err) ? CREDENTIAL_READY : CREDENTIAL_FAILED;
	case CREDENTIAL_COMMAND:
		if (credential->watch || command_start(credential, err))
			return CREDENTIAL_LATER;
		(void)err_note(err, "credentials of %s: command %s", credential->origin,
			buf_text(&credential->value));
		return CREDENTIAL_FAILED;
	case CREDENTIAL_NONE:
		return CREDENTIAL_ABSENT;
	}
	must(false, "a credential has one of its kinds");
	return CREDENTIAL_FAILED;
}

/* The last that names the origin counts. */
static struct credential *
credential_of(const struct credentials *credentials, struct bytes origin)
{
	for (size_t at = credentials->all.size; at-- > 0;)
		if (bytes_equal_text(origin, credentials->all.data[at]->origin))
			return credentials->all.data[at];
	return NULL;
}

static enum credential_result
credential_get(struct credential *credential, const char **header, struct err *err)
{
	if (credential->failed) {
		*err = credential->failure;
		return CREDENTIAL_FAILED;
	}
	enum credential_result result = CREDENTIAL_READY;
	if (!credential->header)
		result = credential_read(credential, err);
	if (result == CREDENTIAL_READY)
		*header = credential->header;
	return result;
}

enum credential_result
credential_find(
	struct credentials *credentials, struct bytes origin, const char **header, struct err *err)
{
	struct credential *credential = credential_of(credentials, origin);
	if (!credential || (*credential->realm && !bytes_equal_text(origin, credential->realm)))
		return CREDENTIAL_ABSENT;
	return credential_get(credential, header, err);
}

enum credential_result
credential_find_realm(struct credentials *credentials, struct bytes origin, struct bytes realm,
	const char **header, struct err *err)
{
	struct credential *credential = credential_of(credentials, origin);
	if (!credential || !bytes_equal_text(realm,
				   *credential->realm ? credential->realm : credential->origin))
		return CREDENTIAL_ABSENT;
	return credential_get(credential, header, err);
}

bool
credential_names_realm(
	const struct credentials *credentials, struct bytes origin, struct bytes realm)
{
	const struct credential *credential = credential_of(credentials, origin);
	return credential && bytes_equal_text(realm, credential->realm);
}

bool
credential_has(const struct credentials *credentials, struct bytes origin)
{
	return credential_of(credentials, origin) != NULL;
}

struct credential_certificate
credential_certificate(const struct credentials *credentials, struct bytes origin)
{
	const struct credential *credential = credential_of(credentials, origin);
	if (!credential || !*credential->certificate)
		return (struct credential_certificate){NULL, NULL};
	return (struct credential_certificate){credential->certificate,
		*credential->key ? credential->key : credential->certificate};
}
