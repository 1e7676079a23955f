/* SPDX-License-Identifier: MPL-2.0 */
/*
 * embed MODULE HEADER: writes a module as a C header: its bytes and its digest, as a text too. Run by the build.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"

enum { MODULE_MAX = 1 << 20 };

static void
array_print(FILE *out, const char *name, struct bytes bytes)
{
	(void)fprintf(out, "static const unsigned char %s[%zu] = {", name, bytes.size);
	for (size_t at = 0; at < bytes.size; at++)
		(void)fprintf(out, "%s0x%02x,", at % 16 ? "" : "\n\t", bytes.data[at]);
	(void)fprintf(out, "\n};\n");
}

int
main(int count, char **arguments)
{
	static uint8_t module[MODULE_MAX];
	FILE *in = count == 3 ? fopen(arguments[1], "rbe") : NULL;
	FILE *out = in ? fopen(arguments[2], "we") : NULL;
	if (!out) {
		perror("embed");
		return 1;
	}
	struct bytes bytes = bytes_of(module, fread(module, 1, sizeof module, in));
	struct digest digest = digest_of(bytes);
	(void)fprintf(out,
		"/* island.wasm: %zu bytes */\n#pragma once\n#define ISLAND_WASM_DIGEST \"%s\"\n",
		bytes.size, digest_print(&digest).text);
	array_print(out, "island_wasm", bytes);
	array_print(out, "island_wasm_digest", digest_bytes(&digest));
	bool failed = bytes.size == 0 || ferror(in) != 0 || !feof(in);
	failed |= fclose(in) != 0;
	failed |= fclose(out) != 0;
	return failed;
}
