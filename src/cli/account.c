/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/account.h"

#include <stdio.h>

#include "cli/terminal.h"

static const char *
account_reason(const struct entry *entry, const struct session_source *source,
	const struct plan_found *found)
{
	for (size_t at = 0; at < entry->rows.size; at++)
		if (entry->rows.data[at].node == source->node && !entry->rows.data[at].found)
			return entry->rows.data[at].work == PLAN_ASK ? "asked" : "fetched";
	return found->has_hash || source->before_count ? "by its pin: not asked, not fetched"
						       : "not used";
}

void
account_add_identity(struct buf *line, const struct identity *identity, bool json, bool comma)
{
	cleanup_buf struct buf text = BUF(4096);
	buf_format(&text, "%.*s %.*s", BYTES_ARGS(identity->format), BYTES_ARGS(identity->value));
	if (comma)
		buf_add_byte(line, ',');
	/* A value is any printable text, quotes too. */
	if (json)
		terminal_add_json(line, buf_bytes(&text));
	else
		buf_format(line, "%s\n", buf_text(&text));
}

void
account_print(struct entry *entry, bool json)
{
	for (size_t at = 0; at < session_source_count(entry->session); at++) {
		struct session_source source = session_source_at(entry->session, at);
		struct plan_found found = {0};
		if (source.node != SIZE_MAX)
			found = plan_found(session_plan(entry->session), source.node);
		cleanup_buf struct buf line = BUF(64 << 10);
		buf_add_text(&line, json ? "{\"source\":" : "source ");
		if (json)
			terminal_add_json(&line, source.text);
		else
			terminal_escape(source.text, &line);
		const char *reason = account_reason(entry, &source, &found);
		buf_format(&line,
			json ? ",\"reason\":\"%s\",\"reads\":%zu,\"identities\":["
			     : "  %s, %zu files read\n",
			reason, source.reads);
		for (size_t id = 0; id < found.identity_count; id++) {
			buf_add_text(&line, json ? "" : "    ");
			account_add_identity(&line, &found.identities[id], json, json && id);
		}
		if (json)
			buf_add_text(&line, "]}\n");
		(void)fputs(buf_text(&line), stdout);
	}
	if (json)
		printf("{\"requests\":%llu,\"received\":%llu,\"runs\":%zu}\n",
			(unsigned long long)entry->requests, (unsigned long long)entry->received,
			entry->runs);
	else
		printf("%llu requests, %llu bytes received, %zu programs run\n",
			(unsigned long long)entry->requests, (unsigned long long)entry->received,
			entry->runs);
}
