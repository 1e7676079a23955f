/* SPDX-License-Identifier: MPL-2.0 */
/*
 * toml_scalar: the texts, numbers, dates and bare words of TOML; used by toml.c alone.
 */
#pragma once

#include "base/arena.h"
#include "lang/toml.h"

struct toml_reader {
	struct bytes text;
	size_t at;
	struct arena *arena;
	struct err *err;
};

static inline int
toml_peek(const struct toml_reader *reader)
{
	return reader->at < reader->text.size ? reader->text.data[reader->at] : -1;
}

/* Raises, with the line. */
bool toml_refuse(struct toml_reader *reader, const char *format, ...) PRINTF(2, 3);
/* A quoted text of one line or, where `lines` allows it, of several. */
MUST_CHECK bool toml_read_text(struct toml_reader *reader, bool lines, struct bytes *out);
/* true, false, numbers, dates. */
MUST_CHECK bool toml_read_word(struct toml_reader *reader, struct toml_value *out);
