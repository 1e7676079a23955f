/* SPDX-License-Identifier: MPL-2.0 */
#include <ctype.h>
#include <string.h>

#include "base/must.h"
#include "network/remote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The command is one word behind git-upload-pack, whatever a shell would do: outside of quotes stand
 * escaped "'" and "!" alone. */
static void
check_command(const char *command)
{
	static const char front[] = "git-upload-pack '";
	must(strncmp(command, front, sizeof front - 1) == 0, "one program is run");
	bool is_quoted = true;
	for (const char *at = command + sizeof front - 1; *at; at++) {
		must((uint8_t)*at >= 0x20 && *at != 0x7f, "no control character is passed on");
		if (*at == '\'') {
			is_quoted = !is_quoted;
			continue;
		}
		if (is_quoted) {
			must(*at != '!', "history is not expanded");
			continue;
		}
		must(*at == '\\' && (at[1] == '\'' || at[1] == '!'), "nothing else is unquoted");
		at++;
	}
	must(!is_quoted, "the quote is closed");
}

static void
check(const struct remote *remote)
{
	struct bytes host = url_host(&remote->url);
	must(host.size && host.data[0] != '-', "a host is no option");
	for (size_t at = 0; remote->user && remote->user[at]; at++)
		must(isalnum((uint8_t)remote->user[at]) || strchr("._-", remote->user[at]),
			"a user is a word");
	must(!remote->user || (remote->user[0] && remote->user[0] != '-'), "a user is no option");
	must(!memchr(url_origin(&remote->url).data, '@', url_origin(&remote->url).size),
		"an origin names no user");
	check_command(remote->command);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct remote remote = {0};
	struct err err = {0};
	if (remote_parse(bytes_of(data, size), &remote, &err))
		check(&remote);
	else
		must(err.kind == ERR_REFUSED || err.kind == ERR_LIMIT, "a refusal has a reason");
	remote_release(&remote);
	return 0;
}
