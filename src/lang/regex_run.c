/* SPDX-License-Identifier: MPL-2.0 */
#include <stdlib.h>

#include "lang/regex_program.h"
#include "lang/source.h"

/*
 * All threads that are alive at one place of the text, in the order of preference: at most one for
 * each instruction. The spans of thread `at` are spans[at * width …].
 */
struct threads {
	uint32_t *places;
	size_t *spans;
	uint32_t count;
};

/* What is still to be followed from an instruction, or a span to be restored on the way back. */
struct pending {
	uint32_t place;
	uint32_t saved; /* which span + 1; 0 for a place to follow */
	size_t old;
};

struct run {
	const struct regex *regex;
	struct bytes text;
	size_t width;
	struct threads now;
	struct threads next;
	uint32_t *seen; /* the turn in which an instruction was reached last */
	uint32_t turn;
	struct pending *pending;
	size_t *spans; /* of the thread that is followed */
	bool found;
	size_t *best;
};

static void
thread_add(struct run *run, uint32_t place)
{
	struct threads *next = &run->next;
	next->places[next->count] = place;
	memcpy(next->spans + next->count * run->width, run->spans, run->width * sizeof *run->spans);
	next->count++;
}

/* Follows all that takes no character from an instruction; threads are added where one does. */
static void
follow(struct run *run, uint32_t start, size_t at)
{
	size_t count = 0;
	run->pending[count++] = (struct pending){start, 0, 0};
	while (count > 0) {
		struct pending pending = run->pending[--count];
		if (pending.saved) {
			run->spans[pending.saved - 1] = pending.old;
			continue;
		}
		if (run->seen[pending.place] == run->turn)
			continue;
		run->seen[pending.place] = run->turn;
		const struct regex_instruction *step = &run->regex->program[pending.place];
		uint32_t onward = pending.place + 1;
		switch (step->code) {
		case REGEX_SPLIT:
			run->pending[count++] = (struct pending){step->second, 0, 0};
			run->pending[count++] = (struct pending){step->first, 0, 0};
			break;
		case REGEX_JUMP:
			run->pending[count++] = (struct pending){step->first, 0, 0};
			break;
		case REGEX_SAVE:
			run->pending[count++] =
				(struct pending){0, step->first + 1, run->spans[step->first]};
			run->spans[step->first] = at;
			run->pending[count++] = (struct pending){onward, 0, 0};
			break;
		case REGEX_BEGIN:
			if (at == 0)
				run->pending[count++] = (struct pending){onward, 0, 0};
			break;
		case REGEX_END:
			if (at == run->text.size)
				run->pending[count++] = (struct pending){onward, 0, 0};
			break;
		case REGEX_POINT:
		case REGEX_ANY:
		case REGEX_SET:
		case REGEX_DONE:
			thread_add(run, pending.place);
			break;
		}
	}
}

static bool
set_has(const struct regex_set *set, uint32_t point)
{
	for (size_t at = 0; at < set->count; at++) {
		if (point >= set->ranges[at].first && point <= set->ranges[at].last)
			return !set->negated;
	}
	return set->negated;
}

/* A thread is done here: the leftmost, then the longest match is kept. */
static void
thread_done(struct run *run, const size_t *spans, size_t at)
{
	bool better = !run->found || spans[0] < run->best[0] ||
		      (spans[0] == run->best[0] && at > run->best[1]);
	if (!better)
		return;
	memcpy(run->best, spans, run->width * sizeof *spans);
	run->best[1] = at;
	run->found = true;
}

/* Every thread takes one code point (or none at the end of the text, where `size` is 0). */
static void
step_threads(struct run *run, size_t at, uint32_t point, size_t size)
{
	for (uint32_t thread = 0; thread < run->now.count; thread++) {
		const size_t *spans = run->now.spans + thread * run->width;
		const struct regex_instruction *step =
			&run->regex->program[run->now.places[thread]];
		if (run->found && spans[0] > run->best[0])
			continue;
		if (step->code == REGEX_DONE) {
			thread_done(run, spans, at);
			continue;
		}
		bool takes =
			size > 0 && (step->code == REGEX_ANY ||
					    (step->code == REGEX_POINT && step->first == point) ||
					    (step->code == REGEX_SET && set_has(step->set, point)));
		if (!takes)
			continue;
		memcpy(run->spans, spans, run->width * sizeof *spans);
		follow(run, run->now.places[thread] + 1, at + size);
	}
}

static void
run_text(struct run *run, size_t from, bool anchored)
{
	for (size_t at = from;;) {
		uint32_t point = 0;
		size_t size = source_decode(bytes_from(run->text, at), &point);
		/* run->next holds what lives at this place; a match may begin here, too. */
		if (!run->found && (!anchored || at == from)) {
			for (size_t span = 0; span < run->width; span++)
				run->spans[span] = SIZE_MAX;
			run->spans[0] = at;
			follow(run, 0, at);
		}
		struct threads now = run->next;
		run->next = run->now;
		run->now = now;
		run->next.count = 0;
		run->turn++;
		step_threads(run, at, point, size);
		if (size == 0 || (run->next.count == 0 && (run->found || anchored)))
			return;
		at += size;
	}
}

static bool
search(const struct regex *regex, struct bytes text, size_t from, bool anchored, size_t *spans)
{
	size_t size = regex->size, width = 2 * (size_t)regex->groups;
	size_t room = size * width;
	size_t *memory = (size_t *)memory_new((2 * room + width) * sizeof *memory);
	uint32_t *places = (uint32_t *)memory_zero(3 * size, sizeof *places);
	struct run run = {
		.regex = regex,
		.text = text,
		.width = width,
		.now = {places, memory, 0},
		.next = {places + size, memory + room, 0},
		.seen = places + 2 * size,
		.turn = 1,
		.pending = (struct pending *)memory_new((2 * size + 2) * sizeof(struct pending)),
		.spans = memory + 2 * room,
	};
	run.best = spans;
	run_text(&run, from, anchored);
	free(memory);
	free(places);
	free(run.pending);
	return run.found;
}

bool
regex_search(
	const struct regex *regex, struct bytes text, size_t from, size_t spans[2 * REGEX_GROUPS])
{
	return search(regex, text, from, false, spans);
}

bool
regex_match(const struct regex *regex, struct bytes text, size_t spans[2 * REGEX_GROUPS])
{
	return search(regex, text, 0, true, spans) && spans[1] == text.size;
}
