/* SPDX-License-Identifier: MPL-2.0 */
/*
 * option: the command line, from one table of options and one of commands.
 *
 * A row of option_list.h makes the parser, `cab COMMAND --help`, completion and the manual's check. Repeated
 * options (--set, --input, --update=ISLAND) add to lists. Parsed strings are borrowed from argv.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/array.h"
#include "base/err.h"

typedef ARRAY(const char *) option_texts;

/* What options may be given to a command: bits of the column `where` in option_list.h. */
enum option_where {
	OPTION_EVERY = 1 << 0,
	OPTION_ENTRY = 1 << 1,   /* commands that read an entry file */
	OPTION_LOCK = 1 << 2,    /* commands that may write a lock */
	OPTION_REALIZE = 1 << 3, /* commands that may run something */
	OPTION_BUILD = 1 << 4,
	OPTION_EVAL = 1 << 5,
	OPTION_SHOW = 1 << 6,
	OPTION_GC = 1 << 7,
	OPTION_CAT = 1 << 8,
	OPTION_UPDATE = 1 << 9,
	OPTION_CHECK = 1 << 10,
	OPTION_ACCOUNT = 1 << 11,
};

enum option_shape {
	SHAPE_FLAG,
	SHAPE_TEXT,
	SHAPE_LIST,
	SHAPE_NUMBER,
	SHAPE_FLAG_OR_LIST, /* --update, or --update=ISLAND any number of times */
};

struct options {
#define OPTION_FIELD_SHAPE_FLAG(field)   bool field;
#define OPTION_FIELD_SHAPE_TEXT(field)   const char *field;
#define OPTION_FIELD_SHAPE_LIST(field)   option_texts field;
#define OPTION_FIELD_SHAPE_NUMBER(field) uint64_t field;
#define OPTION_FIELD_SHAPE_FLAG_OR_LIST(field)                                                     \
	bool field;                                                                                \
	option_texts field##_list;
#define OPTION(field, name, letter, kind, where, argument, help) OPTION_FIELD_##kind(field)
#include "cli/option_list.h"
#undef OPTION
	option_texts operands;
};

struct command;

/* Reads what follows the command's name. ERR_USAGE names the option that is wrong. */
MUST_CHECK bool options_parse(
	const struct command *command, int argc, char **argv, struct options *out, struct err *err);
void options_release(struct options *options);
/* The text of `cab COMMAND --help`, on standard output. */
void options_help(const struct command *command);

struct command {
	const char *name;     /* "build", "store ls" */
	const char *operands; /* "[FILE[#NAME.PATH]]" */
	const char *summary;
	unsigned where; /* options beyond OPTION_EVERY */
	size_t least;   /* operands */
	size_t most;
	bool (*run)(const struct options *options, int *status_out, struct err *err);
};
