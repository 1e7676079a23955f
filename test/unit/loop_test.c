/* SPDX-License-Identifier: MPL-2.0 */
#include "base/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

struct ends {
	int read;
	int write;
};

static struct ends
pipe_open(void)
{
	struct ends ends;
	struct err err;
	assert_true(fd_pipe(&ends.read, &ends.write, &err));
	return ends;
}

static void
pipe_close(struct ends *ends)
{
	fd_release(&ends->read);
	fd_release(&ends->write);
}

static void
step(struct loop *loop)
{
	struct err err;
	if (!loop_step(loop, &err))
		fail_msg("%s", err.text);
}

struct count {
	unsigned times;
	short events;
};

static void
count_ready(void *context, short events)
{
	struct count *count = context;
	count->times++;
	count->events = events;
}

static void
count_late(void *context)
{
	((struct count *)context)->times++;
}

static void
only_what_is_ready_is_called(void **state UNUSED)
{
	struct loop *loop = loop_new();
	struct ends ready = pipe_open();
	struct ends silent = pipe_open();
	struct count of_ready = {0};
	struct count of_silent = {0};
	struct loop_watch *first = loop_watch(loop, ready.read, POLLIN, count_ready, &of_ready);
	struct loop_watch *second = loop_watch(loop, silent.read, POLLIN, count_ready, &of_silent);
	assert_int_equal(write(ready.write, "x", 1), 1);
	step(loop);
	assert_int_equal(of_ready.times, 1);
	assert_true(of_ready.events & POLLIN);
	assert_int_equal(of_silent.times, 0);
	fd_release(&silent.write);
	step(loop);
	assert_int_equal(of_silent.times, 1);
	assert_true(of_silent.events & POLLHUP);
	loop_unwatch(first);
	loop_unwatch(second);
	loop_free(loop);
	pipe_close(&ready);
	pipe_close(&silent);
}

static void
a_paused_watch_hears_nothing_and_is_nothing_to_wait_for(void **state UNUSED)
{
	struct loop *loop = loop_new();
	struct ends ends = pipe_open();
	struct count count = {0};
	struct err err;
	struct loop_watch *watch = loop_watch(loop, ends.read, POLLIN, count_ready, &count);
	fd_release(&ends.write);
	loop_change(watch, 0);
	assert_false(loop_step(loop, &err));
	assert_int_equal(count.times, 0);
	loop_change(watch, POLLIN);
	step(loop);
	assert_int_equal(count.times, 1);
	loop_unwatch(watch);
	assert_false(loop_step(loop, &err));
	loop_free(loop);
	pipe_close(&ends);
}

struct pair {
	struct loop_watch *watches[2];
	unsigned times;
};

static void
remove_both(void *context, short events UNUSED)
{
	struct pair *pair = context;
	pair->times++;
	for (size_t at = 0; at < 2; at++)
		loop_unwatch(pair->watches[at]);
}

static void
a_watch_removed_in_this_step_is_not_called_any_more(void **state UNUSED)
{
	struct loop *loop = loop_new();
	struct ends ends = pipe_open();
	struct pair pair = {0};
	assert_int_equal(write(ends.write, "x", 1), 1);
	for (size_t at = 0; at < 2; at++)
		pair.watches[at] = loop_watch(loop, ends.read, POLLIN, remove_both, &pair);
	step(loop);
	assert_int_equal(pair.times, 1);
	loop_free(loop);
	pipe_close(&ends);
}

enum { ADDED = 100 };

struct adder {
	struct loop *loop;
	int fd;
	struct loop_watch *own;
	struct loop_watch *added[ADDED];
	struct count count;
};

static void
add_many(void *context, short events UNUSED)
{
	struct adder *adder = context;
	for (size_t at = 0; at < ADDED; at++)
		adder->added[at] =
			loop_watch(adder->loop, adder->fd, POLLIN, count_ready, &adder->count);
	loop_unwatch(adder->own);
}

static void
a_callback_may_add_watches_while_it_takes_its_own_away(void **state UNUSED)
{
	struct ends ends = pipe_open();
	struct adder adder = {.loop = loop_new(), .fd = ends.read};
	assert_int_equal(write(ends.write, "x", 1), 1);
	adder.own = loop_watch(adder.loop, ends.read, POLLIN, add_many, &adder);
	step(adder.loop);
	assert_int_equal(adder.count.times, 0);
	step(adder.loop);
	assert_int_equal(adder.count.times, ADDED);
	for (size_t at = 0; at < ADDED; at++)
		loop_unwatch(adder.added[at]);
	loop_free(adder.loop);
	pipe_close(&ends);
}

struct order {
	char *letters;
	char letter;
};

static void
note_letter(void *context)
{
	const struct order *order = context;
	size_t length = strlen(order->letters);
	order->letters[length] = order->letter;
}

static void
timers_fire_once_each_the_earliest_first(void **state UNUSED)
{
	struct loop *loop = loop_new();
	char letters[8] = "";
	struct order orders[] = {{letters, 'c'}, {letters, 'a'}, {letters, 'b'}};
	struct err err;
	uint64_t start = loop_now();
	(void)loop_after(loop, 30, note_letter, &orders[0]);
	(void)loop_after(loop, 10, note_letter, &orders[1]);
	(void)loop_after(loop, 20, note_letter, &orders[2]);
	while (strlen(letters) < 3)
		step(loop);
	assert_string_equal(letters, "abc");
	assert_true(loop_now() - start >= 30);
	assert_false(loop_step(loop, &err));
	loop_free(loop);
}

static void
a_stopped_timer_never_fires_and_a_far_one_does_not_come_early(void **state UNUSED)
{
	struct loop *loop = loop_new();
	struct count stopped = {0};
	struct count far = {0};
	struct count near = {0};
	struct loop_timer *timer = loop_after(loop, 0, count_late, &stopped);
	loop_stop(timer);
	loop_stop(NULL);
	struct loop_timer *end = loop_after(loop, UINT64_MAX, count_late, &far);
	(void)loop_after(loop, 1, count_late, &near);
	while (!near.times)
		step(loop);
	assert_int_equal(stopped.times, 0);
	assert_int_equal(far.times, 0);
	loop_stop(end);
	loop_free(loop);
}

struct stopper {
	struct loop_timer *other;
	struct loop_watch *watch;
};

static void
stop_others(void *context)
{
	struct stopper *stopper = context;
	loop_stop(stopper->other);
	loop_unwatch(stopper->watch);
}

static void
a_timer_may_stop_what_is_due_in_the_same_step(void **state UNUSED)
{
	struct loop *loop = loop_new();
	struct ends ends = pipe_open();
	struct count count = {0};
	struct stopper stopper = {0};
	assert_int_equal(write(ends.write, "x", 1), 1);
	(void)loop_after(loop, 0, stop_others, &stopper);
	stopper.watch = loop_watch(loop, ends.read, POLLIN, count_ready, &count);
	stopper.other = loop_after(loop, 0, count_late, &count);
	step(loop);
	assert_int_equal(count.times, 0);
	loop_free(loop);
	pipe_close(&ends);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_ready_is_called),
		cmocka_unit_test(a_paused_watch_hears_nothing_and_is_nothing_to_wait_for),
		cmocka_unit_test(a_watch_removed_in_this_step_is_not_called_any_more),
		cmocka_unit_test(a_callback_may_add_watches_while_it_takes_its_own_away),
		cmocka_unit_test(timers_fire_once_each_the_earliest_first),
		cmocka_unit_test(a_stopped_timer_never_fires_and_a_far_one_does_not_come_early),
		cmocka_unit_test(a_timer_may_stop_what_is_due_in_the_same_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
