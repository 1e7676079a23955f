/* SPDX-License-Identifier: MPL-2.0 */
#include "network/config.h"

#include <stdlib.h>

#include <jansson.h>

#include "network/origin.h"
#include "network/request.h"

enum { NPM_SCOPE = 214 };

static bool
fault(struct err *err, const char *key, const char *expected)
{
	return err_set(
		err, ERR_CORRUPT, "configuration of the network: %s: expected %s", key, expected);
}

static char *
text_copy(struct bytes text)
{
	char *copy = (char *)memory_new(text.size + 1);
	if (text.size)
		memcpy(copy, text.data, text.size);
	copy[text.size] = 0;
	return copy;
}

static struct bytes
json_bytes(const json_t *text)
{
	return bytes_of(json_string_value(text), json_string_length(text));
}

/* The normal form of an origin, owned; NULL when it is none. */
static char *
origin_copy(struct bytes text, const char *key, struct err *err)
{
	cleanup_buf struct buf origin = BUF(URL_LIMIT);
	if (!origin_parse(text, &origin, err)) {
		(void)err_note(err, "configuration of the network: %s", key);
		return NULL;
	}
	return buf_take_text(&origin);
}

static bool
read_allow(json_t *list, struct config *config, struct err *err)
{
	if (!json_is_array(list))
		return fault(err, "allow", "a list");
	size_t at;
	json_t *item;
	json_array_foreach(list, at, item)
	{
		if (!json_is_string(item))
			return fault(err, "allow", "strings");
		if (!policy_allow(&config->policy, json_bytes(item), err))
			return false;
	}
	return true;
}

static bool
read_named(json_t *list, struct config *config, struct err *err)
{
	if (!json_is_array(list))
		return fault(err, "named", "a list");
	size_t at;
	json_t *item;
	json_array_foreach(list, at, item)
	{
		if (!json_is_string(item))
			return fault(err, "named", "strings");
		char *origin = origin_copy(json_bytes(item), "named", err);
		if (!origin)
			return false;
		*array_push(&config->named) = origin;
	}
	return true;
}

static bool
name_url(struct config *config, struct bytes text, const char *key, struct err *err)
{
	cleanup_url struct url url = {0};
	if (!url_parse(text, &url, err))
		return err_note(err, "configuration of the network: %s", key);
	*array_push(&config->named) = text_copy(url_origin(&url));
	return true;
}

/* The markers of a template may not stand in its host: what is named would not be what is reached.
 */
static bool
name_template(struct config *config, struct bytes template, const char *key, struct err *err)
{
	return name_url(config, bytes_first(template, bytes_find(template, '{')), key, err);
}

/* The row of a registry: an origin, or "registry:npm/@SCOPE". */
static char *
row_copy(struct bytes text, const char *key, struct err *err)
{
	static const struct bytes scoped = {(const uint8_t *)"registry:npm/@", 14};
	struct bytes scope = bytes_from(text, scoped.size);
	if (!bytes_has_prefix(text, scoped))
		return origin_copy(text, key, err);
	for (size_t at = 0; at < scope.size; at++)
		if (scope.data[at] <= ' ' || scope.data[at] >= 0x7f || scope.data[at] == '/')
			scope.size = 0;
	if (scope.size && scope.size < NPM_SCOPE)
		return text_copy(text);
	(void)err_set(err, ERR_CORRUPT,
		"configuration of the network: %s: a scope is registry:npm/@NAME", key);
	return NULL;
}

static bool
read_mirrors(json_t *object, struct config *config, struct err *err)
{
	if (!json_is_object(object))
		return fault(err, "mirrors", "an object");
	const char *key;
	json_t *list, *item;
	json_object_foreach(object, key, list)
	{
		if (!json_is_array(list))
			return fault(err, "mirrors", "lists");
		char *origin = row_copy(bytes_text(key), "mirrors", err);
		if (!origin)
			return false;
		struct config_mirror *mirror = array_push(&config->mirrors);
		mirror->origin = origin;
		size_t at;
		json_array_foreach(list, at, item)
		{
			if (!json_is_string(item))
				return fault(err, "mirrors", "lists of strings");
			if (!name_template(config, json_bytes(item), "mirrors", err))
				return false;
			*array_push(&mirror->urls) = text_copy(json_bytes(item));
		}
	}
	return true;
}

static bool
read_registries(json_t *object, struct config *config, struct err *err)
{
	if (!json_is_object(object))
		return fault(err, "registries", "an object");
	const char *key;
	json_t *item;
	json_object_foreach(object, key, item)
	{
		struct err unused;
		if (!json_is_string(item) && !json_is_null(item))
			return fault(err, "registries", "strings, or null");
		char *origin = row_copy(bytes_text(key), "registries", err);
		if (!origin)
			return false;
		/* Another program's file says it: what is wrong with it is a matter of whoever asks for that row. */
		bool usable = json_is_string(item) &&
			      name_template(config, json_bytes(item), "registries", &unused);
		*array_push(&config->registries) = (struct config_registry){
			origin, usable ? text_copy(json_bytes(item)) : NULL};
	}
	return true;
}

static bool
read_proxies(json_t *object, struct config *config, struct err *err)
{
	static const char *const schemes[] = {"http", "https"};
	if (!json_is_object(object))
		return fault(err, "proxies", "an object");
	const char *key;
	json_t *item;
	json_object_foreach(object, key, item)
	{
		size_t which = strcmp(key, schemes[1]) == 0;
		if (strcmp(key, schemes[which]) != 0)
			return fault(err, "proxies", "the keys http and https");
		if (!json_is_string(item) || config->proxies[which])
			return fault(err, "proxies", "one string each");
		config->proxies[which] = text_copy(json_bytes(item));
	}
	return true;
}

static bool
read_command(json_t *list, struct buf *out)
{
	size_t at;
	json_t *item;
	json_array_foreach(list, at, item)
	{
		if (!json_is_string(item) || bytes_find(json_bytes(item), 0) != SIZE_MAX)
			return false;
		buf_add(out, json_bytes(item));
		buf_add_byte(out, 0);
	}
	return json_array_size(list) > 0;
}

/* The place of a word in a list of words; their number where it is none. */
static size_t
word_find(const json_t *word, const char *const *words, size_t count)
{
	const char *text = json_string_value(word);
	size_t at = text ? 0 : count;
	while (at < count && strcmp(text, words[at]) != 0)
		at++;
	return at;
}

/* Where the secret is. */
static bool
read_place(json_t *row, struct credential_spec *spec, struct buf *value, struct err *err)
{
	static const char *const kinds[] = {
		[CREDENTIAL_FILE] = "file",
		[CREDENTIAL_ENVIRONMENT] = "environment",
		[CREDENTIAL_COMMAND] = "command",
		[CREDENTIAL_NONE] = "none",
	};
	size_t count = sizeof kinds / sizeof *kinds;
	size_t kind = word_find(json_object_get(row, "kind"), kinds, count);
	if (kind == count)
		return fault(err, "credentials", "the kind file, command, environment or none");
	json_t *place = json_object_get(row, "value");
	if (kind == CREDENTIAL_COMMAND ? !json_is_array(place) || !read_command(place, value)
				       : !json_is_string(place))
		return fault(err, "credentials", "a value that fits its kind");
	if (kind != CREDENTIAL_COMMAND)
		buf_add(value, json_bytes(place));
	spec->kind = (enum credential_kind)kind;
	spec->value = buf_bytes(value);
	return true;
}

/* What becomes of it. */
static bool
read_use(json_t *row, struct credential_spec *spec, struct err *err)
{
	static const char *const uses[] = {
		[CREDENTIAL_GUESS] = "guess",
		[CREDENTIAL_BEARER] = "bearer",
		[CREDENTIAL_BASIC] = "basic",
		[CREDENTIAL_HEADER] = "header",
	};
	static const char *const texts[] = {"name", "realm", "certificate", "key"};
	size_t count = sizeof uses / sizeof *uses;
	size_t use = word_find(json_object_get(row, "use"), uses, count);
	if (use == count)
		return fault(err, "credentials", "the use guess, bearer, basic or header");
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++)
		if (!json_is_string(json_object_get(row, texts[at])))
			return fault(err, "credentials", "name, realm, certificate and key");
	spec->use = (enum credential_use)use;
	spec->name = json_bytes(json_object_get(row, "name"));
	spec->certificate = json_bytes(json_object_get(row, "certificate"));
	spec->key = json_bytes(json_object_get(row, "key"));
	if (spec->use == CREDENTIAL_HEADER && !request_may_name(spec->name))
		return err_set(err, ERR_REFUSED,
			"credentials: \"%.*s\" is no header that a credential may be",
			BYTES_ARGS(spec->name));
	if (spec->use == CREDENTIAL_BASIC && bytes_find(spec->name, ':') != SIZE_MAX)
		return err_set(err, ERR_REFUSED, "credentials: the user \"%.*s\" holds a colon",
			BYTES_ARGS(spec->name));
	return true;
}

static bool
read_credential(json_t *row, struct config *config, struct err *err)
{
	json_t *origin_text = json_object_get(row, "origin");
	struct credential_spec spec = {0};
	cleanup_buf struct buf value = BUF(CONFIG_LIMIT), origin = BUF(URL_LIMIT),
			       realm = BUF(URL_LIMIT);
	if (!json_is_string(origin_text) || json_object_size(row) != 8)
		return fault(err, "credentials", "origin, kind, value, use and four texts");
	if (!read_place(row, &spec, &value, err) || !read_use(row, &spec, err))
		return false;
	struct bytes realm_text = json_bytes(json_object_get(row, "realm"));
	if (!origin_parse(json_bytes(origin_text), &origin, err) ||
		(realm_text.size && !origin_parse(realm_text, &realm, err)))
		return err_note(err, "configuration of the network: credentials");
	if (bytes_has_prefix(buf_bytes(&origin), BYTES_LITERAL("ssh://")))
		return err_set(err, ERR_REFUSED,
			"credentials.\"%s\": ssh has its own keys and configuration: see "
			"network.ssh",
			buf_text(&origin));
	spec.origin = buf_bytes(&origin);
	spec.realm = buf_bytes(&realm);
	credentials_add(config->credentials, &spec);
	return true;
}

static bool
read_credentials(json_t *list, struct config *config, struct err *err)
{
	if (!json_is_array(list))
		return fault(err, "credentials", "a list");
	size_t at;
	json_t *item;
	json_array_foreach(list, at, item)
	{
		if (!read_credential(item, config, err))
			return false;
	}
	return true;
}

static bool
read_ssh(json_t *list, struct config *config, struct err *err)
{
	size_t at;
	json_t *item;
	if (!json_is_array(list) || !json_array_size(list) || json_array_size(list) > CONFIG_SSH)
		return fault(err, "ssh", "a list of a program and its arguments");
	json_array_foreach(list, at, item)
	{
		if (!json_is_string(item) || bytes_find(json_bytes(item), 0) != SIZE_MAX)
			return fault(err, "ssh", "strings");
		*array_push(&config->ssh) = text_copy(json_bytes(item));
	}
	return true;
}

static bool
read_number(json_t *object, const char *key, unsigned least, unsigned *out, struct err *err)
{
	enum { MOST = 1000000 };
	json_t *item = json_object_get(object, key);
	json_int_t number = json_integer_value(item);
	if (!json_is_integer(item) || number < (json_int_t)least || number > MOST)
		return fault(err, key, "a number in its range");
	*out = (unsigned)number;
	return true;
}

static bool
read_limits(json_t *object, struct config *config, struct err *err)
{
	if (!json_is_object(object) || json_object_size(object) != 5)
		return fault(err, "limits", "connect, stall, total, retries and wait");
	return read_number(object, "connect", 1, &config->connect_seconds, err) &&
	       read_number(object, "stall", 1, &config->stall_seconds, err) &&
	       read_number(object, "total", 1, &config->total_seconds, err) &&
	       read_number(object, "retries", 0, &config->retries, err) &&
	       read_number(object, "wait", 0, &config->wait_seconds, err);
}

static bool
read_authorities(json_t *path, struct config *config, struct err *err)
{
	if (!json_is_string(path))
		return fault(err, "authorities", "a string");
	if (json_string_length(path))
		config->authorities = text_copy(json_bytes(path));
	return true;
}

typedef bool config_read(json_t *value, struct config *config, struct err *err);

static bool
config_read_all(json_t *root, struct config *config, struct err *err)
{
	static const struct {
		const char *key;
		config_read *read;
	} keys[] = {
		{"allow", read_allow},
		{"named", read_named},
		{"mirrors", read_mirrors},
		{"registries", read_registries},
		{"proxies", read_proxies},
		{"credentials", read_credentials},
		{"authorities", read_authorities},
		{"ssh", read_ssh},
		{"limits", read_limits},
	};
	size_t count = sizeof keys / sizeof *keys;
	if (!json_is_object(root) || json_object_size(root) != count + 1)
		return fault(err, "the whole", "exactly the keys that wire/network.h lists");
	for (size_t at = 0; at < count; at++) {
		json_t *value = json_object_get(root, keys[at].key);
		if (!value)
			return fault(err, keys[at].key, "it to be there");
		if (!keys[at].read(value, config, err))
			return false;
	}
	return read_number(root, "connections", 1, &config->connections, err);
}

bool
config_parse(struct bytes json, struct config *out, struct err *err)
{
	json_error_t where;
	json_t *root =
		json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, &where);
	if (!root)
		return err_set(err, ERR_CORRUPT, "configuration of the network: line %d: %s",
			where.line, where.text);
	struct config config = {.credentials = credentials_new()};
	bool done = config_read_all(root, &config, err);
	json_decref(root);
	if (done)
		*out = config;
	else
		config_release(&config);
	return done;
}

void
config_release(struct config *config)
{
	policy_release(&config->policy);
	for (size_t at = 0; at < config->named.size; at++)
		free(config->named.data[at]);
	array_release(&config->named);
	for (size_t at = 0; at < config->mirrors.size; at++) {
		struct config_mirror *mirror = &config->mirrors.data[at];
		for (size_t url = 0; url < mirror->urls.size; url++)
			free(mirror->urls.data[url]);
		array_release(&mirror->urls);
		free(mirror->origin);
	}
	array_release(&config->mirrors);
	for (size_t at = 0; at < config->registries.size; at++) {
		free(config->registries.data[at].origin);
		free(config->registries.data[at].template);
	}
	array_release(&config->registries);
	for (size_t at = 0; at < config->ssh.size; at++)
		free(config->ssh.data[at]);
	array_release(&config->ssh);
	free(config->authorities);
	free(config->proxies[0]);
	free(config->proxies[1]);
	credentials_free(config->credentials);
	*config = (struct config){0};
}

bool
config_names(const struct config *config, struct bytes origin)
{
	for (size_t at = 0; at < config->named.size; at++)
		if (bytes_equal_text(origin, config->named.data[at]))
			return true;
	return false;
}

const struct config_mirror *
config_mirror(const struct config *config, struct bytes origin)
{
	for (size_t at = 0; at < config->mirrors.size; at++)
		if (bytes_equal_text(origin, config->mirrors.data[at].origin))
			return &config->mirrors.data[at];
	return NULL;
}

const struct config_registry *
config_registry(const struct config *config, struct bytes origin)
{
	for (size_t at = 0; at < config->registries.size; at++)
		if (bytes_equal_text(origin, config->registries.data[at].origin))
			return &config->registries.data[at];
	return NULL;
}
