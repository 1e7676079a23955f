/* SPDX-License-Identifier: MPL-2.0 */
/*
 * setting: a step through the lines "KEY = VALUE" of a client's own file of settings: npm's npmrc, pip's
 * pip.conf, and as much of cargo's config.toml as its sources need. Inside island/ only.
 *
 *     struct setting setting = setting_start(text);
 *     while (setting_next(&setting)) use(setting.section, setting.key, setting.value);
 *
 * A section is what stands between brackets; comments begin with '#' or ';'; a value may stand in
 * quotes. Lines of any other form are passed over: the file is another program's. Spans are of the text.
 */
#pragma once

#include "base/bytes.h"

struct setting {
	struct bytes rest;
	struct bytes section;
	struct bytes key;
	struct bytes value;
};

static inline struct setting
setting_start(struct bytes text)
{
	return (struct setting){.rest = text};
}

bool setting_next(struct setting *setting);
