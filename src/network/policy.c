/* SPDX-License-Identifier: MPL-2.0 */
#include "network/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

struct special {
	const char *range;
	const char *what;
};

/* IANA IPv4 and IPv6 Special-Purpose Address Registries; multicast: RFC 5771, RFC 4291. */
static const struct special specials[] = {
	{"0.0.0.0/8", "an address of this host"},
	{"10.0.0.0/8", "a private address"},
	{"100.64.0.0/10", "an address of a provider's inner network"},
	{"127.0.0.0/8", "a loopback address"},
	{"169.254.0.0/16", "a link-local address"},
	{"172.16.0.0/12", "a private address"},
	{"192.0.0.0/24", "a reserved address"},
	{"192.0.2.0/24", "an address for documentation"},
	{"192.88.99.0/24", "a reserved address"},
	{"192.168.0.0/16", "a private address"},
	{"198.18.0.0/15", "an address for measurements"},
	{"198.51.100.0/24", "an address for documentation"},
	{"203.0.113.0/24", "an address for documentation"},
	{"224.0.0.0/4", "a multicast address"},
	{"240.0.0.0/4", "a reserved address"},
	{"::1/128", "a loopback address"},
	{"::/96", "a reserved address"},
	{"64:ff9b:1::/48", "a private address"},
	{"100::/64", "a reserved address"},
	{"2001::/23", "a reserved address"},
	{"2001:db8::/32", "an address for documentation"},
	{"3fff::/20", "an address for documentation"},
	{"5f00::/16", "a reserved address"},
	{"fc00::/7", "a private address"},
	{"fe80::/10", "a link-local address"},
	{"fec0::/10", "a site-local address"},
	{"ff00::/8", "a multicast address"},
};

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t translated_prefix[12] = {0, 0x64, 0xff, 0x9b};

static void
address_map(const uint8_t four[4], uint8_t out[16])
{
	memcpy(out, mapped_prefix, sizeof mapped_prefix);
	memcpy(out + sizeof mapped_prefix, four, 4);
}

static bool
address_parse(const char *text, uint8_t out[16], bool *is_four)
{
	uint8_t four[4];
	*is_four = inet_pton(AF_INET, text, four) == 1;
	if (*is_four)
		address_map(four, out);
	return *is_four || inet_pton(AF_INET6, text, out) == 1;
}

static bool
range_parse(struct bytes text, struct policy_range *out)
{
	char address[INET6_ADDRSTRLEN];
	size_t slash = bytes_find(text, '/');
	struct bytes front = bytes_first(text, slash);
	if (!front.size || front.size >= sizeof address)
		return false;
	memcpy(address, front.data, front.size);
	address[front.size] = 0;
	bool is_four;
	if (strlen(address) != front.size || !address_parse(address, out->address, &is_four))
		return false;
	unsigned most = is_four ? 32 : 128;
	out->bits = 128;
	if (slash == SIZE_MAX)
		return true;

	struct bytes digits = bytes_from(text, slash + 1);
	unsigned bits = 0;
	if (!digits.size || digits.size > 3)
		return false;
	for (size_t at = 0; at < digits.size; at++) {
		if (digits.data[at] < '0' || digits.data[at] > '9')
			return false;
		bits = bits * 10 + (unsigned)(digits.data[at] - '0');
	}
	out->bits = bits + 128 - most;
	return bits <= most;
}

static bool
range_holds(const struct policy_range *range, const uint8_t address[16])
{
	size_t whole = range->bits / 8;
	unsigned rest = range->bits % 8;
	if (memcmp(range->address, address, whole) != 0)
		return false;
	return rest == 0 || (range->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool
policy_allow(struct policy *policy, struct bytes range, struct err *err)
{
	struct policy_range parsed;
	if (!range_parse(range, &parsed))
		return err_set(err, ERR_REFUSED,
			"network.allow: \"%.*s\" is neither an address nor ADDRESS/BITS",
			BYTES_ARGS(range));
	*array_push(&policy->allowed) = parsed;
	return true;
}

/* What the address is, if it is not public. */
static const char *
address_special(const uint8_t address[16])
{
	for (size_t at = 0; at < sizeof specials / sizeof *specials; at++) {
		struct policy_range range;
		must(range_parse(bytes_text(specials[at].range), &range),
			"the table's ranges parse");
		if (range_holds(&range, address))
			return specials[at].what;
	}
	return NULL;
}

/* The IPv4 address that a gateway would take out of this one. */
static bool
address_embedded(const uint8_t address[16], uint8_t out[16])
{
	if (memcmp(address, translated_prefix, sizeof translated_prefix) == 0) {
		address_map(address + 12, out);
		return true;
	}
	if (address[0] == 0x20 && address[1] == 0x02) {
		address_map(address + 2, out);
		return true;
	}
	return false;
}

static bool
policy_judge(const struct policy *policy, const uint8_t address[16], struct err *err)
{
	for (size_t at = 0; at < policy->allowed.size; at++)
		if (range_holds(&policy->allowed.data[at], address))
			return true;
	uint8_t embedded[16];
	const char *what = address_special(address);
	if (!what && address_embedded(address, embedded))
		what = address_special(embedded);
	if (!what)
		return true;
	char text[INET6_ADDRSTRLEN];
	bool is_four = memcmp(address, mapped_prefix, sizeof mapped_prefix) == 0;
	must(inet_ntop(is_four ? AF_INET : AF_INET6, is_four ? address + 12 : address, text,
		     sizeof text),
		"an address prints");
	return err_set(err, ERR_REFUSED,
		"%s is %s, which no island may reach unless this host's configuration says so: "
		"--set 'network.allow=[\"%s\"]'",
		text, what, text);
}

bool
policy_permits(const struct policy *policy, const struct sockaddr *address, struct err *err)
{
	uint8_t bytes[16];
	if (address->sa_family == AF_INET) {
		struct sockaddr_in four;
		memcpy(&four, address, sizeof four);
		uint8_t raw[4];
		memcpy(raw, &four.sin_addr, sizeof raw);
		address_map(raw, bytes);
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 six;
		memcpy(&six, address, sizeof six);
		memcpy(bytes, &six.sin6_addr, sizeof bytes);
	} else {
		return err_set(err, ERR_REFUSED, "address family %d is neither IPv4 nor IPv6",
			address->sa_family);
	}
	return policy_judge(policy, bytes, err);
}

/* "%SCOPE" behind an address says by which interface; what it is does not hang on that. */
static bool
text_parse(struct bytes text, struct policy_range *out)
{
	text = bytes_first(text, bytes_find(text, '%'));
	return bytes_find(text, '/') == SIZE_MAX && range_parse(text, out);
}

bool
policy_is_address(struct bytes text)
{
	struct policy_range range;
	return text_parse(text, &range);
}

bool
policy_permits_text(const struct policy *policy, struct bytes address, struct err *err)
{
	struct policy_range range;
	return !text_parse(address, &range) || policy_judge(policy, range.address, err);
}

bool
policy_is_loopback(struct bytes host)
{
	struct policy_range range;
	if (bytes_equal_text(host, "localhost"))
		return true;
	if (!range_parse(host, &range))
		return false;
	const char *what = address_special(range.address);
	return what && strcmp(what, "a loopback address") == 0;
}

void
policy_release(struct policy *policy)
{
	array_release(&policy->allowed);
}
