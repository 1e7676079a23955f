/* SPDX-License-Identifier: MPL-2.0 */
/*
 * pkt: a step decoder of pkt-lines (git's gitprotocol-common(5)), the frames of git's protocol.
 *
 *     pkt_start(&pkt);
 *     while ((event = pkt_step(&pkt, &input, &data)) != PKT_INPUT) ...
 *
 * A line comes as PKT_DATA pieces, in the order in which they arrive (`data` points into `input`),
 * and is ended by PKT_END; pkt.left is what is still to come of the line. So lines need no buffer
 * here, however long they are (65,516 bytes at most). PKT_FLUSH, PKT_DELIMITER and PKT_RESPONSE_END
 * are the special frames 0000, 0001 and 0002. Lengths that are no hexadecimal, 0003, or over the
 * limit are PKT_BAD. An end of the input anywhere but between frames (pkt_is_between) is a
 * truncation. Imports nothing.
 */
#pragma once

#include "port.h"

enum { PKT_MAX = 65520 };

enum pkt_event {
	PKT_INPUT,
	PKT_DATA,
	PKT_END,
	PKT_FLUSH,
	PKT_DELIMITER,
	PKT_RESPONSE_END,
	PKT_BAD,
};

struct pkt {
	uint32_t left;
	uint32_t length;
	uint8_t digits;
	bool inside;
};

void pkt_start(struct pkt *pkt);
enum pkt_event pkt_step(struct pkt *pkt, struct span *input, struct span *data);

static inline bool
pkt_is_between(const struct pkt *pkt)
{
	return pkt->digits == 0 && !pkt->inside;
}
