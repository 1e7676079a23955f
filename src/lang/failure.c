/* SPDX-License-Identifier: MPL-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lang/evaluator.h"
#include "lang/print.h"

/* What an error shows of a value. */
enum { SHOW_SIZE = 120 };

void
failure_clear(struct evaluator *evaluator)
{
	struct failure *failure = &evaluator->failure;
	arena_release(&failure->arena);
	failure->arena = ARENA;
	failure->kind = FAILURE_NONE;
	failure->cause = ERR_NONE;
	failure->span = NO_SPAN;
	failure->other = NO_SPAN;
	failure->other_text = NULL;
	failure->title = NULL;
	failure->help = NULL;
	failure->note_count = 0;
}

static const char *format_text(struct evaluator *evaluator, const char *format, va_list arguments)
	PRINTF(2, 0);

static const char *
format_text(struct evaluator *evaluator, const char *format, va_list arguments)
{
	char *text = NULL;
	must(vasprintf(&text, format, arguments) >= 0, "there must be memory for a message");
	const char *copy = arena_text(&evaluator->failure.arena, bytes_text(text));
	free(text);
	return copy;
}

struct value *
eval_fail(struct evaluator *evaluator, struct span span, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	must(vasprintf(&text, format, arguments) >= 0, "there must be memory for a message");
	va_end(arguments);
	/* What is formatted may stand in the arena of the failure before. */
	failure_clear(evaluator);
	evaluator->failure.kind = FAILURE_ERROR;
	evaluator->failure.span = span;
	evaluator->failure.title = arena_text(&evaluator->failure.arena, bytes_text(text));
	free(text);
	return NULL;
}

struct value *
eval_fail_err(struct evaluator *evaluator, struct span span, const struct err *err)
{
	eval_fail(evaluator, span, "%s", err->text);
	evaluator->failure.cause = err->kind;
	return NULL;
}

struct value *
eval_throw(struct evaluator *evaluator, struct bytes message)
{
	failure_clear(evaluator);
	evaluator->failure.kind = FAILURE_THROWN;
	evaluator->failure.title = arena_text(&evaluator->failure.arena, message);
	return NULL;
}

struct value *
eval_help(struct evaluator *evaluator, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	evaluator->failure.help = format_text(evaluator, format, arguments);
	va_end(arguments);
	return NULL;
}

void
failure_place(struct evaluator *evaluator, struct span span)
{
	if (!evaluator->failure.span.source)
		evaluator->failure.span = span;
}

void
failure_note(struct evaluator *evaluator, enum note_kind kind, struct span span, struct bytes name)
{
	struct failure *failure = &evaluator->failure;
	if (failure->kind == FAILURE_REPORTED)
		return;
	size_t count = failure->note_count;
	struct failure_note *before = count == 0 ? NULL
				      : count <= FAILURE_NOTES
					      ? &failure->first[count - 1]
					      : &failure->last[(count - 1) % FAILURE_NOTES];
	if (before && before->kind == kind && span.source && before->span.source == span.source &&
		before->span.start == span.start && before->span.end == span.end) {
		before->times++;
		return;
	}
	struct failure_note note = {kind, span, name, 1};
	if (failure->note_count < FAILURE_NOTES)
		failure->first[failure->note_count] = note;
	else
		failure->last[failure->note_count % FAILURE_NOTES] = note;
	failure->note_count++;
}

static void
note_report(
	struct diagnostics *list, struct diagnostic *diagnostic, const struct failure_note *note)
{
	static const char *const texts[] = {
		[NOTE_CALL] = "while calling",
		[NOTE_BUILTIN] = "while evaluating",
		[NOTE_ATTRIBUTE] = "while evaluating the attribute",
		[NOTE_IMPORT] = "while evaluating the file",
		[NOTE_ENTRY] = "while calling the entry function",
		[NOTE_DERIVATION] = "while evaluating the derivation",
	};
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_add_text(&text, texts[note->kind]);
	if (note->name.size)
		buf_format(&text, " '%.*s'", BYTES_ARGS(note->name));
	else if (note->kind == NOTE_CALL)
		buf_add_text(&text, " a function");
	if (note->times > 1)
		buf_format(&text, " (%zu times in a row)", note->times);
	diagnostic_note(list, diagnostic, note->span, "%s", buf_text(&text));
}

void
failure_report(struct evaluator *evaluator)
{
	struct failure *failure = &evaluator->failure;
	if (failure->kind == FAILURE_ERROR || failure->kind == FAILURE_THROWN) {
		struct diagnostics *list = &evaluator->diagnostics;
		struct diagnostic *diagnostic =
			diagnostic_add(list, SEVERITY_ERROR, failure->span, "%s", failure->title);
		if (failure->other.source)
			diagnostic_label(
				list, diagnostic, failure->other, "%s", failure->other_text);
		if (failure->help)
			diagnostic_help(list, diagnostic, "%s", failure->help);
		size_t count = failure->note_count;
		for (size_t at = 0; at < count && at < FAILURE_NOTES; at++)
			note_report(list, diagnostic, &failure->first[at]);
		if (count > 2 * (size_t)FAILURE_NOTES)
			diagnostic_note(list, diagnostic, NO_SPAN,
				"(%zu more frames are not shown)",
				count - 2 * (size_t)FAILURE_NOTES);
		size_t from = count > 2 * (size_t)FAILURE_NOTES ? count - FAILURE_NOTES
								: (size_t)FAILURE_NOTES;
		for (size_t at = from; at < count; at++)
			note_report(list, diagnostic, &failure->last[at % FAILURE_NOTES]);
	}
	failure_clear(evaluator);
}

/* So many steps take about a millisecond. */
enum { CANCEL_STEPS = 1 << 14 };

bool
eval_may_go_on(struct evaluator *evaluator, struct span span)
{
	if (heap_is_over(evaluator->heap)) {
		eval_fail(evaluator, span, "the values of this evaluation take more than %zu MiB",
			heap_ceiling(evaluator->heap) >> 20);
		evaluator->failure.cause = ERR_LIMIT;
		eval_help(evaluator, "a larger --max-heap lets it have more");
		return false;
	}
	if (stack_is_low(evaluator->stack)) {
		eval_fail(evaluator, span, "evaluation is nested too deep");
		evaluator->failure.cause = ERR_LIMIT;
		eval_help(evaluator, "look for a recursion without an end; a larger --max-heap "
				     "allows deeper ones");
		return false;
	}
	if (++evaluator->steps % CANCEL_STEPS == 0 && evaluator->host.cancelled &&
		evaluator->host.cancelled(evaluator->host.context)) {
		eval_fail(evaluator, span, "the evaluation was interrupted");
		evaluator->failure.cause = ERR_CANCELLED;
		return false;
	}
	return true;
}

const char *
failure_show(struct evaluator *evaluator, struct value *value)
{
	cleanup_buf struct buf buf = BUF(BUF_MAX);
	print_known(value, SHOW_SIZE, &buf);
	return arena_text(&evaluator->failure.arena, buf_bytes(&buf));
}
