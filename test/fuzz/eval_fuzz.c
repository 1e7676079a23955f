/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Any text is evaluated whole, or fails with a reason, within its heap; one that never ends is interrupted. What stands behind
 * "\n%%\n" is a file beside it, which is then read as JSON, as TOML and as a file of an island too.
 */
#include "lang/eval.h"

#include <string.h>

#include "base/must.h"
#include "lang/diagnostic.h"
#include "memory_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TURNS = 4 };

static unsigned turns;

static bool
is_enough(void *context)
{
	(void)context;
	return ++turns > TURNS;
}

static void
evaluate(const struct eval_host *functions, struct bytes text)
{
	turns = 0;
	struct evaluator *evaluator = evaluator_new(functions, (size_t)16 << 20);
	struct value *value =
		eval_text(evaluator, "fuzz.cab", text, NULL, "/fuzz.cab", EVAL_IMPORTED);
	if (value)
		value = eval_deep(evaluator, value);
	cleanup_buf struct buf out = BUF(64 << 20);
	if (value)
		eval_print(evaluator, value, &out);
	if (value && !eval_print_json(evaluator, value, 2, &out))
		value = NULL;
	buf_clear(&out);
	diagnostics_render(
		evaluator_diagnostics(evaluator), (struct diagnostic_style){.width = 60}, &out);
	must(value || out.size, "a failure has a reason");
	for (size_t at = 0; at < out.size; at++)
		must(out.data[at] >= ' ' || out.data[at] == '\n', "no control reaches a terminal");
	evaluator_free(evaluator);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const texts[] = {"fromJSON (readFile ./file)",
		"fromTOML (readFile ./file)", "import <github:o/r>/file.cab"};
	static const char separator[] = "\n%%\n";
	struct bytes text = bytes_of(data, size);
	const uint8_t *end = size ? memmem(data, size, separator, 4) : NULL;
	struct bytes file = bytes_from(text, end ? (size_t)(end - data) + 4 : size);
	struct memory_host *host = memory_host_new();
	memory_host_add(host, "/file", file);
	memory_host_add(host, "<github:o/r>/file.cab", file);
	struct eval_host functions = *memory_host_functions(host);
	functions.cancelled = is_enough;
	evaluate(&functions, bytes_first(text, end ? (size_t)(end - data) : size));
	for (size_t at = 0; end && at < sizeof texts / sizeof *texts; at++)
		evaluate(&functions, bytes_text(texts[at]));
	memory_host_free(host);
	return 0;
}
