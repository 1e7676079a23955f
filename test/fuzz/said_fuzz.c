/* SPDX-License-Identifier: MPL-2.0 */
/* What ssh, its server and getent print: it becomes one line, and no address is passed over. */
#include "network/said.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_lines(struct bytes text)
{
	enum { MOST = 30 };
	cleanup_buf struct buf said = BUF(BUF_MAX);
	said_lines(text, MOST, &said);
	must(said.size <= MOST + (SAID_LINES - 1) * 2, "little is said");
	must(bytes_find(buf_bytes(&said), '\n') == SIZE_MAX, "it is one line");
	/* What stands before the last lines does not matter. */
	cleanup_buf struct buf longer = BUF(BUF_MAX), last = BUF(BUF_MAX);
	buf_add(&longer, text);
	buf_add_text(&longer, "\na\r\n\nb\nc\n");
	said_lines(buf_bytes(&longer), MOST, &last);
	must(bytes_equal_text(buf_bytes(&last), "a; b; c"), "the last lines are said");
}

static void
check_setting(struct bytes text)
{
	struct bytes value = said_setting(text, "hostname");
	must(bytes_find(value, '\n') == SIZE_MAX, "a value is of one line");
	must(!bytes_equal_text(value, "none"), "none is no value");
	if (value.size)
		must(bytes_has_prefix(bytes_of(value.data - 9, 9), BYTES_LITERAL("hostname ")),
			"a value stands behind its key");
}

static void
check_addresses(struct bytes text)
{
	struct policy policy = {0};
	struct err err = {0};
	struct bytes rest = text, line;
	bool permitted = said_addresses(text, &policy, &err);
	must(permitted || err.kind == ERR_REFUSED, "a refusal has a reason");
	while (permitted && bytes_split(&rest, '\n', &line)) {
		struct bytes word = bytes_first(line, bytes_find(line, ' '));
		must(!line.size || (policy_is_address(word) &&
					   policy_permits_text(&policy, word, &err)),
			"every line is an address that may be reached");
	}
	cleanup_buf struct buf longer = BUF(BUF_MAX);
	buf_add(&longer, text);
	buf_add_text(&longer, "\nfe80::1%2 STREAM\n");
	must(!said_addresses(buf_bytes(&longer), &policy, &err), "the last line counts too");
	policy_release(&policy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	check_lines(text);
	check_setting(text);
	check_addresses(text);
	return 0;
}
