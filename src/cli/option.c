/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/option.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option_row {
	const char *name;
	char letter;
	enum option_shape kind;
	unsigned where;
	const char *argument;
	const char *help;
	size_t offset;
	size_t list; /* of SHAPE_FLAG_OR_LIST */
};

#define OPTION_OFFSET_SHAPE_FLAG(field)         0
#define OPTION_OFFSET_SHAPE_TEXT(field)         0
#define OPTION_OFFSET_SHAPE_LIST(field)         0
#define OPTION_OFFSET_SHAPE_NUMBER(field)       0
#define OPTION_OFFSET_SHAPE_FLAG_OR_LIST(field) offsetof(struct options, field##_list)
#define OPTION(field, name, letter, kind, where, argument, help)                                   \
	{name, letter, kind, where, argument, help, offsetof(struct options, field),               \
		OPTION_OFFSET_##kind(field)},

static const struct option_row option_rows[] = {
#include "cli/option_list.h"
};
#undef OPTION

enum { OPTION_ROWS = sizeof option_rows / sizeof *option_rows, OPTION_FIRST = 256 };

static bool
option_is_for(const struct option_row *row, const struct command *command)
{
	return row->where & (OPTION_EVERY | command->where);
}

static bool
option_number(const char *name, const char *text, uint64_t *out, struct err *err)
{
	char *end = NULL;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !number || number > 1u << 30)
		return err_set(err, ERR_USAGE, "--%s wants a whole number, at least 1, not \"%s\"",
			name, text);
	*out = number;
	return true;
}

static bool
option_store(const struct option_row *row, const char *text, struct options *out, struct err *err)
{
	void *field = (char *)out + row->offset;
	switch (row->kind) {
	case SHAPE_FLAG:
		*(bool *)field = true;
		return true;
	case SHAPE_TEXT:
		*(const char **)field = text;
		return true;
	case SHAPE_LIST:
		*array_push((option_texts *)field) = text;
		return true;
	case SHAPE_NUMBER:
		return option_number(row->name, text, (uint64_t *)field, err);
	case SHAPE_FLAG_OR_LIST:
		*(bool *)field = true;
		if (text)
			*array_push((option_texts *)(void *)((char *)out + row->list)) = text;
		return true;
	}
	must(false, "every kind of option is stored");
}

/* The tables that getopt_long reads, made of the rows that are for this command. */
struct option_tables {
	struct option names[OPTION_ROWS + 1];
	char letters[2 * OPTION_ROWS + 2];
};

static void
option_tables_fill(const struct command *command, struct option_tables *tables)
{
	size_t count = 0;
	size_t letter = 0;
	tables->letters[letter++] = ':';
	for (size_t at = 0; at < OPTION_ROWS; at++) {
		const struct option_row *row = &option_rows[at];
		if (!option_is_for(row, command))
			continue;
		int takes = row->kind == SHAPE_FLAG           ? no_argument
			    : row->kind == SHAPE_FLAG_OR_LIST ? optional_argument
							      : required_argument;
		tables->names[count++] =
			(struct option){row->name, takes, NULL, OPTION_FIRST + (int)at};
		if (!row->letter)
			continue;
		tables->letters[letter++] = row->letter;
		if (takes == required_argument)
			tables->letters[letter++] = ':';
	}
	tables->names[count] = (struct option){0};
	tables->letters[letter] = '\0';
}

static const struct option_row *
option_find(const struct command *command, int code)
{
	for (size_t at = 0; at < OPTION_ROWS; at++)
		if (option_is_for(&option_rows[at], command) &&
			(code == OPTION_FIRST + (int)at ||
				(code < OPTION_FIRST && code == option_rows[at].letter)))
			return &option_rows[at];
	return NULL;
}

/* getopt_long leaves in optopt the letter that it does not know, the code of a long option that takes no argument but
 * got one, or 0; within "-kZ" the word before optind is not yet the one that is read. */
static bool
option_refuse(const struct command *command, const char *word, struct err *err)
{
	if (optopt >= OPTION_FIRST)
		return err_set(err, ERR_USAGE, "--%s takes no argument",
			option_rows[optopt - OPTION_FIRST].name);
	char letter[3] = {'-', (char)optopt, '\0'};
	return err_set(err, ERR_USAGE, "cab %s has no option %s (cab %s --help lists them)",
		command->name, optopt ? letter : word, command->name);
}

static bool
option_lacks_argument(const char *word, struct err *err)
{
	char letter[3] = {'-', (char)optopt, '\0'};
	return err_set(
		err, ERR_USAGE, "%s wants an argument", optopt < OPTION_FIRST ? letter : word);
}

bool
options_parse(
	const struct command *command, int argc, char **argv, struct options *out, struct err *err)
{
	struct option_tables tables;
	option_tables_fill(command, &tables);
	opterr = 0;
	optind = 0;
	for (;;) {
		int code = getopt_long(argc, argv, tables.letters, tables.names, NULL);
		if (code == -1)
			break;
		if (code == ':')
			return option_lacks_argument(argv[optind - 1], err);
		const struct option_row *row = option_find(command, code);
		if (!row)
			return option_refuse(command, argv[optind - 1], err);
		if (!option_store(row, optarg, out, err))
			return false;
	}
	while (optind < argc)
		*array_push(&out->operands) = argv[optind++];
	if (out->help)
		return true;
	if (out->operands.size < command->least)
		return err_set(err, ERR_USAGE, "cab %s wants %s", command->name, command->operands);
	if (out->operands.size > command->most)
		return err_set(err, ERR_USAGE, "cab %s does not know what to do with \"%s\"",
			command->name, out->operands.data[command->most]);
	return true;
}

void
options_release(struct options *options)
{
	array_release(&options->operands);
	for (size_t at = 0; at < OPTION_ROWS; at++) {
		const struct option_row *row = &option_rows[at];
		if (row->kind == SHAPE_LIST)
			array_release((option_texts *)(void *)((char *)options + row->offset));
		if (row->kind == SHAPE_FLAG_OR_LIST)
			array_release((option_texts *)(void *)((char *)options + row->list));
	}
}

void
options_help(const struct command *command)
{
	printf("cab %s%s%s\n%s\n\n", command->name, *command->operands ? " " : "",
		command->operands, command->summary);
	for (size_t at = 0; at < OPTION_ROWS; at++) {
		const struct option_row *row = &option_rows[at];
		if (!option_is_for(row, command))
			continue;
		char name[64];
		const char *before = row->kind == SHAPE_FLAG           ? ""
				     : row->kind == SHAPE_FLAG_OR_LIST ? "[="
								       : "=";
		(void)snprintf(name, sizeof name, "--%s%s%s%s", row->name, before,
			row->kind == SHAPE_FLAG ? "" : row->argument,
			row->kind == SHAPE_FLAG_OR_LIST ? "]" : "");
		char letter[4] = "   ";
		if (row->letter)
			(void)snprintf(letter, sizeof letter, "-%c,", row->letter);
		printf("  %s %-24s %s\n", letter, name, row->help);
	}
}
