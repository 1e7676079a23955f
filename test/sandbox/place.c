/* SPDX-License-Identifier: MPL-2.0 */
#include "place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/loop.h"
#include "base/path.h"
#include "base/process.h"

static void
file_put(int folder, const char *name, struct bytes data, mode_t mode)
{
	struct err err;
	if (!fd_replace_file(folder, name, data, mode, &err))
		fail_msg("%s", err.text);
	/* Everybody may write, whatever the umask: what keeps the program from it is the mount. */
	assert_int_equal(fchmodat(folder, name, mode, 0), 0);
}

int
place_setup(void **state)
{
	const char *program = getenv("CAB_TEST_HELPER");
	assert_non_null(program);
	struct place *place = (struct place *)memory_zero(1, sizeof *place);
	struct err err;
	(void)snprintf(place->path, sizeof place->path, "%s", program);
	char *slash = strrchr(place->path, '/');
	assert_non_null(slash);
	*slash = '\0';
	place->fd = fd_open_at(AT_FDCWD, place->path, O_RDONLY | O_DIRECTORY, 0, &err);
	assert_true(place->fd >= 0);
	assert_int_equal(fchmodat(place->fd, "escape", 0777, 0), 0);
	assert_int_equal(mkdirat(place->fd, "in", 0755), 0);
	assert_int_equal(fchmodat(place->fd, "in", 0777, 0), 0);
	file_put(place->fd, "in/file", BYTES_LITERAL("input\n"), 0666);
	file_put(place->fd, "single", BYTES_LITERAL("single\n"), 0666);
	assert_int_equal(symlinkat("aside", place->fd, "link"), 0);
	assert_int_equal(mkdirat(place->fd, "out", 0755), 0);
	uint32_t uid;
	uint32_t gid;
	sandbox_host_ids(0, &uid, &gid);
	assert_int_equal(fchownat(place->fd, "out", uid, gid, 0), 0);

	static const char *const names[] = {"escape", "in", "single", "link", "out"};
	static const char *const targets[] = {"/escape", "/in", "/single", "/link", "/out"};
	for (size_t at = 0; at < 5; at++) {
		size_t size = strlen(place->path) + strlen(names[at]) + 2;
		place->sources[at] = (char *)memory_new(size);
		(void)snprintf(place->sources[at], size, "%s/%s", place->path, names[at]);
		place->entries[at] = (struct sandbox_entry){.kind = SANDBOX_BIND,
			.target = targets[at],
			.source = place->sources[at],
			.writable = at == 4};
	}
	place->entries[5] = (struct sandbox_entry){.kind = SANDBOX_SCRATCH, .target = "/scratch"};
	place->sandbox = sandbox_new(&err);
	assert_non_null(place->sandbox);
	*state = place;
	return 0;
}

int
place_teardown(void **state)
{
	struct place *place = (struct place *)*state;
	for (size_t at = 0; at < PLACE_ENTRIES; at++)
		free(place->sources[at]);
	sandbox_free(place->sandbox);
	fd_close(place->fd);
	free(place);
	return 0;
}

struct sandbox_spec *
place_spec(struct place *place, const char *name, const char *argument)
{
	static const char *const environment[] = {"WORD=here", NULL};
	struct err err;
	/* Each run begins with an empty output. */
	uint32_t uid;
	uint32_t gid;
	sandbox_host_ids(0, &uid, &gid);
	assert_true(path_remove(place->fd, "out", &err));
	assert_int_equal(mkdirat(place->fd, "out", 0755), 0);
	assert_int_equal(fchownat(place->fd, "out", uid, gid, 0), 0);

	place->arguments[0] = "escape";
	place->arguments[1] = name;
	place->arguments[2] = argument;
	place->spec = (struct sandbox_spec){
		.entries = place->entries,
		.entry_count = PLACE_ENTRIES,
		.program = "/escape",
		.arguments = place->arguments,
		.environment = environment,
		.host_uid = uid,
		.host_gid = gid,
		.input = -1,
		.output = -1,
		.limits = sandbox_limits_default(2),
	};
	return &place->spec;
}

static void
run_ended(void *context, short events UNUSED)
{
	*(bool *)context = true;
}

struct sandbox_result
place_run(struct place *place, const struct sandbox_spec *given, struct buf *output, int code)
{
	struct sandbox_spec spec = *given;
	struct sandbox_process process;
	struct sandbox_result result;
	struct err err;
	int pipe_in;
	assert_true(fd_pipe(&pipe_in, &spec.output, &err));
	if (!sandbox_start(place->sandbox, &spec, &process, &err))
		fail_msg("%s", err.text);
	fd_close(spec.output);

	struct loop *loop = loop_new();
	struct process_stream *stream = process_drain(loop, pipe_in, output);
	bool ended = false;
	struct loop_watch *watch = loop_watch(loop, process.pidfd, POLLIN, run_ended, &ended);
	/* Nothing can hold the pipe open once the sandbox has ended, so both come. */
	while (!ended || !process_stream_done(stream)) {
		assert_true(loop_step(loop, &err));
		if (ended)
			loop_change(watch, 0);
	}
	loop_unwatch(watch);
	(void)process_stream_finish(stream, &err);
	loop_free(loop);
	assert_true(sandbox_collect(&process, &result, &err));
	sandbox_release(&process);
	if (code >= 0 && (!result.ended || result.signal || result.code != code))
		fail_msg("%s: ended %d, signal %d, code %d: %s", spec.arguments[1], result.ended,
			result.signal, result.code, buf_text(output));
	return result;
}
