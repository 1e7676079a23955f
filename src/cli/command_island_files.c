/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/command.h"
#include "cli/entry.h"
#include "cli/terminal.h"

/* Bytes as they are, but what a terminal would obey. */
static bool
files_print(void *context, const char *name, struct bytes content, struct err *err)
{
	struct entry *entry = (struct entry *)context;
	(void)name;
	progress_hide(entry->progress);
	if (!isatty(STDOUT_FILENO) || entry->options->raw)
		return fd_write_all(STDOUT_FILENO, content, err) ||
		       err_note(err, "standard output");
	struct bytes line;
	while (content.size && bytes_split(&content, '\n', &line)) {
		cleanup_buf struct buf shown = BUF(BUF_MAX);
		terminal_escape(line, &shown);
		buf_add_byte(&shown, '\n');
		if (!fd_write_all(STDOUT_FILENO, buf_bytes(&shown), err))
			return err_note(err, "standard output");
	}
	return true;
}

static bool
files_cat_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	(void)context;
	(void)value;
	const option_texts *operands = &entry->options->operands;
	return session_island_files(entry->session, bytes_text(operands->data[0]),
		operands->data + 1, operands->size - 1, files_print, entry, err);
}

bool
command_island_cat(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct entry_task task = {
		.run = files_cat_run, .command = "island cat", .unevaluated = true, .alone = true};
	return entry_run(options, options->operands.data[0], true, false, &task, err);
}

struct files_name {
	char *name;
	char kind;
};

typedef ARRAY(struct files_name) files_names;

static void
files_add(void *visitor, struct bytes name, enum path_kind kind)
{
	static const char letters[] = {[PATH_MISSING] = '?',
		[PATH_FILE] = 'f',
		[PATH_FOLDER] = 'd',
		[PATH_LINK] = 'l',
		[PATH_OTHER] = '?'};
	files_names *names = (files_names *)visitor;
	*array_push(names) =
		(struct files_name){strndup((const char *)name.data, name.size), letters[kind]};
}

static int
files_compare(const void *left, const void *right)
{
	return strcmp(
		((const struct files_name *)left)->name, ((const struct files_name *)right)->name);
}

static void
files_print_name(const struct files_name *file, bool json)
{
	cleanup_buf struct buf line = BUF(64 << 10);
	if (json) {
		buf_format(&line, "{\"kind\":\"%c\",\"name\":", file->kind);
		terminal_add_json(&line, bytes_text(file->name));
		buf_add_text(&line, "}");
	} else {
		buf_format(&line, "%c ", file->kind);
		terminal_escape(bytes_text(file->name), &line);
	}
	puts(buf_text(&line));
}

static bool
files_list_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	(void)context;
	(void)value;
	const option_texts *operands = &entry->options->operands;
	files_names names = {0};
	bool done = session_island_list(entry->session, bytes_text(operands->data[0]),
		operands->size > 1 ? operands->data[1] : "", files_add, &names, err);
	if (names.size)
		qsort(names.data, names.size, sizeof *names.data, files_compare);
	progress_hide(entry->progress);
	for (size_t at = 0; at < names.size; at++) {
		if (done)
			files_print_name(&names.data[at], entry->options->json);
		free(names.data[at].name);
	}
	array_release(&names);
	return done;
}

bool
command_island_list(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct entry_task task = {
		.run = files_list_run, .command = "island ls", .unevaluated = true, .alone = true};
	return entry_run(options, options->operands.data[0], true, false, &task, err);
}
