/* SPDX-License-Identifier: MPL-2.0 */
/*
 * config_place: where a key of the configuration stands in the text that gave it.
 *
 *     struct config_text *text = config_text_new("/etc/cab/config.cab", bytes, CONFIG_WHOLE, err);
 *     struct config_place place = config_place(text, "limits\x01seconds");
 *     config_text_free(text);
 *
 * The text is read again as syntax alone, at the first question: a good configuration does not pay for it. A
 * value that the text computes has the place of what computes it, as deep as sets written out lead.
 */
#pragma once

#include "lang/source.h"

enum config_shape {
	CONFIG_WHOLE, /* an expression whose value is the set */
	CONFIG_PAIR,  /* NAME.PATH=EXPR, of --set */
};

struct config_place {
	struct span name;  /* the last part of the key, or what stands for it */
	struct span value; /* what the key is set to */
};

struct config_text;

/* Copies both. NULL where the text is longer than a source may be. */
struct config_text *config_text_new(
	const char *name, struct bytes text, enum config_shape shape, struct err *err);
void config_text_free(struct config_text *text);
const char *config_text_name(const struct config_text *text);
/* Parts of the path are separated by \x01. The spans live as long as the text. */
struct config_place config_place(struct config_text *text, const char *path);
