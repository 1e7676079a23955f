/* SPDX-License-Identifier: MPL-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/account.h"
#include "cli/command.h"
#include "cli/open_store.h"
#include "cli/terminal.h"
#include "store/account.h"
#include "store/store.h"

enum { ACCOUNT_PICTURE = 64 << 20 };

static bool
account_show(const struct options *options, struct bytes text, struct err *err)
{
	json_t *account = account_decode(text, err);
	if (!account)
		return false;
	cleanup_buf struct buf picture = BUF(ACCOUNT_PICTURE);
	bool done = true;
	if (options->svg) {
		account_draw(account, &picture);
		bool standard = strcmp(options->svg, "-") == 0;
		done = buf_check(&picture, err, "the picture") &&
		       (standard ? fd_write_all(STDOUT_FILENO, buf_bytes(&picture), err)
				 : fd_replace_file(
					   AT_FDCWD, options->svg, buf_bytes(&picture), 0644, err));
		if (!done)
			(void)err_note(err, "%s", options->svg);
	} else if (options->json) {
		done = fd_write_all(STDOUT_FILENO, text, err) || err_note(err, "standard output");
	} else {
		cleanup_buf struct buf head = BUF(64 << 10);
		const char *entry = json_string_value(json_object_get(account, "entry"));
		const char *time = json_string_value(json_object_get(account, "time"));
		const char *command = json_string_value(json_object_get(account, "command"));
		buf_format(&head, "cab %s %s, %s", command ? command : "", entry ? entry : "",
			time ? time : "");
		cleanup_buf struct buf shown = BUF(ACCOUNT_PICTURE);
		terminal_escape(buf_bytes(&head), &shown);
		buf_add_text(&shown, "\n");
		account_print_table(account, &shown);
		(void)fputs(buf_text(&shown), stdout);
	}
	json_decref(account);
	return done;
}

bool
command_account(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct store *store = open_store(options, err);
	if (!store)
		return false;
	cleanup_buf struct buf text = BUF(ACCOUNT_SIZE);
	bool done =
		account_newest(store, &text, err) && account_show(options, buf_bytes(&text), err);
	store_close(store);
	return done;
}
