/* SPDX-License-Identifier: MPL-2.0 */
#include "session/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "island/island.h"
#include "lang/diagnostic.h"
#include "lang/eval.h"
#include "session/config_place.h"
#include "session/pure.h"

enum { CONFIG_FILE_MAX = 1 << 20, CONFIG_HEAP = 64 << 20, CONFIG_PATH = 512 };

enum config_type {
	CONFIG_TEXT,
	CONFIG_NUMBER,
	CONFIG_COUNT,
	CONFIG_SIZE,
	CONFIG_TEXTS,
	CONFIG_CACHES,
	CONFIG_CREDENTIAL
};

static const char *const config_wanted[] = {
	"a string",
	"an integer, at least 1",
	"an integer, at least 0",
	"a size such as \"16 GiB\"",
	"a list of strings",
	"a list of sets { url, trusted }",
	"a set of strings with one of file, command, environment",
};

static const struct {
	const char *path;
	enum config_type type;
} config_rows[] = {
#define CONFIG(path, type, help) {path, CONFIG_##type},
#include "session/config_list.h"
#undef CONFIG
};

enum { CONFIG_ROWS = sizeof config_rows / sizeof *config_rows };

static const struct diagnostic_style config_style = {false, 100};

struct config_origin {
	char *name; /* as it is shown, its parts separated by dots */
	char *path; /* the same with \x01, for names may hold dots */
	struct config_text *text;
};

struct config {
	json_t *values;
	ARRAY(struct config_origin) origins;
	ARRAY(struct config_text *) texts;
};

/* One text on its way into the configuration; each of its faults is told. */
struct config_merge {
	struct config *config;
	struct config_text *text;
	struct diagnostics faults;
};

/* Whether a dotted path, of which `*` in a row stands for one name, is the row's, or leads to it. */
static bool
config_matches(const char *row, const char *path, bool *is_prefix)
{
	while (*row && *path) {
		if (*row == '*') {
			while (*path && *path != '\x01')
				path++;
			row++;
		} else if ((*row == '.' && *path == '\x01') || (*row == *path)) {
			row++;
			path++;
		} else {
			return false;
		}
	}
	*is_prefix = *path == '\0' && *row == '.';
	return *row == '\0' && *path == '\0';
}

static bool
config_is_texts(const json_t *value)
{
	for (size_t at = 0; at < json_array_size(value); at++)
		if (!json_is_string(json_array_get(value, at)))
			return false;
	return json_is_array(value);
}

static bool
config_is_caches(const json_t *value)
{
	for (size_t at = 0; at < json_array_size(value); at++) {
		const json_t *cache = json_array_get(value, at);
		const json_t *trusted = json_object_get(cache, "trusted");
		if (!json_is_string(json_object_get(cache, "url")) ||
			(trusted && !json_is_boolean(trusted)) ||
			json_object_size(cache) > (trusted ? 2 : 1))
			return false;
	}
	return json_is_array(value);
}

static bool
config_size_parse(const char *text, uint64_t *out)
{
	char *end = NULL;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
	while (*end == ' ')
		end++;
	for (unsigned unit = 0; unit < 5; unit++)
		if (strcmp(end, units[unit]) == 0 && *text >= '0' && *text <= '9' && !errno &&
			number < (uint64_t)1 << (62 - 10 * unit)) {
			*out = (uint64_t)number << (10 * unit);
			return true;
		}
	return false;
}

/* Which keys go together is said where the rows are made. */
static bool
config_is_credential(const json_t *value)
{
	const char *key = NULL;
	json_t *item = NULL;
	json_object_foreach((json_t *)(uintptr_t)value, key, item)
	{
		if (strcmp(key, "command") == 0 ? !config_is_texts(item) : !json_is_string(item))
			return false;
	}
	return json_is_object(value);
}

static bool
config_has_type(const json_t *value, enum config_type type)
{
	uint64_t size;
	switch (type) {
	case CONFIG_TEXT:
		return json_is_string(value);
	case CONFIG_NUMBER:
		return json_is_integer(value) && json_integer_value(value) > 0;
	case CONFIG_COUNT:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case CONFIG_SIZE:
		return (json_is_string(value) &&
			       config_size_parse(json_string_value(value), &size)) ||
		       (json_is_integer(value) && json_integer_value(value) >= 0);
	case CONFIG_TEXTS:
		return config_is_texts(value);
	case CONFIG_CACHES:
		return config_is_caches(value);
	case CONFIG_CREDENTIAL:
		return config_is_credential(value);
	}
	must(false, "every type of the configuration is checked");
}

static void
config_show(const char *path, char out[CONFIG_PATH])
{
	(void)snprintf(out, CONFIG_PATH, "%s", path);
	for (char *at = out; *at; at++)
		if (*at == '\x01')
			*at = '.';
}

/* The part of a row's path at a depth: false where the row does not lead there, or any name may stand there. */
static bool
config_row_part(const char *row, const char *path, size_t depth, struct bytes *out)
{
	struct bytes rest = bytes_text(row);
	struct bytes wanted = bytes_text(path);
	struct bytes part = {0};
	struct bytes given = {0};
	for (size_t at = 0; at <= depth; at++) {
		bool differs = at && !bytes_equal_text(part, "*") && !bytes_equal(part, given);
		if (differs || !rest.size || !bytes_split(&rest, '.', &part) ||
			!bytes_split(&wanted, '\x01', &given))
			return false;
	}
	*out = part;
	return !bytes_equal_text(part, "*");
}

static void
config_unknown(struct config_merge *merge, const char *path)
{
	char shown[CONFIG_PATH];
	config_show(path, shown);
	const char *last = strrchr(path, '\x01');
	size_t above = last ? (size_t)(last + 1 - path) : 0;
	size_t depth = 0;
	for (const char *at = path; *at; at++)
		depth += *at == '\x01';
	struct diagnostic_nearest nearest = diagnostic_nearest(bytes_text(path + above));
	for (size_t at = 0; at < CONFIG_ROWS; at++) {
		struct bytes part;
		if (config_row_part(config_rows[at].path, path, depth, &part))
			diagnostic_nearest_offer(&nearest, part);
	}
	bool is_scheme = depth == 1 && strncmp(path, "islands\x01", above) == 0;
	for (int id = 0; is_scheme && id < SCHEME_COUNT; id++)
		diagnostic_nearest_offer(
			&nearest, bytes_text(scheme_get((enum scheme_id)id)->text));
	struct diagnostic *fault = diagnostic_add(&merge->faults, SEVERITY_ERROR,
		config_place(merge->text, path).name, "there is no %s \"%s\"",
		is_scheme ? "scheme" : "key", is_scheme ? path + above : shown);
	if (nearest.best.size)
		diagnostic_help(&merge->faults, fault, "did you mean \"%.*s%.*s\"?",
			is_scheme ? 0 : (int)above, shown, BYTES_ARGS(nearest.best));
}

static void
config_mistyped(struct config_merge *merge, const char *path, const char *wanted)
{
	char shown[CONFIG_PATH];
	config_show(path, shown);
	(void)diagnostic_add(&merge->faults, SEVERITY_ERROR, config_place(merge->text, path).value,
		"\"%s\" must be %s", shown, wanted);
}

static void
config_remember(struct config_merge *merge, const char *path)
{
	struct config *config = merge->config;
	for (size_t at = 0; at < config->origins.size; at++)
		if (strcmp(config->origins.data[at].path, path) == 0) {
			config->origins.data[at].text = merge->text;
			return;
		}
	char shown[CONFIG_PATH];
	config_show(path, shown);
	*array_push(&config->origins) =
		(struct config_origin){strdup(shown), strdup(path), merge->text};
}

/* The row of a path, or CONFIG_ROWS; `leads` where sets of that name lead to rows. */
static size_t
config_row(const char *path, bool *leads)
{
	size_t row = 0;
	bool leads_here = false;
	*leads = false;
	while (row < CONFIG_ROWS && !config_matches(config_rows[row].path, path, &leads_here)) {
		*leads |= leads_here;
		row++;
	}
	struct bytes rest = bytes_text(path);
	struct bytes part;
	if (bytes_split(&rest, '\x01', &part) && bytes_equal_text(part, "islands") && rest.size &&
		bytes_find(rest, '\x01') == SIZE_MAX && !scheme_find(rest))
		*leads = false;
	return row;
}

/* Merges one set into what earlier ones said. */
static void
config_merge(struct config_merge *merge, json_t *into, const json_t *from, const char *prefix)
{
	const char *key = NULL;
	json_t *value = NULL;
	json_object_foreach((json_t *)(uintptr_t)from, key, value)
	{
		char path[CONFIG_PATH];
		if (snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "\x01" : "", key) >=
			CONFIG_PATH) {
			(void)diagnostic_add(&merge->faults, SEVERITY_ERROR,
				config_place(merge->text, prefix).value, "a key is too long");
			continue;
		}
		bool leads = false;
		size_t row = config_row(path, &leads);
		if (row == CONFIG_ROWS && !leads) {
			config_unknown(merge, path);
		} else if (row == CONFIG_ROWS && !json_is_object(value)) {
			config_mistyped(merge, path, "a set");
		} else if (row == CONFIG_ROWS) {
			json_t *deeper = json_object_get(into, key);
			if (!deeper) {
				deeper = json_object();
				json_object_set_new(into, key, deeper);
			}
			config_merge(merge, deeper, value, path);
		} else if (!config_has_type(value, config_rows[row].type)) {
			config_mistyped(merge, path, config_wanted[config_rows[row].type]);
		} else {
			json_object_set(into, key, value);
			config_remember(merge, path);
		}
	}
}

/* The value of a text as JSON. */
static json_t *
config_evaluate(struct config_merge *merge, struct bytes text, struct buf *printed)
{
	const char *name = config_text_name(merge->text);
	struct evaluator *evaluator = evaluator_new(&pure_host, CONFIG_HEAP);
	cleanup_buf struct buf json = BUF(CONFIG_FILE_MAX);
	struct value *value = eval_text(evaluator, name, text, NULL, "/config.cab", EVAL_IMPORTED);
	bool done = value && eval_print_json(evaluator, value, 0, &json);
	if (!done)
		diagnostics_render(evaluator_diagnostics(evaluator), config_style, printed);
	evaluator_free(evaluator);
	return done ? json_loadb((const char *)json.data, json.size,
			      JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL)
		    : NULL;
}

static bool
config_add(struct config *config, const char *whence, struct bytes text, enum config_shape shape,
	struct buf *printed, struct err *err)
{
	struct config_merge merge = {.config = config, .faults = DIAGNOSTICS};
	merge.text = config_text_new(whence, text, shape, err);
	if (!merge.text)
		return err_note(err, "configuration");
	*array_push(&config->texts) = merge.text;
	cleanup_buf struct buf whole = BUF(CONFIG_FILE_MAX);
	buf_format(&whole, shape == CONFIG_PAIR ? "{ %.*s, }" : "%.*s", BYTES_ARGS(text));
	if (!buf_check(&whole, err, "%s", whence))
		return false;
	json_t *values = config_evaluate(&merge, buf_bytes(&whole), printed);
	if (values && !json_is_object(values))
		(void)diagnostic_add(&merge.faults, SEVERITY_ERROR,
			config_place(merge.text, "").value, "a configuration is a set");
	else if (values)
		config_merge(&merge, config->values, values, "");
	bool done = values && !merge.faults.errors;
	diagnostics_sort(&merge.faults);
	diagnostics_render(&merge.faults, config_style, printed);
	diagnostics_release(&merge.faults);
	json_decref(values);
	return done || err_set(err, ERR_REFUSED, "the configuration %s cannot be used", whence);
}

static bool
config_add_file(struct config *config, const char *path, bool must_exist, struct buf *printed,
	struct err *err)
{
	cleanup_buf struct buf text = BUF(CONFIG_FILE_MAX);
	struct stat status;
	if (stat(path, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3))
		return true;
	if (!fd_read_file(AT_FDCWD, path, &text, err)) {
		if (err->kind == ERR_NOT_FOUND && !must_exist)
			return true;
		return err_note(err, "configuration");
	}
	if (!text.size)
		return true;
	return config_add(config, path, buf_bytes(&text), CONFIG_WHOLE, printed, err);
}

static bool
config_add_files(struct config *config, struct buf *printed, struct err *err)
{
	const char *only = getenv("CAB_CONFIG");
	if (only && *only)
		return config_add_file(config, only, true, printed, err);
	if (!config_add_file(config, "/etc/cab/config.cab", false, printed, err))
		return false;
	const char *folder = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	cleanup_buf struct buf path = BUF(8192);
	if (folder && *folder)
		buf_format(&path, "%s/cab/config.cab", folder);
	else if (home && *home)
		buf_format(&path, "%s/.config/cab/config.cab", home);
	else
		return true;
	return buf_check(&path, err, "path of the configuration") &&
	       config_add_file(config, buf_text(&path), false, printed, err);
}

struct config *
config_load(const struct config_sources *sources, struct buf *printed, struct err *err)
{
	struct config *config = (struct config *)memory_zero(1, sizeof *config);
	config->values = json_object();
	bool done = config_add_files(config, printed, err);
	for (size_t at = 0; done && at < sources->set_count; at++)
		done = config_add(
			config, "--set", bytes_text(sources->sets[at]), CONFIG_PAIR, printed, err);
	if (done)
		return config;
	config_free(config);
	return NULL;
}

void
config_free(struct config *config)
{
	if (!config)
		return;
	json_decref(config->values);
	for (size_t at = 0; at < config->origins.size; at++) {
		free(config->origins.data[at].name);
		free(config->origins.data[at].path);
	}
	array_release(&config->origins);
	for (size_t at = 0; at < config->texts.size; at++)
		config_text_free(config->texts.data[at]);
	array_release(&config->texts);
	free(config);
}

const json_t *
config_get(const struct config *config, const char *const *keys)
{
	const json_t *value = config->values;
	while (value && *keys)
		value = json_object_get(value, *keys++);
	return value;
}

const char *
config_text(const struct config *config, const char *first, const char *second, const char *third)
{
	const char *keys[] = {first, second, second ? third : NULL, NULL};
	return json_string_value(config_get(config, keys));
}

int64_t
config_number(const struct config *config, const char *first, const char *second, int64_t otherwise)
{
	const char *keys[] = {first, second, NULL};
	const json_t *value = config_get(config, keys);
	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool
config_size(const struct config *config, const char *first, const char *second, uint64_t *out,
	struct err *err)
{
	const char *keys[] = {first, second, NULL};
	const json_t *value = config_get(config, keys);
	if (!value)
		return true;
	if (json_is_integer(value)) {
		*out = (uint64_t)json_integer_value(value);
		return true;
	}
	return config_size_parse(json_string_value(value), out) ||
	       err_set(err, ERR_REFUSED, "%s.%s is not a size", first, second);
}

static int
config_order(const void *left, const void *right)
{
	return strcmp(((const struct config_origin *)left)->name,
		((const struct config_origin *)right)->name);
}

static const json_t *
config_find(const struct config *config, const char *path)
{
	const json_t *value = config->values;
	struct bytes rest = bytes_text(path);
	struct bytes part;
	while (rest.size && bytes_split(&rest, '\x01', &part)) {
		char key[CONFIG_PATH];
		(void)snprintf(key, sizeof key, "%.*s", BYTES_ARGS(part));
		value = json_object_get(value, key);
	}
	return value;
}

void
config_each(const struct config *config, struct bytes name, config_visit *visit, void *context)
{
	/* An array of none has no address, which qsort wants all the same. */
	if (config->origins.size)
		qsort(config->origins.data, config->origins.size, sizeof *config->origins.data,
			config_order);
	for (size_t at = 0; at < config->origins.size; at++) {
		const struct config_origin *origin = &config->origins.data[at];
		if (name.size && !bytes_has_prefix(bytes_text(origin->name), name))
			continue;
		struct span span = config_place(origin->text, origin->path).name;
		struct source_place place = source_place(span.source, span.start);
		char *text = json_dumps(config_find(config, origin->path),
			JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT);
		cleanup_buf struct buf whence = BUF(8192);
		buf_format(&whence, "%s:%u:%u", config_text_name(origin->text), place.line,
			place.column);
		visit(context, origin->name, text, buf_text(&whence));
		free(text);
	}
}
