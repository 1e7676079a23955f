/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/network_answer.h"

#include "wire/network.h"
#include "wire/wire.h"

bool
network_answer_decode(struct bytes packet, struct network_answer *out, struct err *err)
{
	struct wire_in in = {packet, false};
	struct network_answer answer = {.kind = wire_u32(&in)};
	answer.id = wire_u32(&in);
	switch (answer.kind) {
	case NETWORK_HEAD:
		answer.status = wire_u32(&in);
		answer.url = wire_bytes(&in);
		answer.headers = wire_bytes(&in);
		break;
	case NETWORK_REACHED:
	case NETWORK_NOTE:
		answer.text = wire_bytes(&in);
		break;
	case NETWORK_MOVED:
		answer.received = wire_u64(&in);
		break;
	case NETWORK_END:
		answer.end.refused = wire_u32(&in) != 0;
		answer.end.size = wire_u64(&in);
		answer.end.received = wire_u64(&in);
		answer.end.requests = wire_u32(&in);
		answer.end.why = wire_bytes(&in);
		break;
	default:
		return err_set(
			err, ERR_CORRUPT, "cab-network sent a message of kind %u", answer.kind);
	}
	if (!wire_end(&in, err))
		return false;
	if (answer.text.size > NETWORK_TEXT || answer.end.why.size > NETWORK_TEXT)
		return err_set(
			err, ERR_CORRUPT, "cab-network sent a text over %d bytes", NETWORK_TEXT);
	*out = answer;
	return true;
}
