/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "cli/command.h"

/* The table of commands is the real one; its functions are not what is tested here. */
#define COMMAND(name)                                                                              \
	bool name(const struct options *options UNUSED, int *status_out UNUSED, struct err *err)   \
	{                                                                                          \
		return err_set(err, ERR_REFUSED, #name " is not run by this test");                \
	}
COMMAND(command_build)
COMMAND(command_eval)
COMMAND(command_show)
COMMAND(command_update)
COMMAND(command_account)
COMMAND(command_check)
COMMAND(command_log)
COMMAND(command_config)
COMMAND(command_store_ls)
COMMAND(command_store_cat)
COMMAND(command_store_info)
COMMAND(command_store_delete)
COMMAND(command_store_gc)
COMMAND(command_store_verify)
COMMAND(command_cache_push)
COMMAND(command_island_show)
COMMAND(command_island_fetch)
COMMAND(command_island_conform)
COMMAND(command_island_versions)
COMMAND(command_island_cat)
COMMAND(command_island_list)

static const struct {
	const char *name;
	char letter;
	unsigned where;
} rows[] = {
#define OPTION(field, name, letter, kind, where, argument, help) {name, letter, where},
#include "cli/option_list.h"
#undef OPTION
};

enum { ROWS = sizeof rows / sizeof *rows, WORDS = 16 };

static const struct command *
command(const char *name)
{
	for (size_t at = 0; at < command_count; at++)
		if (strcmp(commands[at].name, name) == 0)
			return &commands[at];
	fail_msg("there is no command %s", name);
	return NULL;
}

/* Parses "build -k --jobs=3", words parted by blanks, into options that stay valid with `words`. */
struct line {
	char words[256];
	char *arguments[WORDS];
	struct options options;
	struct err err;
};

static bool
parse(struct line *line, const char *name, const char *words)
{
	*line = (struct line){0};
	(void)snprintf(line->words, sizeof line->words, "%s", words);
	int count = 0;
	line->arguments[count++] = line->words;
	for (char *at = line->words; *at; at++) {
		if (*at != ' ')
			continue;
		*at = '\0';
		assert_in_range(count, 1, WORDS - 2);
		line->arguments[count++] = at + 1;
	}
	return options_parse(command(name), count, line->arguments, &line->options, &line->err);
}

static void
good_line(struct line *line, const char *name, const char *words)
{
	if (!parse(line, name, words))
		fail_msg("cab %s: %s", words, line->err.text);
}

static void
bad_line(const char *name, const char *words, const char *sentence)
{
	struct line line;
	assert_false(parse(&line, name, words));
	assert_int_equal(line.err.kind, ERR_USAGE);
	assert_string_equal(line.err.text, sentence);
	options_release(&line.options);
}

static void
every_shape_is_stored(void **state UNUSED)
{
	struct line line;
	good_line(&line, "build",
		"build -k --jobs=3 --set a=1 -o name --set=b=2 --update --update=x file --json");
	assert_true(line.options.keep_going);
	assert_true(line.options.json);
	assert_false(line.options.quiet);
	assert_int_equal(line.options.jobs, 3);
	assert_string_equal(line.options.link, "name");
	assert_int_equal(line.options.set.size, 2);
	assert_string_equal(line.options.set.data[1], "b=2");
	assert_true(line.options.update);
	assert_int_equal(line.options.update_list.size, 1);
	assert_string_equal(line.options.update_list.data[0], "x");
	assert_int_equal(line.options.operands.size, 1);
	assert_string_equal(line.options.operands.data[0], "file");
	options_release(&line.options);
	good_line(&line, "build", "build -j4 -kq -- --jobs");
	assert_int_equal(line.options.jobs, 4);
	assert_true(line.options.keep_going && line.options.quiet);
	assert_string_equal(line.options.operands.data[0], "--jobs");
	options_release(&line.options);
}

static void
what_is_wrong_is_named(void **state UNUSED)
{
	bad_line("build", "build --nothing",
		"cab build has no option --nothing (cab build --help lists them)");
	bad_line("build", "build file -Z",
		"cab build has no option -Z (cab build --help lists them)");
	bad_line("build", "build -kZq", "cab build has no option -Z (cab build --help lists them)");
	bad_line("config", "config --jobs=3",
		"cab config has no option --jobs=3 (cab config --help lists them)");
	bad_line("build", "build --json=yes", "--json takes no argument");
	bad_line("build", "build --jobs", "--jobs wants an argument");
	bad_line("build", "build -kj", "-j wants an argument");
	bad_line("store cat", "cat", "cab store cat wants PATH");
	bad_line("store gc", "gc more", "cab store gc does not know what to do with \"more\"");
}

static void
numbers_are_whole_and_bounded(void **state UNUSED)
{
	static const char *const texts[] = {
		"", "0", "-1", "+1", "1x", "0x10", "1.5", "1073741825", "99999999999999999999999"};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		struct line line;
		char words[64];
		(void)snprintf(words, sizeof words, "build --jobs=%s", texts[at]);
		assert_false(parse(&line, "build", words));
		assert_int_equal(line.err.kind, ERR_USAGE);
		assert_non_null(strstr(line.err.text, "--jobs wants a whole number"));
		options_release(&line.options);
	}
}

static void
help_is_asked_for_without_operands(void **state UNUSED)
{
	struct line line;
	good_line(&line, "store cat", "cat --help");
	assert_true(line.options.help);
	options_release(&line.options);
}

/* What options_help writes on standard output. */
static void
help_of(const struct command *which, struct buf *out)
{
	struct err err;
	FILE *file = tmpfile();
	assert_non_null(file);
	(void)fflush(stdout);
	int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	assert_int_equal(dup2(fileno(file), STDOUT_FILENO), STDOUT_FILENO);
	options_help(which);
	(void)fflush(stdout);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	fd_close(saved);
	rewind(file);
	assert_true(fd_read_all(fileno(file), out, &err));
	(void)fclose(file);
}

static void
help_of_each_command_lists_the_options_it_takes_and_no_other(void **state UNUSED)
{
	for (size_t at = 0; at < command_count; at++) {
		cleanup_buf struct buf help = BUF(64 << 10);
		help_of(&commands[at], &help);
		assert_non_null(strstr(buf_text(&help), commands[at].name));
		assert_non_null(strstr(buf_text(&help), commands[at].operands));
		assert_non_null(strstr(buf_text(&help), commands[at].summary));
		for (size_t row = 0; row < ROWS; row++) {
			char name[64];
			(void)snprintf(name, sizeof name, "--%s", rows[row].name);
			const char *found = buf_text(&help);
			size_t length = strlen(name);
			do
				found = strstr(found, name);
			while (found && !strchr(" =[", found[length]) && (found += length));
			bool takes = rows[row].where & (OPTION_EVERY | commands[at].where);
			if (takes != (found != NULL))
				fail_msg("cab %s --help and %s", commands[at].name, name);
		}
	}
}

static void
no_name_or_letter_stands_twice(void **state UNUSED)
{
	for (size_t left = 0; left < ROWS; left++)
		for (size_t right = 0; right < left; right++) {
			assert_string_not_equal(rows[left].name, rows[right].name);
			assert_false(rows[left].letter && rows[left].letter == rows[right].letter);
		}
	for (size_t left = 0; left < command_count; left++)
		for (size_t right = 0; right < left; right++)
			assert_string_not_equal(commands[left].name, commands[right].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_is_stored),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(numbers_are_whole_and_bounded),
		cmocka_unit_test(help_is_asked_for_without_operands),
		cmocka_unit_test(help_of_each_command_lists_the_options_it_takes_and_no_other),
		cmocka_unit_test(no_name_or_letter_stands_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
