/* SPDX-License-Identifier: MPL-2.0 */
#include "cli/scenario.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/path.h"
#include "lang/eval.h"
#include "session/pure.h"

enum { SCENARIO_HEAP = 256 << 20 };

struct scenario_reading {
	struct arena *arena;
	const char *file; /* absolute */
};

static struct bytes
scenario_copy(struct arena *arena, const json_t *text)
{
	return arena_copy(arena, bytes_of(json_string_value(text), json_string_length(text)));
}

static bool
scenario_known(const json_t *set, const char *const *names, const char *where, struct err *err)
{
	const char *key = NULL;
	json_t *value = NULL;
	json_object_foreach((json_t *)(uintptr_t)set, key, value)
	{
		size_t at = 0;
		while (names[at] && strcmp(names[at], key) != 0)
			at++;
		if (!names[at])
			return err_set(err, ERR_REFUSED, "%s: there is no key \"%s\"", where, key);
	}
	return true;
}

static bool
scenario_headers(struct arena *arena, const json_t *list, const char *path,
	struct scenario_answer *out, struct err *err)
{
	cleanup_buf struct buf lines = BUF(1 << 16);
	if (list && !json_is_array(list))
		return err_set(err, ERR_REFUSED, "%s: headers are a list of strings", path);
	for (size_t at = 0; at < json_array_size(list); at++) {
		const char *line = json_string_value(json_array_get(list, at));
		if (!line || !strchr(line, ':') || strpbrk(line, "\r\n"))
			return err_set(
				err, ERR_REFUSED, "%s: a header is written \"Name: value\"", path);
		buf_format(&lines, "%s\r\n", line);
	}
	out->headers = arena_copy(arena, buf_bytes(&lines));
	return buf_check(&lines, err, "headers of %s", path);
}

/* A file beside the scenario is for what no string of the language can be. */
static bool
scenario_body(struct scenario_reading *reading, const json_t *answer, struct scenario_answer *out,
	struct err *err)
{
	const char *path = arena_text(reading->arena, out->path);
	const json_t *body = json_object_get(answer, "body");
	const json_t *file = json_object_get(answer, "file");
	if ((body && !json_is_string(body)) || (file && !json_is_string(file)) || (body && file))
		return err_set(err, ERR_REFUSED,
			"%s: one of \"body\" and \"file\" is wanted, a string", path);
	out->body = scenario_copy(reading->arena, body);
	if (!file)
		return true;
	cleanup_buf struct buf name = BUF(8192);
	cleanup_buf struct buf bytes = BUF(SCENARIO_TEXT);
	path_join(
		path_folder(bytes_text(reading->file)), bytes_text(json_string_value(file)), &name);
	if (!fd_read_file(AT_FDCWD, buf_text(&name), &bytes, err))
		return err_note(err, "%s", path);
	out->body = arena_copy(reading->arena, buf_bytes(&bytes));
	return true;
}

/* "/path" = "body", or { body, file, headers, status } */
static bool
scenario_answer(struct scenario_reading *reading, const json_t *answer, struct scenario_answer *out,
	struct err *err)
{
	struct arena *arena = reading->arena;
	static const char *const names[] = {"body", "file", "headers", "status", NULL};
	const char *path = arena_text(arena, out->path);
	out->status = 200;
	if (!out->path.size || out->path.data[0] != '/')
		return err_set(err, ERR_REFUSED, "%s: what is served begins with '/'", path);
	if (json_is_string(answer)) {
		out->body = scenario_copy(arena, answer);
		return true;
	}
	const json_t *status = json_object_get(answer, "status");
	if (!json_is_object(answer))
		return err_set(err, ERR_REFUSED,
			"%s: a string or a set { body, headers, status } is wanted", path);
	if (status)
		out->status = (unsigned)json_integer_value(status);
	if (out->status < 200 || out->status > 599)
		return err_set(err, ERR_REFUSED, "%s: status is a number from 200 to 599", path);
	return scenario_known(answer, names, path, err) &&
	       scenario_headers(arena, json_object_get(answer, "headers"), path, out, err) &&
	       scenario_body(reading, answer, out, err);
}

static bool
scenario_answers(struct scenario_reading *reading, const json_t *set, const char *what,
	const struct scenario_answer **out, size_t *count_out, struct err *err)
{
	struct arena *arena = reading->arena;
	const char *key = NULL;
	json_t *value = NULL;
	if (set && !json_is_object(set))
		return err_set(err, ERR_REFUSED, "\"%s\" is a set of paths", what);
	struct scenario_answer *answers =
		arena_array(arena, struct scenario_answer, json_object_size(set));
	json_object_foreach((json_t *)(uintptr_t)set, key, value)
	{
		answers[*count_out].path = arena_copy(arena, bytes_text(key));
		if (!scenario_answer(reading, value, &answers[(*count_out)++], err))
			return err_note(err, "%s", what);
	}
	*out = answers;
	return true;
}

static bool
scenario_arguments(struct arena *arena, const json_t *list, struct scenario *out, struct err *err)
{
	struct bytes *arguments = arena_array(arena, struct bytes, json_array_size(list) + 1);
	if (!json_is_array(list))
		return err_set(err, ERR_REFUSED, "\"arguments\" is a list of strings");
	for (size_t at = 0; at < json_array_size(list); at++) {
		if (!json_is_string(json_array_get(list, at)))
			return err_set(err, ERR_REFUSED, "\"arguments\" is a list of strings");
		arguments[at] = scenario_copy(arena, json_array_get(list, at));
	}
	out->arguments = arguments;
	out->argument_count = json_array_size(list);
	return true;
}

static bool
scenario_take(
	struct scenario_reading *reading, const json_t *set, struct scenario *out, struct err *err)
{
	struct arena *arena = reading->arena;
	static const char *const names[] = {"arguments", "serves", "changed", "output", NULL};
	const json_t *output = json_object_get(set, "output");
	*out = (struct scenario){0};
	if (!json_is_object(set))
		return err_set(err, ERR_REFUSED, "a set { arguments, serves, … } is wanted");
	if (output && !json_is_string(output))
		return err_set(err, ERR_REFUSED, "\"output\" is a string");
	out->has_output = output != NULL;
	out->output = scenario_copy(arena, output);
	return scenario_known(set, names, "the scenario", err) &&
	       scenario_arguments(arena, json_object_get(set, "arguments"), out, err) &&
	       scenario_answers(reading, json_object_get(set, "serves"), "serves", &out->serves,
		       &out->serve_count, err) &&
	       scenario_answers(reading, json_object_get(set, "changed"), "changed", &out->changed,
		       &out->changed_count, err);
}

static bool
scenario_evaluate(const char *file, struct bytes text, const char *base, struct buf *json,
	struct buf *printed)
{
	struct evaluator *evaluator = evaluator_new(&pure_host, SCENARIO_HEAP);
	struct value *value = eval_text(evaluator, file, text, NULL, "/conform.cab", EVAL_IMPORTED);
	struct value *given = eval_new_string(evaluator, bytes_text(base));
	const struct bytes name = BYTES_LITERAL("base");
	struct value *inputs = eval_new_set(evaluator, &name, &given, 1);
	if (value)
		value = eval_enter(evaluator, value, inputs);
	bool done = value && eval_print_json(evaluator, value, 0, json);
	if (!done)
		diagnostics_render(evaluator_diagnostics(evaluator),
			(struct diagnostic_style){false, 100}, printed);
	evaluator_free(evaluator);
	return done;
}

bool
scenario_read(struct arena *arena, const char *file, const char *base, struct scenario *out,
	struct buf *printed, struct err *err)
{
	cleanup_buf struct buf text = BUF(SCENARIO_TEXT);
	cleanup_buf struct buf json = BUF((size_t)2 * SCENARIO_TEXT);
	if (!fd_read_file(AT_FDCWD, file, &text, err))
		return err_note(err, "scenario");
	if (!scenario_evaluate(file, buf_bytes(&text), base, &json, printed))
		return err_set(err, ERR_REFUSED, "the scenario %s cannot be evaluated", file);
	char *absolute = realpath(file, NULL);
	if (!absolute)
		return err_system(err, errno, "scenario %s", file);
	struct scenario_reading reading = {arena, absolute};
	json_t *value = json_loadb((const char *)json.data, json.size,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	bool done = scenario_take(&reading, value, out, err) || err_note(err, "scenario %s", file);
	json_decref(value);
	free(absolute);
	return done;
}
