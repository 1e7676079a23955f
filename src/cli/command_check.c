/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/entry.h"
#include "cli/terminal.h"

struct check {
	const struct options *options;
	int *status;
};

static const char *
check_word(enum session_proof proof)
{
	switch (proof) {
	case PROOF_NONE:
		return "unproved";
	case PROOF_CONTRADICTED:
		return "contradicted";
	case PROOF_TABLE:
	case PROOF_RECORD:
	case PROOF_COMMIT:
	case PROOF_RUN:
		break;
	}
	return "proved";
}

static void
check_add_by(struct buf *out, const struct session_pair *pair)
{
	switch (pair->proof) {
	case PROOF_NONE:
		break;
	case PROOF_TABLE:
		buf_add_text(out, "a run of this store's");
		break;
	case PROOF_RECORD:
		if (pair->cache)
			buf_format(out, "cache %s", pair->cache);
		else
			buf_add_text(out, "a trusted record");
		break;
	case PROOF_COMMIT:
		buf_add_text(out, "the commit itself, of which evaluation read files");
		break;
	case PROOF_RUN:
		buf_add_text(out, "a run just now");
		break;
	case PROOF_CONTRADICTED:
		if (pair->said.kind)
			buf_format(out, "the table says cab %s", cab_hash_print(&pair->said).text);
		break;
	}
}

static void
check_add_identity(struct buf *out, struct identity identity)
{
	buf_format(out, "%.*s%s%.*s", BYTES_ARGS(identity.format), identity.format.size ? " " : "",
		BYTES_ARGS(identity.value));
}

static void
check_print_text(const struct session_entry *entry)
{
	cleanup_buf struct buf out = BUF(1 << 20);
	buf_format(&out, "%-12s ", check_word(entry->proof));
	terminal_escape(entry->key, &out);
	if (entry->why) {
		buf_add_text(&out, ": ");
		terminal_escape(bytes_text(entry->why), &out);
	}
	for (size_t at = 0; at < entry->pair_count; at++) {
		const struct session_pair *pair = &entry->pairs[at];
		cleanup_buf struct buf by = BUF(8192);
		check_add_by(&by, pair);
		buf_format(&out, "\n  %-12s ", check_word(pair->proof));
		if (pair->identity.format.size)
			check_add_identity(&out, pair->identity);
		else
			buf_add_text(&out, "its content");
		if (by.size) {
			buf_add_text(&out, ", by ");
			terminal_escape(buf_bytes(&by), &out);
		}
	}
	puts(buf_text(&out));
}

static void
check_print_json(const struct session_entry *entry)
{
	cleanup_buf struct buf out = BUF(1 << 20);
	buf_add_text(&out, "{\"entry\":");
	terminal_add_json(&out, entry->key);
	buf_format(&out, ",\"status\":\"%s\"", check_word(entry->proof));
	if (entry->why) {
		buf_add_text(&out, ",\"why\":");
		terminal_add_json(&out, bytes_text(entry->why));
	}
	buf_add_text(&out, ",\"pairs\":[");
	for (size_t at = 0; at < entry->pair_count; at++) {
		cleanup_buf struct buf by = BUF(8192);
		check_add_by(&by, &entry->pairs[at]);
		buf_add_text(&out, at ? ",{\"identity\":" : "{\"identity\":");
		cleanup_buf struct buf identity = BUF(4096);
		check_add_identity(&identity, entry->pairs[at].identity);
		terminal_add_json(&out, buf_bytes(&identity));
		buf_format(&out, ",\"status\":\"%s\"", check_word(entry->pairs[at].proof));
		if (by.size) {
			buf_add_text(&out, ",\"by\":");
			terminal_add_json(&out, buf_bytes(&by));
		}
		buf_add_text(&out, "}");
	}
	buf_add_text(&out, "]}");
	puts(buf_text(&out));
}

static bool
check_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	(void)value;
	const struct check *check = (const struct check *)context;
	const struct session_entry *entries = NULL;
	size_t count = 0;
	size_t unproved = 0;
	size_t contradicted = 0;
	if (!session_prove(entry->session, check->options->deep, &entries, &count, err))
		return false;
	progress_hide(entry->progress);
	for (size_t at = 0; at < count; at++) {
		unproved += entries[at].proof == PROOF_NONE;
		contradicted += entries[at].proof == PROOF_CONTRADICTED;
		if (check->options->json)
			check_print_json(&entries[at]);
		else
			check_print_text(&entries[at]);
	}
	if (!check->options->json)
		printf("%zu entr%s: %zu proved, %zu unproved, %zu contradicted\n", count,
			count == 1 ? "y" : "ies", count - unproved - contradicted, unproved,
			contradicted);
	if (contradicted)
		*check->status = 1;
	return true;
}

bool
command_check(const struct options *options, int *status_out, struct err *err)
{
	if (!options->lock)
		return err_set(err, ERR_USAGE,
			"cab check wants --lock: there is nothing else to check yet");
	struct check check = {options, status_out};
	struct entry_task task = {
		.context = &check, .run = check_run, .command = "check", .unevaluated = true};
	const char *operand = options->operands.size ? options->operands.data[0] : NULL;
	return entry_run(options, operand, false, false, &task, err);
}
