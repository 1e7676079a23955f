/* SPDX-License-Identifier: MPL-2.0 */
#include "island/ignore.h"

#include <ctype.h>

#include "base/path.h"

/* Spaces at the end do not count unless the last of them is escaped. */
static struct bytes
ignore_trim(struct bytes line)
{
	if (line.size && line.data[line.size - 1] == '\r')
		line.size--;
	size_t end = 0;
	for (size_t at = 0; at < line.size; at++) {
		if (line.data[at] == '\\' && at + 1 < line.size)
			end = ++at + 1;
		else if (line.data[at] != ' ')
			end = at + 1;
	}
	return bytes_first(line, end);
}

static void
ignore_add(struct ignore_list *list, struct bytes line)
{
	struct ignore_pattern pattern = {.text = ignore_trim(line)};
	if (pattern.text.size && pattern.text.data[0] == '#')
		return;
	if (pattern.text.size && pattern.text.data[0] == '!') {
		pattern.negated = true;
		pattern.text = bytes_from(pattern.text, 1);
	}
	if (pattern.text.size && pattern.text.data[pattern.text.size - 1] == '/') {
		pattern.folder = true;
		pattern.text.size--;
	}
	pattern.anchored = bytes_find(pattern.text, '/') != SIZE_MAX;
	if (pattern.text.size && pattern.text.data[0] == '/')
		pattern.text = bytes_from(pattern.text, 1);
	if (pattern.text.size)
		*array_push(&list->patterns) = pattern;
}

void
ignore_parse(struct ignore_list *list, struct bytes text)
{
	struct bytes line;
	if (bytes_has_prefix(text, BYTES_LITERAL("\xef\xbb\xbf")))
		text = bytes_from(text, 3);
	while (text.size && bytes_split(&text, '\n', &line))
		ignore_add(list, line);
}

void
ignore_release(struct ignore_list *list)
{
	array_release(&list->patterns);
}

/* git compares what comes before the first special character by itself, and takes the rest for a
 * pattern of its own: the `**` of "a" "**" "/b" then opens one. */
static bool
ignore_says(const struct ignore_pattern *pattern, struct bytes text)
{
	size_t plain = 0;
	while (pattern->anchored && plain < pattern->text.size &&
		bytes_find(BYTES_LITERAL("*?[\\"), pattern->text.data[plain]) == SIZE_MAX)
		plain++;
	return bytes_has_prefix(text, bytes_first(pattern->text, plain)) &&
	       ignore_match(bytes_from(pattern->text, plain), bytes_from(text, plain));
}

enum ignore_answer
ignore_ask(const struct ignore_list *list, struct bytes path, enum ignore_kind kind)
{
	struct bytes name = path_name(path);
	for (size_t at = list->patterns.size; at-- > 0;) {
		const struct ignore_pattern *pattern = &list->patterns.data[at];
		if (pattern->folder && kind != IGNORE_FOLDER)
			continue;
		if (ignore_says(pattern, pattern->anchored ? path : name))
			return pattern->negated ? IGNORE_NO : IGNORE_YES;
	}
	return IGNORE_SILENT;
}

static bool
ignore_is_class(struct bytes name, uint8_t byte)
{
	static const struct {
		const char *name;
		int (*has)(int);
	} classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank},
		{"cntrl", iscntrl}, {"digit", isdigit}, {"graph", isgraph}, {"lower", islower},
		{"print", isprint}, {"punct", ispunct}, {"space", isspace}, {"upper", isupper},
		{"xdigit", isxdigit}};
	for (size_t at = 0; at < sizeof classes / sizeof *classes; at++)
		if (bytes_equal_text(name, classes[at].name))
			return byte < 0x80 && classes[at].has(byte);
	return false;
}

/* One byte of a bracket, an escape taken. */
static bool
ignore_bracket_byte(struct bytes *rest, uint8_t *out)
{
	if (rest->size && rest->data[0] == '\\')
		*rest = bytes_from(*rest, 1);
	if (!rest->size)
		return false;
	*out = rest->data[0];
	*rest = bytes_from(*rest, 1);
	return true;
}

/* "[:name:]" at the front of a bracket's rest. */
static bool
ignore_bracket_class(struct bytes *rest, uint8_t byte, bool *has)
{
	if (!bytes_has_prefix(*rest, BYTES_LITERAL("[:")))
		return false;
	struct bytes name = bytes_from(*rest, 2);
	size_t end = bytes_find(name, ':');
	if (end == SIZE_MAX || end + 1 >= name.size || name.data[end + 1] != ']')
		return false;
	*has |= ignore_is_class(bytes_first(name, end), byte);
	*rest = bytes_from(name, end + 2);
	return true;
}

/* A bracket whose '[' is passed. False where it does not end: the pattern matches nothing then. */
static bool
ignore_bracket(struct bytes *rest, uint8_t byte, bool *matches)
{
	bool has = false;
	bool negated = rest->size && (rest->data[0] == '!' || rest->data[0] == '^');
	if (negated)
		*rest = bytes_from(*rest, 1);
	for (bool first = true;; first = false) {
		uint8_t low;
		uint8_t high;
		if (!rest->size)
			return false;
		if (rest->data[0] == ']' && !first)
			break;
		if (ignore_bracket_class(rest, byte, &has))
			continue;
		if (!ignore_bracket_byte(rest, &low))
			return false;
		high = low;
		if (rest->size > 1 && rest->data[0] == '-' && rest->data[1] != ']') {
			*rest = bytes_from(*rest, 1);
			if (!ignore_bracket_byte(rest, &high))
				return false;
		}
		has |= low <= byte && byte <= high;
	}
	*rest = bytes_from(*rest, 1);
	*matches = has != negated && byte != '/';
	return true;
}

/* One byte of the text against what stands at the front of the pattern, which is no star. */
static bool
ignore_step(struct bytes *pattern, uint8_t byte)
{
	uint8_t wanted = pattern->data[0];
	bool matches = false;
	*pattern = bytes_from(*pattern, 1);
	if (wanted == '?')
		return byte != '/';
	if (wanted == '[')
		return ignore_bracket(pattern, byte, &matches) && matches;
	if (wanted == '\\' && pattern->size) {
		wanted = pattern->data[0];
		*pattern = bytes_from(*pattern, 1);
	}
	return wanted == byte;
}

/* Where a match is taken up again. A later star replaces an earlier one of its kind: what the
 * earlier could still give, the later can too. */
struct ignore_retry {
	bool is;
	struct bytes pattern;
	struct bytes text;
};

/* The star swallows one more byte, or the double star one more folder. */
static bool
ignore_again(struct ignore_retry *star, struct ignore_retry *folders, struct bytes *pattern,
	struct bytes *text)
{
	struct ignore_retry *retry = star;
	if (star->is && star->text.size && star->text.data[0] != '/') {
		star->text = bytes_from(star->text, 1);
	} else {
		size_t slash = folders->is ? bytes_find(folders->text, '/') : SIZE_MAX;
		if (slash == SIZE_MAX)
			return false;
		folders->text = bytes_from(folders->text, slash + 1);
		star->is = false;
		retry = folders;
	}
	*pattern = retry->pattern;
	*text = retry->text;
	return true;
}

static size_t
ignore_stars(struct bytes pattern)
{
	size_t count = 0;
	while (count < pattern.size && pattern.data[count] == '*')
		count++;
	return count;
}

bool
ignore_match(struct bytes pattern, struct bytes text)
{
	struct ignore_retry star = {0};
	struct ignore_retry folders = {0};
	const uint8_t *start = pattern.data;
	for (;;) {
		size_t stars = ignore_stars(pattern);
		bool opens = pattern.data == start || pattern.data[-1] == '/';
		bool wide = stars > 1 && opens;
		if (wide && stars == pattern.size)
			return true;
		if (wide && pattern.data[stars] == '/') {
			pattern = bytes_from(pattern, stars + 1);
			folders = (struct ignore_retry){true, pattern, text};
			star.is = false;
		} else if (stars) {
			pattern = bytes_from(pattern, stars);
			star = (struct ignore_retry){true, pattern, text};
		} else if (!pattern.size && !text.size) {
			return true;
		} else if (!pattern.size || !text.size || !ignore_step(&pattern, text.data[0])) {
			if (!ignore_again(&star, &folders, &pattern, &text))
				return false;
		} else {
			/* Past a '/' no star before it can matter. */
			star.is &= text.data[0] != '/';
			text = bytes_from(text, 1);
		}
	}
}
