/* SPDX-License-Identifier: MPL-2.0 */
#include "session/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "lang/diagnostic.h"
#include "lang/eval.h"
#include "session/pure.h"

enum { CONFIG_FILE_MAX = 1 << 20, CONFIG_HEAP = 64 << 20, CONFIG_PATH = 512 };

enum config_type {
	CONFIG_TEXT,
	CONFIG_NUMBER,
	CONFIG_SIZE,
	CONFIG_TEXTS,
	CONFIG_CACHES,
	CONFIG_CREDENTIAL
};

static const char *const config_wanted[] = {
	"a string",
	"an integer, at least 1",
	"a size such as \"16 GiB\"",
	"a list of strings",
	"a list of sets { url, trusted }",
	"a set with one of file, command, environment",
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

struct config_origin {
	char *name;
	char *whence;
};

struct config {
	json_t *values;
	ARRAY(struct config_origin) origins;
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

static bool
config_is_credential(const json_t *value)
{
	const json_t *command = json_object_get(value, "command");
	return json_is_object(value) && json_object_size(value) == 1 &&
	       (json_is_string(json_object_get(value, "file")) ||
		       (command && config_is_texts(command)) ||
		       json_is_string(json_object_get(value, "environment")));
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

static bool
config_unknown(const char *path, const char *whence, struct err *err)
{
	char shown[CONFIG_PATH];
	config_show(path, shown);
	struct diagnostic_nearest nearest = diagnostic_nearest(bytes_text(shown));
	for (size_t at = 0; at < CONFIG_ROWS; at++)
		diagnostic_nearest_offer(&nearest, bytes_text(config_rows[at].path));
	if (nearest.best.size)
		return err_set(err, ERR_REFUSED,
			"%s: there is no key \"%s\"; did you mean \"%.*s\"?", whence, shown,
			BYTES_ARGS(nearest.best));
	return err_set(err, ERR_REFUSED, "%s: there is no key \"%s\"", whence, shown);
}

static bool
config_mistyped(const char *path, const char *wanted, const char *whence, struct err *err)
{
	char shown[CONFIG_PATH];
	config_show(path, shown);
	return err_set(err, ERR_REFUSED, "%s: \"%s\" must be %s", whence, shown, wanted);
}

static void
config_remember(struct config *config, const char *path, const char *whence)
{
	char shown[CONFIG_PATH];
	config_show(path, shown);
	for (size_t at = 0; at < config->origins.size; at++)
		if (strcmp(config->origins.data[at].name, shown) == 0) {
			free(config->origins.data[at].whence);
			config->origins.data[at].whence = strdup(whence);
			return;
		}
	*array_push(&config->origins) = (struct config_origin){strdup(shown), strdup(whence)};
}

/* Merges one set into what earlier ones said; parts of a path are separated by \x01 meanwhile, for names may hold dots. */
static bool
config_merge(struct config *config, json_t *into, const json_t *from, const char *prefix,
	const char *whence, struct err *err)
{
	const char *key = NULL;
	json_t *value = NULL;
	json_object_foreach((json_t *)(uintptr_t)from, key, value)
	{
		char path[CONFIG_PATH];
		if (snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "\x01" : "", key) >=
			CONFIG_PATH)
			return err_set(err, ERR_REFUSED, "%s: a key is too long", whence);
		size_t row = 0;
		bool leads = false;
		bool prefixes = false;
		while (row < CONFIG_ROWS && !config_matches(config_rows[row].path, path, &leads)) {
			prefixes |= leads;
			row++;
		}
		if (row == CONFIG_ROWS && !prefixes)
			return config_unknown(path, whence, err);
		if (row == CONFIG_ROWS && !json_is_object(value))
			return config_mistyped(path, "a set", whence, err);
		if (row == CONFIG_ROWS) {
			json_t *deeper = json_object_get(into, key);
			if (!deeper) {
				deeper = json_object();
				json_object_set_new(into, key, deeper);
			}
			if (!config_merge(config, deeper, value, path, whence, err))
				return false;
			continue;
		}
		if (!config_has_type(value, config_rows[row].type))
			return config_mistyped(
				path, config_wanted[config_rows[row].type], whence, err);
		json_object_set(into, key, value);
		config_remember(config, path, whence);
	}
	return true;
}

static bool
config_add(struct config *config, const char *whence, struct bytes text, struct buf *printed,
	struct err *err)
{
	struct evaluator *evaluator = evaluator_new(&pure_host, CONFIG_HEAP);
	cleanup_buf struct buf json = BUF(CONFIG_FILE_MAX);
	struct value *value =
		eval_text(evaluator, whence, text, NULL, "/config.cab", EVAL_IMPORTED);
	bool done = value && eval_print_json(evaluator, value, 0, &json);
	if (!done) {
		struct diagnostic_style style = {false, 100};
		diagnostics_render(evaluator_diagnostics(evaluator), style, printed);
		(void)err_set(err, ERR_REFUSED, "the configuration %s cannot be used", whence);
	}
	evaluator_free(evaluator);
	if (!done)
		return false;
	json_t *values =
		json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(values)) {
		json_decref(values);
		return err_set(err, ERR_REFUSED, "%s: a configuration is a set", whence);
	}
	done = config_merge(config, config->values, values, "", whence, err);
	json_decref(values);
	return done;
}

static bool
config_add_file(struct config *config, const char *path, bool must_exist, struct buf *printed,
	struct err *err)
{
	cleanup_buf struct buf text = BUF(CONFIG_FILE_MAX);
	if (!fd_read_file(AT_FDCWD, path, &text, err)) {
		if (err->kind == ERR_NOT_FOUND && !must_exist)
			return true;
		return err_note(err, "configuration");
	}
	return config_add(config, path, buf_bytes(&text), printed, err);
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
	for (size_t at = 0; done && at < sources->set_count; at++) {
		cleanup_buf struct buf text = BUF(CONFIG_FILE_MAX);
		buf_format(&text, "{ %s, }", sources->sets[at]);
		done = config_add(config, "--set", buf_bytes(&text), printed, err);
	}
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
		free(config->origins.data[at].whence);
	}
	array_release(&config->origins);
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

static void
config_print_value(
	const struct config *config, const char *name, const json_t *value, struct buf *out)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT);
	const char *whence = "built in";
	for (size_t at = 0; at < config->origins.size; at++)
		if (strcmp(config->origins.data[at].name, name) == 0)
			whence = config->origins.data[at].whence;
	buf_format(out, "%s = %s  # %s\n", name, text ? text : "?", whence);
	free(text);
}

static int
config_order(const void *left, const void *right)
{
	return strcmp(((const struct config_origin *)left)->name,
		((const struct config_origin *)right)->name);
}

static const json_t *
config_find(const struct config *config, const char *name)
{
	/* A name with dots may be one key or several: what was remembered says that there is one. */
	const json_t *value = config->values;
	const char *rest = name;
	while (*rest && json_is_object(value)) {
		const json_t *next = NULL;
		const char *key = NULL;
		json_t *child = NULL;
		json_object_foreach((json_t *)(uintptr_t)value, key, child)
		{
			size_t length = strlen(key);
			if (strncmp(rest, key, length) == 0 &&
				(rest[length] == '.' || !rest[length])) {
				next = child;
				rest += rest[length] ? length + 1 : length;
				break;
			}
		}
		if (!next)
			return NULL;
		value = next;
	}
	return *rest ? NULL : value;
}

void
config_print(const struct config *config, struct bytes name, struct buf *out)
{
	/* An array of none has no address, which qsort wants all the same. */
	if (config->origins.size)
		qsort(config->origins.data, config->origins.size, sizeof *config->origins.data,
			config_order);
	for (size_t at = 0; at < config->origins.size; at++) {
		const char *key = config->origins.data[at].name;
		if (name.size && !bytes_has_prefix(bytes_text(key), name))
			continue;
		const json_t *value = config_find(config, key);
		if (value)
			config_print_value(config, key, value, out);
	}
}
