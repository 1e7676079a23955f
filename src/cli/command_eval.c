/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/entry.h"

enum { EVAL_TEXT_MAX = 1 << 30 };

static bool
eval_run(void *context, struct entry *entry, struct value *value, struct err *err)
{
	const struct options *options = (const struct options *)context;
	struct evaluator *evaluator = session_evaluator(entry->session);
	if (options->strict || options->json)
		value = eval_deep(evaluator, value);
	if (!value)
		return err_set(err, ERR_REFUSED, "the value cannot be evaluated whole");
	cleanup_buf struct buf text = BUF(EVAL_TEXT_MAX);
	if (options->json) {
		if (!eval_print_json(evaluator, value, 0, &text))
			return err_set(err, ERR_REFUSED, "the value has no JSON form");
	} else if (options->raw) {
		struct value *string = NULL;
		struct bytes raw;
		if (!eval_string(evaluator, value, &string, &raw))
			return err_set(err, ERR_REFUSED, "--raw wants a string");
		buf_add(&text, raw);
	} else {
		eval_print(evaluator, value, &text);
	}
	if (!options->raw)
		buf_add_byte(&text, '\n');
	progress_hide(entry->progress);
	return (buf_check(&text, err, "the printed value") &&
		       fwrite(text.data, 1, text.size, stdout) == text.size) ||
	       err_set(err, ERR_SYSTEM, "standard output cannot be written");
}

bool
command_eval(const struct options *options, int *status_out, struct err *err)
{
	(void)status_out;
	struct entry_task task = {.context = (void *)(uintptr_t)options,
		.run = eval_run,
		.command = "eval",
		.alone = true};
	const char *operand = options->operands.size ? options->operands.data[0] : NULL;
	return entry_run(options, operand, false, false, &task, err);
}
