/* SPDX-License-Identifier: MPL-2.0 */
/* The first line is a path, the rest a .gitignore. */
#include <stdint.h>

#include "island/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_of(data, size);
	struct bytes path;
	struct ignore_list list = {0};
	if (size > 4096 || !bytes_split(&rest, '\n', &path))
		return 0;
	ignore_parse(&list, rest);
	enum ignore_answer folder = ignore_ask(&list, path, IGNORE_FOLDER);
	enum ignore_answer file = ignore_ask(&list, path, IGNORE_FILE);
	must(folder != IGNORE_SILENT || file == IGNORE_SILENT,
		"what matches a file matches a folder of that name");
	ignore_release(&list);
	return 0;
}
