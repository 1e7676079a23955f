/* SPDX-License-Identifier: MPL-2.0 */
#include "network/shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "network/said.h"

enum { READ_SIZE = 128 << 10, WORDS = CONFIG_SSH + 32, SSH_PORT = 22 };

static void
shell_let_go(struct shell *shell)
{
	helper_release(&shell->helper);
	outlet_close(&shell->input);
	loop_unwatch(shell->output);
	loop_unwatch(shell->error);
	loop_unwatch(shell->end);
	loop_stop(shell->idle);
	shell->output = shell->error = shell->end = NULL;
	shell->idle = NULL;
	fd_release(&shell->input_fd);
	fd_release(&shell->output_fd);
	fd_release(&shell->error_fd);
	process_release(&shell->process);
	shell->process = PROCESS_NONE;
	shell->state = SHELL_GONE;
}

static void
shell_fail(struct shell *shell, const struct err *why)
{
	struct shell_listener listener = shell->listener;
	shell_let_go(shell);
	if (listener.failed)
		listener.failed(listener.context, why);
}

static bool
has_text(const struct buf *text, const char *part)
{
	return text->size && memmem(text->data, text->size, part, strlen(part));
}

/* "what: how ssh ended: its last lines". */
static void
shell_explain(struct shell *shell, const char *what, struct err *err)
{
	struct process_end end = {0};
	struct err ignored;
	cleanup_buf struct buf said = BUF(BUF_MAX);
	said_lines(buf_bytes(&shell->errors), SHELL_SAID, &said);
	bool is_known = shell->is_ended && shell->process.pid > 0 &&
			process_collect(&shell->process, &end, &ignored);
	(void)err_set(err, ERR_SYSTEM, "%s%s%s%s%s", what, is_known ? ": ssh: " : "",
		is_known ? process_end_print(&end).text : "", said.size ? ": " : "",
		buf_text(&said));
	if (has_text(&shell->errors, "Host key verification failed"))
		(void)err_set(err, ERR_SYSTEM,
			"%s%s%s; log in once by hand to check the key: ssh %.*s", what,
			said.size ? ": " : "", buf_text(&said),
			BYTES_ARGS(url_host(&shell->remote.url)));
}

static void
shell_break(struct shell *shell, const char *what)
{
	struct err why = {0};
	shell_explain(shell, what, &why);
	shell_fail(shell, &why);
}

static void
errors_read(struct shell *shell)
{
	uint8_t data[1024];
	ssize_t size;
	while (shell->error_fd >= 0 && (size = read(shell->error_fd, data, sizeof data)) > 0) {
		/* The end is what tells why. */
		if (shell->errors.size + (size_t)size > SHELL_ERRORS)
			buf_consume(
				&shell->errors, shell->errors.size + (size_t)size - SHELL_ERRORS);
		buf_add(&shell->errors, bytes_of(data, (size_t)size));
	}
	if (shell->error_fd >= 0 && size == 0) {
		loop_unwatch(shell->error);
		shell->error = NULL;
		fd_release(&shell->error_fd);
	}
}

static void
on_error(void *context, short events)
{
	(void)events;
	errors_read((struct shell *)context);
}

static void
on_idle(void *context)
{
	struct shell *shell = (struct shell *)context;
	shell->idle = NULL;
	shell_let_go(shell);
}

static void
shell_done(struct shell *shell, enum shell_state state, const char *said)
{
	shell->state = state;
	shell->frames = (struct frames){0};
	if (shell->listener.done)
		shell->listener.done(shell->listener.context, said);
}

static void
shell_give(struct shell *shell, struct bytes data)
{
	shell->has_answered |= data.size != 0;
	if (data.size && shell->listener.data)
		shell->listener.data(shell->listener.context, data);
}

static void
shell_bad(struct shell *shell)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	struct bytes start =
		shell->state == SHELL_BEGINNING ? buf_bytes(&shell->greeting) : bytes_of(NULL, 0);
	buf_add_text(&text, "what answers is not git-upload-pack");
	if (start.size)
		buf_format(&text, ": it begins with \"%.*s\"",
			BYTES_ARGS(bytes_first(bytes_first(start, bytes_find(start, '\n')), 80)));
	shell_break(shell, buf_text(&text));
}

/* All of it stays in `greeting`: of version 2 to the flush; of the others it is told again. */
static void
greeting_take(struct shell *shell, struct bytes data)
{
	struct bytes rest = data, piece;
	buf_add(&shell->greeting, data);
	for (;;) {
		enum frames_event event = frames_step(&shell->frames, &rest, &piece);
		struct bytes first = bytes_of(shell->frames.first, shell->frames.first_size);
		bool is_new = bytes_equal_text(first, "version 2\n") ||
			      bytes_equal_text(first, "version 2");
		bool is_old = shell->frames.lines && !is_new;
		if (event == FRAMES_BAD || (event == FRAMES_FLUSH && is_new && rest.size) ||
			shell->greeting.over) {
			shell_bad(shell);
			return;
		}
		if (is_old || event == FRAMES_FLUSH) {
			shell->state = is_new ? SHELL_NEW : SHELL_OLD;
			break;
		}
		if (event == FRAMES_MORE)
			return;
	}
	shell->frames = (struct frames){0};
	if (shell->state == SHELL_OLD)
		loop_change(shell->output, 0);
	if (shell->listener.greeted)
		shell->listener.greeted(shell->listener.context);
}

/* To the flush, behind which nothing comes unasked. */
static void
answer_take(struct shell *shell, struct bytes data, enum shell_state next)
{
	struct bytes rest = data, piece;
	enum frames_event event;
	while ((event = frames_step(&shell->frames, &rest, &piece)) == FRAMES_LINE)
		shell_give(shell, piece);
	if (event == FRAMES_BAD || (event == FRAMES_FLUSH && rest.size)) {
		shell_bad(shell);
		return;
	}
	shell_give(shell, piece);
	if (event == FRAMES_FLUSH)
		shell_done(shell, next, NULL);
}

static void
output_take(struct shell *shell, struct bytes data)
{
	switch (shell->state) {
	case SHELL_BEGINNING:
		greeting_take(shell, data);
		break;
	case SHELL_NEW_BUSY:
		answer_take(shell, data, SHELL_NEW);
		break;
	case SHELL_OLD_LISTING:
		answer_take(shell, data, SHELL_OLD_LISTED);
		break;
	case SHELL_OLD_BUSY:
		shell_give(shell, data);
		break;
	case SHELL_NEW:
	case SHELL_OLD_LISTED:
		shell_bad(shell);
		break;
	case SHELL_ASKING:
	case SHELL_RESOLVING:
	case SHELL_OLD:
	case SHELL_GONE:
		break;
	}
}

/* Both its output and itself have ended. */
static void
shell_end(struct shell *shell)
{
	errors_read(shell);
	struct err why = {0};
	bool is_answered = shell->has_answered;
	switch (shell->state) {
	case SHELL_NEW_BUSY:
		shell_explain(
			shell, is_answered ? "it ended within its answer" : "no answer", &why);
		/* A question that a server cannot read ends it, over HTTP with an empty answer. */
		if (is_answered)
			shell_fail(shell, &why);
		else
			shell_done(shell, SHELL_GONE, why.text);
		break;
	case SHELL_OLD_BUSY:
		if (is_answered)
			shell_done(shell, SHELL_GONE, NULL);
		else
			shell_break(shell, "no answer");
		break;
	case SHELL_BEGINNING:
		shell_break(shell, "git-upload-pack did not begin");
		break;
	case SHELL_OLD_LISTING:
		shell_break(shell, "it ended within its refs");
		break;
	case SHELL_ASKING:
	case SHELL_RESOLVING:
	case SHELL_NEW:
	case SHELL_OLD:
	case SHELL_OLD_LISTED:
	case SHELL_GONE:
		shell_let_go(shell);
		break;
	}
}

static void
on_end(void *context, short events)
{
	struct shell *shell = (struct shell *)context;
	(void)events;
	loop_unwatch(shell->end);
	shell->end = NULL;
	shell->is_ended = true;
	if (shell->output_fd < 0)
		shell_end(shell);
}

static void
on_output(void *context, short events)
{
	struct shell *shell = (struct shell *)context;
	static const size_t size = READ_SIZE;
	(void)events;
	cleanup_buf struct buf data = BUF(READ_SIZE);
	ssize_t count = read(shell->output_fd, buf_reserve(&data, size), size);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count > 0) {
		buf_commit(&data, (size_t)count);
		output_take(shell, buf_bytes(&data));
		return;
	}
	loop_unwatch(shell->output);
	shell->output = NULL;
	fd_release(&shell->output_fd);
	if (shell->is_ended)
		shell_end(shell);
}

/* The words of ssh's command line, and the texts that they point into. */
struct shell_words {
	const char *words[WORDS];
	size_t count;
	char seconds[40], port[8], host[256];
};

static void
words_add(struct shell_words *words, const char *word)
{
	must(words->count + 1 < WORDS, "ssh's command line has room for its words");
	words->words[words->count++] = word;
	words->words[words->count] = NULL;
}

/* Ours stand first: the first value that ssh is given of an option counts. */
static void
words_add_ssh(struct shell_words *words, const struct shell *shell, bool is_question)
{
	const struct config *config = shell->config;
	const struct url *url = &shell->remote.url;
	const char *const ours[] = {"-T", "-x", "-a", "-o", "BatchMode=yes", "-o",
		"ClearAllForwardings=yes", "-o", "PermitLocalCommand=no", "-o",
		"RemoteCommand=none", "-o", "SendEnv=GIT_PROTOCOL", "-o"};
	(void)snprintf(words->seconds, sizeof words->seconds, "ConnectTimeout=%u",
		config->connect_seconds);
	(void)snprintf(words->port, sizeof words->port, "%u", (unsigned)url->port);
	(void)snprintf(words->host, sizeof words->host, "%.*s", BYTES_ARGS(url_host(url)));
	words_add(words, config->ssh.data[0]);
	for (size_t at = 0; at < sizeof ours / sizeof *ours; at++)
		words_add(words, ours[at]);
	words_add(words, words->seconds);
	for (size_t at = 1; at < config->ssh.size; at++)
		words_add(words, config->ssh.data[at]);
	/* The usual port is left to ssh's own configuration. */
	if (url->port != SSH_PORT) {
		words_add(words, "-p");
		words_add(words, words->port);
	}
	if (shell->remote.user) {
		words_add(words, "-l");
		words_add(words, shell->remote.user);
	}
	if (is_question)
		words_add(words, "-G");
	words_add(words, "--");
	words_add(words, words->host);
	if (!is_question)
		words_add(words, shell->remote.command);
}

static bool
pipes_make(struct shell *shell, int theirs[3], struct err *err)
{
	return fd_pipe(&theirs[0], &shell->input_fd, err) &&
	       fd_pipe(&shell->output_fd, &theirs[1], err) &&
	       fd_pipe(&shell->error_fd, &theirs[2], err) &&
	       fd_set_blocking(shell->output_fd, false, err) &&
	       fd_set_blocking(shell->error_fd, false, err) &&
	       outlet_open(&shell->input, shell->loop, shell->input_fd, err);
}

static void
shell_run(struct shell *shell)
{
	struct err err = {0};
	struct shell_words words = {.count = 0};
	int theirs[3] = {-1, -1, -1};
	words_add(&words, "env");
	words_add(&words, "--");
	words_add(&words, "GIT_PROTOCOL=version=2");
	words_add(&words, "SSH_ASKPASS_REQUIRE=never");
	words_add_ssh(&words, shell, false);
	bool started = pipes_make(shell, theirs, &err);
	if (started) {
		const struct process_fd fds[] = {{theirs[0], 0}, {theirs[1], 1}, {theirs[2], 2}};
		const struct process_spec spec = {
			.program = "/usr/bin/env",
			.arguments = words.words,
			.fds = fds,
			.fd_count = 3,
			.own_group = true,
		};
		started = process_start(&spec, &shell->process, &err);
	}
	for (size_t at = 0; at < 3; at++)
		fd_release(&theirs[at]);
	if (!started) {
		shell_fail(shell, &err);
		return;
	}
	shell->state = SHELL_BEGINNING;
	shell->output = loop_watch(
		shell->loop, shell->output_fd, shell->is_paused ? 0 : POLLIN, on_output, shell);
	shell->error = loop_watch(shell->loop, shell->error_fd, POLLIN, on_error, shell);
	shell->end = loop_watch(shell->loop, shell->process.pidfd, POLLIN, on_end, shell);
}

static void
on_addresses(void *context)
{
	struct shell *shell = (struct shell *)context;
	struct err err = {0};
	cleanup_buf struct buf output = BUF(HELPER_OUTPUT);
	bool is_fine = helper_finish(&shell->helper, &output, &err);
	if (!is_fine)
		(void)err_note(&err, "no address of %s is found", shell->host);
	if (is_fine && said_addresses(buf_bytes(&output), &shell->config->policy, &err))
		shell_run(shell);
	else
		shell_fail(shell, &err);
}

static void
shell_resolve(struct shell *shell)
{
	struct err err = {0};
	const char *const words[] = {"getent", "ahosts", shell->host, NULL};
	shell->state = SHELL_RESOLVING;
	if (!helper_start(&shell->helper, shell->loop, words, on_addresses, shell, &err))
		shell_fail(shell, &err);
}

static void
on_settings(void *context)
{
	struct shell *shell = (struct shell *)context;
	struct err err = {0};
	cleanup_buf struct buf output = BUF(HELPER_OUTPUT);
	if (!helper_finish(&shell->helper, &output, &err)) {
		shell_fail(shell, &err);
		return;
	}
	struct bytes text = buf_bytes(&output);
	struct bytes host = said_setting(text, "hostname");
	cleanup_buf struct buf copy = BUF(HELPER_OUTPUT);
	buf_add(&copy, host);
	shell->host = buf_take_text(&copy);
	bool is_named = config_names(shell->config, url_origin(&shell->remote.url));
	bool is_through = said_setting(text, "proxycommand").size != 0 ||
			  said_setting(text, "proxyjump").size != 0;
	if (!host.size || host.data[0] == '-') {
		(void)err_set(&err, ERR_REFUSED, "ssh -G names no host");
		shell_fail(shell, &err);
	} else if (!is_named && !policy_permits_text(&shell->config->policy, host, &err)) {
		shell_fail(shell, &err);
	} else if (is_named || is_through) {
		shell_run(shell);
	} else {
		shell_resolve(shell);
	}
}

struct shell *
shell_new(struct loop *loop, const struct config *config, struct remote *remote,
	const struct shell_listener *listener, struct err *err)
{
	struct shell *shell = (struct shell *)memory_zero(1, sizeof *shell);
	*shell = (struct shell){
		.loop = loop,
		.config = config,
		.remote = *remote,
		.listener = *listener,
		.state = SHELL_ASKING,
		.helper = HELPER_NONE,
		.process = PROCESS_NONE,
		.input_fd = -1,
		.output_fd = -1,
		.error_fd = -1,
		.greeting = BUF(SHELL_GREETING),
		.errors = BUF(SHELL_ERRORS),
	};
	*remote = (struct remote){0};
	struct shell_words words = {.count = 0};
	words_add_ssh(&words, shell, true);
	if (helper_start(&shell->helper, loop, words.words, on_settings, shell, err))
		return shell;
	shell_free(shell);
	return NULL;
}

void
shell_take(struct shell *shell, const struct shell_listener *listener)
{
	must(!shell->listener.done, "a shell has one listener");
	shell->listener = *listener;
	loop_stop(shell->idle);
	shell->idle = NULL;
}

void
shell_list(struct shell *shell)
{
	if (shell->state == SHELL_NEW) {
		shell_give(shell, buf_bytes(&shell->greeting));
		shell->has_answered = false;
		shell_done(shell, SHELL_NEW, NULL);
		return;
	}
	must(shell->state == SHELL_OLD, "what a server says of itself is there once");
	cleanup_buf struct buf held = buf_take(&shell->greeting);
	shell->state = SHELL_OLD_LISTING;
	loop_change(shell->output, shell->is_paused ? 0 : POLLIN);
	answer_take(shell, buf_bytes(&held), SHELL_OLD_LISTED);
}

void
shell_ask(struct shell *shell, struct bytes body)
{
	struct err ignored = {0};
	must(shell->state == SHELL_NEW || shell->state == SHELL_OLD_LISTED,
		"a question is asked when the server waits for one");
	shell->state = shell->state == SHELL_NEW ? SHELL_NEW_BUSY : SHELL_OLD_BUSY;
	shell->has_answered = false;
	/* A server that reads no more has ended, which its output tells. */
	(void)!outlet_add(&shell->input, body, &ignored);
}

void
shell_pause(struct shell *shell, bool pause)
{
	shell->is_paused = pause;
	if (shell->output && shell->state != SHELL_OLD)
		loop_change(shell->output, pause ? 0 : POLLIN);
}

void
shell_leave(struct shell *shell)
{
	shell->listener = (struct shell_listener){0};
	bool is_waiting = shell->state == SHELL_NEW || shell->state == SHELL_OLD ||
			  shell->state == SHELL_OLD_LISTED;
	if (!is_waiting) {
		shell_let_go(shell);
		return;
	}
	shell_pause(shell, false);
	shell->idle = loop_after(shell->loop, (uint64_t)SHELL_IDLE * 1000, on_idle, shell);
}

void
shell_free(struct shell *shell)
{
	shell_let_go(shell);
	remote_release(&shell->remote);
	buf_release(&shell->greeting);
	buf_release(&shell->errors);
	free(shell->host);
	free(shell);
}
