/* SPDX-License-Identifier: MPL-2.0 */
/*
 * policy: which addresses may be reached. It is asked about the address that a socket is about to
 * connect to, never about a name, so what a name server says between two questions does not matter.
 *
 *     struct policy policy = {0};
 *     if (!policy_allow(&policy, BYTES_LITERAL("10.0.0.0/8"), err)) return false;
 *     if (!policy_permits(&policy, address, err)) return false;      ERR_REFUSED
 *     policy_release(&policy);
 *
 * Public addresses may be reached; all others only within a range that was allowed: an address or
 * ADDRESS/BITS. Not public is what IANA's special-purpose address registries (RFC 6890, July 2024)
 * call not globally reachable, and multicast. An IPv4 address inside an IPv6 one (mapped, NAT64,
 * 6to4) counts as that IPv4 address. The refusal says which setting would allow it.
 */
#pragma once

#include <sys/socket.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/err.h"

/* IPv4 stands as ::ffff:a.b.c.d. */
struct policy_range {
	uint8_t address[16];
	unsigned bits;
};

struct policy {
	ARRAY(struct policy_range) allowed;
};

MUST_CHECK bool policy_allow(struct policy *policy, struct bytes range, struct err *err);
MUST_CHECK bool policy_permits(
	const struct policy *policy, const struct sockaddr *address, struct err *err);
/* The same for an address as text, perhaps with "%SCOPE" behind it; true for what is none. */
MUST_CHECK bool policy_permits_text(
	const struct policy *policy, struct bytes address, struct err *err);
/* Whether a text is an address, or an address and "%SCOPE". */
bool policy_is_address(struct bytes text);
/* 127.0.0.0/8, ::1, "localhost". */
bool policy_is_loopback(struct bytes host);
void policy_release(struct policy *policy);
