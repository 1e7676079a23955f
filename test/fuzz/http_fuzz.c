/* SPDX-License-Identifier: MPL-2.0 */
#include "base/must.h"
#include "network/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a guest is shown is lines "name: value\n" without control bytes. */
static void
check(struct bytes fields)
{
	struct bytes line;
	while (fields.size) {
		must(bytes_split(&fields, '\n', &line), "there is a line");
		must(fields.data, "each line is ended");
		size_t colon = bytes_find(line, ':');
		must(colon != SIZE_MAX && colon > 0, "each line has a name");
		for (size_t at = 0; at < line.size; at++)
			must(line.data[at] >= ' ' || line.data[at] == '\t',
				"no control byte is shown");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_of(data, size);
	struct response response;
	struct err err;
	response_init(&response);
	while (rest.size) {
		size_t end = bytes_find(rest, '\n');
		struct bytes line = bytes_first(rest, end == SIZE_MAX ? rest.size : end + 1);
		rest = bytes_from(rest, line.size);
		if (!response_add(&response, line, &err))
			break;
		must(response.bytes <= RESPONSE_BYTES, "heads have a ceiling");
		must(!response.whole || response.status >= 200, "a final status ends the heads");
	}
	must(response.fields.size <= RESPONSE_SHOWN, "what is shown has a ceiling");
	check(buf_bytes(&response.fields));
	response_release(&response);
	return 0;
}
