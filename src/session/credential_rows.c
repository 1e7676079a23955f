/* SPDX-License-Identifier: MPL-2.0 */
#include "session/credential_rows.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct credential {
	const char *origin;
	const char *place; /* file, command or environment; NULL: none of them */
	const json_t *value;
	const char *kind, *user, *header, *realm, *certificate,
		*key; /* NULL where it is not said */
};

static bool
credential_fault(const struct credential *credential, const char *what, struct err *err)
{
	return err_set(err, ERR_REFUSED, "configuration: credentials.\"%s\": %s",
		credential->origin, what);
}

/* Takes one key of the set. */
static bool
credential_take(
	struct credential *credential, const char *key, const json_t *value, struct err *err)
{
	static const char *const places[] = {"file", "command", "environment"};
	const struct {
		const char *key;
		const char **out;
	} texts[] = {
		{"kind", &credential->kind},
		{"user", &credential->user},
		{"header", &credential->header},
		{"realm", &credential->realm},
		{"certificate", &credential->certificate},
		{"key", &credential->key},
	};
	for (size_t at = 0; at < sizeof places / sizeof *places; at++) {
		if (strcmp(key, places[at]) != 0)
			continue;
		if (credential->place)
			return credential_fault(credential,
				"one of file, command and environment says where the secret is",
				err);
		credential->place = places[at];
		credential->value = value;
		return true;
	}
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		if (strcmp(key, texts[at].key) != 0)
			continue;
		*texts[at].out = json_string_value(value);
		return true;
	}
	return credential_fault(credential,
		"its keys are file, command, environment, kind, user, header, realm, certificate "
		"and key",
		err);
}

/* What is not said follows from what is. */
static const char *
credential_use(const struct credential *credential)
{
	if (credential->kind)
		return credential->kind;
	if (credential->user)
		return "basic";
	return credential->header ? "header" : "guess";
}

static bool
credential_is_empty(const json_t *value)
{
	const char *text =
		json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);
	return !text || !*text;
}

static bool
credential_check(const struct credential *credential, struct err *err)
{
	const char *use = credential_use(credential);
	bool basic = strcmp(use, "basic") == 0;
	bool header = strcmp(use, "header") == 0;
	if (credential->kind && !basic && !header && strcmp(use, "bearer") != 0)
		return credential_fault(
			credential, "kind is \"bearer\", \"basic\" or \"header\"", err);
	if (basic != (credential->user != NULL))
		return credential_fault(credential, "user and kind = \"basic\" go together", err);
	if (header != (credential->header != NULL))
		return credential_fault(
			credential, "header and kind = \"header\" go together", err);
	if (!credential->place && !credential->certificate)
		return credential_fault(credential,
			"it says neither where a secret is (file, command, environment) nor a "
			"certificate",
			err);
	if (!credential->place && (credential->realm || credential->kind))
		return credential_fault(credential,
			"it says what becomes of a secret, and not where that is: file, command or "
			"environment",
			err);
	if (credential->place && credential_is_empty(credential->value))
		return credential_fault(credential,
			"the place of the secret (file, command, environment) is empty", err);
	if (credential->key && !credential->certificate)
		return credential_fault(credential, "a key goes with a certificate", err);
	return true;
}

static const char *
text_or_none(const char *text)
{
	return text ? text : "";
}

static json_t *
credential_row(const struct credential *credential)
{
	json_t *value = credential->value ? json_deep_copy(credential->value) : json_string("");
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s}", "origin", credential->origin,
		"kind", credential->place ? credential->place : "none", "value", value, "use",
		credential_use(credential), "name",
		credential->user ? credential->user : text_or_none(credential->header), "realm",
		text_or_none(credential->realm), "certificate",
		text_or_none(credential->certificate), "key", text_or_none(credential->key));
}

json_t *
credential_rows(const json_t *all, struct err *err)
{
	json_t *rows = json_array();
	const char *origin = NULL;
	json_t *set = NULL;
	json_object_foreach((json_t *)(uintptr_t)all, origin, set)
	{
		struct credential credential = {.origin = origin};
		const char *key = NULL;
		json_t *value = NULL;
		bool good = true;
		json_object_foreach(set, key, value)
		{
			good = good && credential_take(&credential, key, value, err);
		}
		if (!good || !credential_check(&credential, err)) {
			json_decref(rows);
			return NULL;
		}
		json_array_append_new(rows, credential_row(&credential));
	}
	return rows;
}
