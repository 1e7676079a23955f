/* SPDX-License-Identifier: MPL-2.0 */
#include "base/base64.h"
#include "base/digest.h"
#include "base/hash.h"
#include "lang/builtin_family.h"

struct value *
builtin_hash(struct evaluator *evaluator, struct string *algorithm_name, struct bytes content)
{
	enum hash_algorithm algorithm = HASH_BLAKE3;
	if (!hash_find(string_bytes(algorithm_name), &algorithm)) {
		eval_fail(evaluator, NO_SPAN, "there is no hash algorithm '%.*s'",
			BYTES_ARGS(string_bytes(algorithm_name)));
		return eval_help(evaluator, "there are blake3, sha256, sha512, sha1 and md5");
	}
	uint8_t sum[HASH_SIZE_MAX];
	char text[2 * HASH_SIZE_MAX + 1];
	struct err err = {0};
	struct hasher *hasher = hasher_new(algorithm);
	hasher_add(hasher, content);
	size_t size = hasher_finish(hasher, sum, &err);
	hasher_free(hasher);
	if (size == 0)
		return eval_fail_err(evaluator, NO_SPAN, &err);
	hex_print(bytes_of(sum, size), text);
	return heap_new_string(evaluator->heap, bytes_text(text), NULL);
}

static struct value *
run_hash(struct evaluator *evaluator, struct value **arguments)
{
	struct string *name = want_string(evaluator, arguments[0], "hash");
	struct string *string = name ? want_known_string(evaluator, arguments[1], "hash") : NULL;
	return string ? builtin_hash(evaluator, name, string_bytes(string)) : NULL;
}

static const char base64_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static struct value *
run_to_base64(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_known_string(evaluator, arguments[0], "toBase64");
	if (!string)
		return NULL;
	cleanup_text struct text text = text_start(evaluator);
	text.context = string->context;
	for (size_t at = 0; at < string->size; at += 3) {
		char letters[BASE64_ROOM(3)];
		base64_print(bytes_first(bytes_from(string_bytes(string), at), 3), letters);
		buf_add_text(&text.buf, letters);
	}
	return text_finish(evaluator, &text, NO_SPAN);
}

/* The bytes of RFC 4648 text with its padding; false where it is none. */
static bool
decode_base64(struct bytes text, struct buf *out)
{
	if (text.size % 4)
		return false;
	for (size_t at = 0; at < text.size; at += 4) {
		uint32_t bits = 0;
		size_t padding = 0;
		for (size_t letter = 0; letter < 4; letter++) {
			uint8_t byte = text.data[at + letter];
			const char *found = byte ? strchr(base64_letters, byte) : NULL;
			bool pads = byte == '=' && letter >= 2 && at + 4 == text.size;
			if (!(found && !padding) && !pads)
				return false;
			padding += pads;
			bits = bits << 6 | (pads ? 0 : (uint32_t)(found - base64_letters));
		}
		if ((padding == 1 && bits & 0xff) || (padding == 2 && bits & 0xffff))
			return false;
		uint8_t bytes[3] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
		buf_add(out, bytes_of(bytes, 3 - padding));
	}
	return true;
}

static struct value *
run_from_base64(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_known_string(evaluator, arguments[0], "fromBase64");
	if (!string)
		return NULL;
	cleanup_text struct text text = text_start(evaluator);
	text.context = string->context;
	if (!decode_base64(string_bytes(string), &text.buf))
		return eval_fail(evaluator, NO_SPAN, "the text is not base64");
	for (size_t at = 0; at < text.buf.size;) {
		uint32_t point = 0;
		size_t size = source_decode(bytes_from(buf_bytes(&text.buf), at), &point);
		if (size == 0)
			return eval_fail(evaluator, NO_SPAN, "what the base64 says is not UTF-8");
		at += size;
	}
	return text_finish(evaluator, &text, NO_SPAN);
}

static bool
is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static struct value *
version_component(struct evaluator *evaluator, struct bytes part)
{
	int64_t number = 0;
	for (size_t at = 0; at < part.size; at++) {
		if (!is_digit(part.data[at]) || __builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, part.data[at] - '0', &number))
			return heap_new_string(evaluator->heap, part, NULL);
	}
	if (part.size == 0)
		return heap_new_string(evaluator->heap, part, NULL);
	return heap_new_integer(evaluator->heap, number);
}

static struct value *
run_parse_version(struct evaluator *evaluator, struct value **arguments)
{
	struct string *string = want_known_string(evaluator, arguments[0], "parseVersion");
	if (!string)
		return NULL;
	struct bytes text = string_bytes(string);
	text = bytes_first(text, bytes_find(text, '+'));
	size_t dash = bytes_find(text, '-');
	struct bytes core = bytes_first(text, dash), part = {0};
	ARRAY(struct value *) components = {0};
	while (bytes_split(&core, '.', &part))
		*array_push(&components) = version_component(evaluator, part);
	struct list *list = heap_new_list_of(evaluator->heap, components.data, components.size);
	array_release(&components);
	struct value *prerelease = dash == SIZE_MAX ? heap_null(evaluator->heap)
						    : heap_new_string(evaluator->heap,
							      bytes_from(text, dash + 1), NULL);
	struct set *set = heap_new_set(evaluator->heap, 2);
	set->entries[0] = (struct set_entry){BYTES_LITERAL("components"), &list->value};
	set->entries[1] = (struct set_entry){BYTES_LITERAL("prerelease"), prerelease};
	return &set->value;
}

/* The next component: a run of digits, or of other characters but '.' and '-'. Empty at the end. */
static struct bytes
next_component(struct bytes *rest)
{
	while (rest->size > 0 && (rest->data[0] == '.' || rest->data[0] == '-'))
		*rest = bytes_from(*rest, 1);
	size_t size = 0;
	bool digits = rest->size > 0 && is_digit(rest->data[0]);
	while (size < rest->size && rest->data[size] != '.' && rest->data[size] != '-' &&
		is_digit(rest->data[size]) == digits)
		size++;
	struct bytes component = bytes_first(*rest, size);
	*rest = bytes_from(*rest, size);
	return component;
}

static int
compare_digits(struct bytes left, struct bytes right)
{
	while (left.size > 1 && left.data[0] == '0')
		left = bytes_from(left, 1);
	while (right.size > 1 && right.data[0] == '0')
		right = bytes_from(right, 1);
	if (left.size != right.size)
		return left.size < right.size ? -1 : 1;
	return bytes_compare(left, right);
}

/* Nix's order (nix.dev manual, `nix-env --upgrade`): numbers by value; "pre" before the end, the end
 * before any other text, text before numbers. */
static int
compare_components(struct bytes left, struct bytes right)
{
	bool left_number = left.size > 0 && is_digit(left.data[0]);
	bool right_number = right.size > 0 && is_digit(right.data[0]);
	if (left_number && right_number)
		return compare_digits(left, right);
	if (bytes_equal(left, right))
		return 0;
	bool left_pre = bytes_equal_text(left, "pre"), right_pre = bytes_equal_text(right, "pre");
	if (left_pre || right_pre)
		return left_pre ? -1 : 1;
	if (left.size == 0 || right.size == 0)
		return left.size == 0 ? -1 : 1;
	if (left_number || right_number)
		return left_number ? 1 : -1;
	return bytes_compare(left, right);
}

static struct value *
run_compare_versions(struct evaluator *evaluator, struct value **arguments)
{
	struct string *left = want_known_string(evaluator, arguments[0], "compareVersions");
	struct string *right =
		left ? want_known_string(evaluator, arguments[1], "compareVersions") : NULL;
	if (!right)
		return NULL;
	struct bytes left_rest = string_bytes(left), right_rest = string_bytes(right);
	int order = 0;
	while (order == 0 && (left_rest.size > 0 || right_rest.size > 0)) {
		struct bytes left_part = next_component(&left_rest);
		order = compare_components(left_part, next_component(&right_rest));
	}
	return heap_new_integer(evaluator->heap, (order > 0) - (order < 0));
}

static const struct builtin text_rows[] = {
	{"hash", 2, run_hash, "string -> string -> string",
		"The hash of a text in lower-case hexadecimal, by blake3, sha256, sha512, sha1 or "
		"md5.",
		"hash \"sha1\" \"\" == \"da39a3ee5e6b4b0d3255bfef95601890afd80709\""},
	{"toBase64", 1, run_to_base64, "string -> string", "The base64 of a text, padded.",
		"toBase64 \"ab\" == \"YWI=\""},
	{"fromBase64", 1, run_from_base64, "string -> string",
		"The text that base64 stands for; it must be UTF-8.",
		"fromBase64 \"YWI=\" == \"ab\""},
	{"parseVersion", 1, run_parse_version,
		"string -> { components : [integer | string], prerelease : string | null }",
		"The parts of a version between dots, and what follows a dash; build metadata "
		"after a plus is left out.",
		"parseVersion \"1.2.0-rc1\" == { components = [1, 2, 0], prerelease = \"rc1\", }"},
	{"compareVersions", 2, run_compare_versions, "string -> string -> integer",
		"Which of two versions is the earlier, in Nix's order: -1, 0 or 1.",
		"compareVersions \"1.10\" \"1.9\" == 1"},
};
BUILTIN_FAMILY(text, "Hashes, encodings, versions");
