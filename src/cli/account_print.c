/* SPDX-License-Identifier: MPL-2.0 */
/* A kept account: read back, and shown as text. */
#include "cli/account.h"
#include "cli/terminal.h"

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

json_t *
account_decode(struct bytes text, struct err *err)
{
	json_error_t why;
	json_t *account =
		json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &why);
	if (!account) {
		(void)err_set(err, ERR_CORRUPT, "the account cannot be read: line %d: %s", why.line,
			why.text);
		return NULL;
	}
	if (json_integer_value(json_object_get(account, "version")) != ACCOUNT_VERSION ||
		!json_is_array(json_object_get(account, "sources"))) {
		(void)err_set(err, ERR_CORRUPT,
			"the account is not of version %d: another cab wrote it", ACCOUNT_VERSION);
		json_decref(account);
		return NULL;
	}
	return account;
}

/* Absent or of another type is empty: an account is for people, and half of one is better than none. */
static struct bytes
print_text(const json_t *object, const char *key)
{
	const json_t *text = json_object_get(object, key);
	return bytes_of(json_string_value(text), json_string_length(text));
}

static unsigned long long
print_number(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));
	return number > 0 ? (unsigned long long)number : 0;
}

static void
print_row(const char *name, struct bytes text, struct buf *out)
{
	buf_format(out, "  %-12s ", name);
	terminal_escape(text, out);
}

static void
print_identities(const json_t *source, struct buf *out)
{
	const json_t *list = json_object_get(source, "identities");
	for (size_t at = 0; at < json_array_size(list); at++) {
		const json_t *row = json_array_get(list, at);
		struct bytes value = print_text(row, "identity");
		struct bytes format = value;
		cleanup_buf struct buf name = BUF(4096);
		if (!bytes_split(&value, ' ', &format))
			continue;
		terminal_escape(bytes_first(format, 64), &name);
		print_row(buf_text(&name), value, out);
		buf_add_text(out, "  (");
		terminal_escape(print_text(row, "from"), out);
		buf_add_text(out,
			json_is_true(json_object_get(row, "proved")) ? ")\n" : ", unproved)\n");
	}
}

static unsigned long long
print_milliseconds(const json_t *source)
{
	unsigned long long sum = 0;
	const json_t *runs = json_object_get(source, "runs");
	for (size_t at = 0; at < json_array_size(runs); at++) {
		const json_t *run = json_array_get(runs, at);
		unsigned long long start = print_number(run, "start");
		unsigned long long end = print_number(run, "end");
		sum += end > start ? end - start : 0;
	}
	return sum;
}

static void
print_moved(const json_t *source, struct buf *out)
{
	unsigned long long requests = print_number(source, "requests");
	unsigned long long reads = print_number(source, "reads");
	struct bytes by = print_text(source, "by");
	const json_t *origins = json_object_get(source, "origins");
	if (by.size) {
		buf_format(out, "  %-12s %llu request%s, %llu bytes, %llu ms", "moved", requests,
			requests == 1 ? "" : "s", print_number(source, "received"),
			print_milliseconds(source));
		for (size_t at = 0; at < json_array_size(origins); at++) {
			const json_t *origin = json_array_get(origins, at);
			buf_add_text(out, at ? ", " : ", from ");
			terminal_escape(
				bytes_of(json_string_value(origin), json_string_length(origin)),
				out);
		}
		buf_add_text(out, ", by ");
		terminal_escape(by, out);
		buf_add_text(out, "\n");
	}
	if (reads)
		buf_format(out, "  %-12s %llu file%s by evaluation%s\n", "read", reads,
			reads == 1 ? "" : "s",
			json_object_get(source, "read") ? ", by the ids of git's objects" : "");
}

void
account_print_table(const json_t *account, struct buf *out)
{
	const json_t *sources = json_object_get(account, "sources");
	for (size_t at = 0; at < json_array_size(sources); at++) {
		const json_t *source = json_array_get(sources, at);
		buf_add_text(out, "source ");
		terminal_escape(print_text(source, "source"), out);
		buf_add_text(out, "\n");
		print_row("why", print_text(source, "why"), out);
		buf_add_text(out, "\n");
		print_identities(source, out);
		print_moved(source, out);
	}
	unsigned long long requests = print_number(account, "requests");
	unsigned long long programs = print_number(account, "programs");
	buf_format(out, "%llu request%s, %llu bytes received, %llu program%s run\n", requests,
		requests == 1 ? "" : "s", print_number(account, "received"), programs,
		programs == 1 ? "" : "s");
}
