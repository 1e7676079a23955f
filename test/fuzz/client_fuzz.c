/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What other programs' files say of registries: a byte for the file, npm's, pip's, cargo's or its index's, then its text. A row is
 * one that can be asked for, once; its URL is plain, or a reason stands in its place.
 */
#include "island/client.h"

#include <stdlib.h>

#include "base/must.h"
#include "island/registry.h"
#include "island/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_row(struct bytes row)
{
	static const struct bytes scoped = {(const uint8_t *)"registry:npm/@", 14};
	if (bytes_equal_text(row, "registry:npm") || bytes_equal_text(row, "registry:pypi") ||
		bytes_equal_text(row, "registry:crates-index"))
		return;
	must(bytes_has_prefix(row, scoped) && row.size > scoped.size &&
			row.size < scoped.size + 214,
		"a row is a registry's or a scope's");
	for (size_t at = scoped.size; at < row.size; at++)
		must(row.data[at] > ' ' && row.data[at] < 0x7f && row.data[at] != '/',
			"a scope is a name");
}

static void
check(const struct clients *clients)
{
	for (size_t at = 0; at < clients->rows.size; at++) {
		const struct client_row *row = &clients->rows.data[at];
		struct url url;
		struct err err;
		check_row(bytes_text(row->row));
		must(row->is_said && *row->whence, "it is said who says it");
		must(!row->url || url_parse(bytes_text(row->url), &url, &err), "a URL is one");
		for (size_t other = 0; other < at; other++)
			must(!bytes_equal_text(bytes_text(row->row), clients->rows.data[other].row),
				"a row is there once");
	}
}

static void
check_template(struct bytes json)
{
	char *template = NULL;
	if (!registry_decode(json, &template))
		return;
	for (const char *at = template; *at; at++)
		must(*at > ' ' && *at < 0x7f, "a template is printable");
	free(template);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clients clients = {0};
	if (size == 0)
		return 0;
	struct bytes text = bytes_of(data + 1, size - 1);
	switch (data[0] & 3) {
	case 0:
		clients_take_npmrc(&clients, text, "npmrc");
		break;
	case 1:
		clients_take_pip(&clients, text, "pip.conf");
		break;
	case 2:
		clients_take_cargo(&clients, text, "config.toml");
		break;
	case 3:
		check_template(text);
		break;
	}
	check(&clients);
	clients_release(&clients);
	return 0;
}
