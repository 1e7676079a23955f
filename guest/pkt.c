/* SPDX-License-Identifier: MPL-2.0 */
#include "pkt.h"

void
pkt_start(struct pkt *pkt)
{
	*pkt = (struct pkt){0};
}

static enum pkt_event
pkt_head(struct pkt *pkt)
{
	uint32_t length = pkt->length;
	pkt->digits = 0;
	pkt->length = 0;
	if (length == 0)
		return PKT_FLUSH;
	if (length == 1)
		return PKT_DELIMITER;
	if (length == 2)
		return PKT_RESPONSE_END;
	if (length == 3 || length > PKT_MAX)
		return PKT_BAD;
	pkt->left = length - 4;
	pkt->inside = true;
	return PKT_INPUT;
}

enum pkt_event
pkt_step(struct pkt *pkt, struct span *input, struct span *data)
{
	while (!pkt->inside) {
		if (!input->size)
			return PKT_INPUT;
		uint8_t letter = *input->data;
		int digit = hex_digit(letter >= 'A' && letter <= 'F' ? letter | 32 : letter);
		if (digit < 0)
			return PKT_BAD;
		*input = span_after(*input, 1);
		pkt->length = pkt->length << 4 | (uint32_t)digit;
		if (++pkt->digits < 4)
			continue;
		enum pkt_event event = pkt_head(pkt);
		if (event != PKT_INPUT)
			return event;
	}
	if (pkt->left == 0) {
		pkt->inside = false;
		return PKT_END;
	}
	if (!input->size)
		return PKT_INPUT;
	*data = span_of(input->data, size_min(input->size, pkt->left));
	*input = span_after(*input, data->size);
	pkt->left -= (uint32_t)data->size;
	return PKT_DATA;
}
