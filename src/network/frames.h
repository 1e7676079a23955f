/* SPDX-License-Identifier: MPL-2.0 */
/*
 * frames: where a flush stands in a stream of git's pkt-lines (gitprotocol-common(5)), which over ssh
 * ends what a server says.
 *
 *     struct frames frames = {0};
 *     struct bytes piece;
 *     switch (frames_step(&frames, &rest, &piece)) ...     takes `piece` off `rest`
 *
 * What the lines mean is the guest's to find out; here they are counted alone. The first line is
 * kept, up to FRAMES_FIRST bytes, for what a server speaks stands there.
 */
#pragma once

#include "base/bytes.h"

enum { FRAMES_FIRST = 64 };

enum frames_event {
	FRAMES_MORE, /* all of `rest` is taken */
	FRAMES_LINE, /* a line has ended with `piece` */
	FRAMES_FLUSH,
	FRAMES_BAD, /* no pkt-line; nothing is taken */
};

struct frames {
	uint32_t left; /* of the line under way */
	unsigned digits;
	uint32_t length;
	uint64_t lines;
	uint8_t first[FRAMES_FIRST];
	size_t first_size;
};

enum frames_event frames_step(struct frames *frames, struct bytes *rest, struct bytes *piece);
