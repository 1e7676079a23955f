/* SPDX-License-Identifier: MPL-2.0 */
/* A kept account: what is shown of it holds nothing that a terminal or XML would obey. */
#include "cli/account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	json_t *account = account_decode(bytes_of(data, size), &err);
	if (!account) {
		must(err.kind == ERR_CORRUPT, "an error has its kind");
		return 0;
	}
	cleanup_buf struct buf table = BUF(64 << 20);
	cleanup_buf struct buf picture = BUF(64 << 20);
	account_print_table(account, &table);
	account_draw(account, &picture);
	json_decref(account);
	for (size_t at = 0; at < table.size; at++)
		must(table.data[at] == '\n' || table.data[at] >= ' ', "no control is shown");
	size_t open = 0;
	for (size_t at = 0; at < picture.size; at++) {
		uint8_t byte = picture.data[at];
		must(byte == '\n' || byte >= ' ', "no control is drawn");
		open += byte == '<';
		open -= byte == '>';
		must(open <= 1, "a tag holds no other");
	}
	must(open == 0, "each tag ends");
	return 0;
}
