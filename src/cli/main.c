/* SPDX-License-Identifier: MPL-2.0 */
/* The table of commands, and the only place that prints an err and chooses an exit status. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/option.h"
#include "cli/terminal.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

static const struct command *
command_find(int argc, char **argv, int *words_out)
{
	/* "store ls" is looked for before "store": the longest name wins. */
	for (int words = 2; words >= 1; words--) {
		char name[64] = "";
		if (argc <= words || strlen(argv[1]) + (words == 2 ? strlen(argv[2]) : 0) > 60)
			continue;
		(void)snprintf(name, sizeof name, words == 2 ? "%s %s" : "%s", argv[1],
			words == 2 ? argv[2] : "");
		for (size_t at = 0; at < command_count; at++) {
			if (strcmp(commands[at].name, name) == 0) {
				*words_out = words;
				return &commands[at];
			}
		}
	}
	return NULL;
}

static int
command_unknown(const char *word)
{
	size_t length = strlen(word);
	cleanup_buf struct buf shown = BUF(1024);
	terminal_escape(bytes_first(bytes_text(word), 100), &shown);
	(void)fprintf(stderr, "cab: there is no command \"%s\"\n", buf_text(&shown));
	for (size_t at = 0; at < command_count; at++)
		if (strncmp(commands[at].name, word, length) == 0)
			(void)fprintf(stderr, "help: cab %s %s\n", commands[at].name,
				commands[at].operands);
	(void)fputs("help: cab --help lists the commands\n", stderr);
	return EXIT_USAGE;
}

/* "store" of "store ls": its commands, or false where no command's first word it is. */
static bool
command_group(const char *word, FILE *out)
{
	size_t length = strlen(word);
	bool found = false;
	for (size_t at = 0; at < command_count; at++) {
		if (strncmp(commands[at].name, word, length) != 0 ||
			commands[at].name[length] != ' ')
			continue;
		if (!found)
			(void)fprintf(out, "cab %s COMMAND [OPTIONS] [OPERANDS]\n\n", word);
		found = true;
		(void)fprintf(out, "  %-16s %s\n", commands[at].name, commands[at].summary);
	}
	if (found)
		(void)fprintf(
			out, "\ncab %s COMMAND --help says more, and so does cab(1).\n", word);
	return found;
}

static int
command_list(void)
{
	puts("cab COMMAND [OPTIONS] [OPERANDS]\nBuilds what .cab files describe; sources are "
	     "fetched where they are used.\n");
	for (size_t at = 0; at < command_count; at++)
		printf("  %-14s %s\n", commands[at].name, commands[at].summary);
	puts("\ncab COMMAND --help says more, and so does cab(1).");
	return EXIT_DONE;
}

static int
exit_status(const struct err *err)
{
	if (err->kind == ERR_USAGE)
		return EXIT_USAGE;
	return err->kind == ERR_CANCELLED ? EXIT_INTERRUPTED : EXIT_FAILED;
}

/* What standard output could not take must not look like success. */
static int
exit_flush(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fputs("cab: standard output cannot be written\n", stderr);
	return status ? status : EXIT_FAILED;
}

/* Also where it stands behind what could not be read. */
static bool
command_asks_json(int argc, char **argv)
{
	for (int at = 1; at < argc && strcmp(argv[at], "--") != 0; at++)
		if (strcmp(argv[at], "--json") == 0)
			return true;
	return false;
}

static int
command_run(const struct command *command, int argc, char **argv)
{
	struct options options = {0};
	struct err err = {0};
	int status = EXIT_DONE;
	if (!options_parse(command, argc, argv, &options, &err)) {
		terminal_print_err(&err, options.json || command_asks_json(argc, argv));
		status = exit_status(&err);
	} else if (options.help) {
		options_help(command);
	} else if (!command->run(&options, &status, &err)) {
		terminal_print_err(&err, options.json);
		status = exit_status(&err);
	}
	options_release(&options);
	return exit_flush(status);
}

int
main(int argc, char **argv)
{
	/* A closed pipe is an error of the write that meets it, not a silent death in the middle of a build. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0)
		return exit_flush(argc < 2 ? (command_list(), EXIT_USAGE) : command_list());
	if (strcmp(argv[1], "--version") == 0) {
		puts("cab " CAB_VERSION);
		return exit_flush(EXIT_DONE);
	}
	int words = 0;
	const struct command *command = command_find(argc, argv, &words);
	bool asks = argc == 3 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);
	if (!command && (argc == 2 || asks) && command_group(argv[1], asks ? stdout : stderr))
		return exit_flush(asks ? EXIT_DONE : EXIT_USAGE);
	if (!command)
		return command_unknown(argv[1]);
	return command_run(command, argc - words, argv + words);
}
