/* SPDX-License-Identifier: MPL-2.0 */
#include "network/order.h"

#include "wire/wire.h"

bool
order_decode(struct bytes packet, struct order *out, struct err *err)
{
	struct wire_in in = {packet, false};
	struct order order = {.kind = wire_u32(&in)};
	order.id = wire_u32(&in);
	switch (order.kind) {
	case NETWORK_LISTEN:
		order.is_open = wire_u32(&in) & NETWORK_REDIRECTS;
		order.origin_count = wire_list(&in, order.origins, NETWORK_ORIGINS);
		break;
	case NETWORK_PAUSE:
	case NETWORK_RESUME:
	case NETWORK_CANCEL:
	case NETWORK_CLOSE:
		break;
	default:
		return err_set(err, ERR_CORRUPT, "a message of kind %u is no order", order.kind);
	}
	if (!wire_end(&in, err))
		return false;
	*out = order;
	return true;
}
