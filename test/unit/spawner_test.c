/* SPDX-License-Identifier: MPL-2.0 */
/* The other side is this program itself, run again as a cab-guest that does what a name says. */
#include "realize/spawner.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "store_fixture.h"
#include "wire/spawner.h"
#include "wire/wire.h"

/* The helper. */

/* A child of the realizer, as cab-guest makes it: it holds the log, and lives until it is killed. */
static void
helper_guest(uint32_t id, struct wire_packet *packet)
{
	cleanup_fd UNUSED int log = wire_take_fd(packet, 2);
	int pidfd = -1;
	struct clone_args arguments = {
		.flags = CLONE_PARENT | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd};
	long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
	if (pid == 0) {
		(void)close(SPAWNER_SOCKET);
		for (;;)
			(void)pause();
	}
	struct err err;
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, SPAWNER_STARTED);
	buf_add_u32(&out, id);
	buf_add_u32(&out, (uint32_t)pid);
	if (!wire_send(SPAWNER_SOCKET, &out, &pidfd, 1, &err))
		_exit(9);
	(void)close(pidfd);
}

static void
helper_start(struct wire_packet *packet)
{
	struct wire_in in = wire_open(packet);
	uint32_t id = wire_u32(&in);
	(void)wire_u32(&in);
	(void)wire_u32(&in);
	uint64_t memory = wire_u64(&in);
	struct bytes seed = wire_bytes(&in);
	struct bytes name = wire_bytes(&in);
	static struct bytes lists[2][SPAWNER_LIST];
	size_t arguments = wire_list(&in, lists[0], SPAWNER_LIST);
	size_t variables = wire_list(&in, lists[1], SPAWNER_LIST);
	(void)wire_bytes(&in);
	static struct bytes inputs[SPAWNER_LIST];
	size_t input_count = wire_list(&in, inputs, SPAWNER_LIST);
	struct err err;
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	if (!wire_end(&in, &err) || input_count || seed.size != DIGEST_SIZE)
		_exit(7);
	if (bytes_equal_text(name, "die"))
		_exit(3);
	if (bytes_equal_text(name, "wait"))
		return;
	if (bytes_equal_text(name, "guest")) {
		helper_guest(id, packet);
		return;
	}
	if (bytes_equal_text(name, "no pidfd")) {
		wire_begin(&out, SPAWNER_STARTED);
		buf_add_u32(&out, id);
		buf_add_u32(&out, 1);
	} else {
		cleanup_buf struct buf why = BUF(1024);
		buf_format(&why, "%.*s %llu %zu %zu %zu", BYTES_ARGS(name),
			(unsigned long long)memory, arguments, variables, packet->fd_count);
		wire_begin(&out, SPAWNER_FAILED);
		buf_add_u32(&out, id);
		wire_add(&out, buf_bytes(&why));
		buf_release(&why);
	}
	if (!wire_send(SPAWNER_SOCKET, &out, NULL, 0, &err))
		_exit(9);
}

static int
helper_spawn(void)
{
	static struct wire_packet packet;
	struct err err;
	cleanup_buf struct buf artifact = BUF(BUF_MAX);
	/* What runs is what was compiled. */
	if (lseek(SPAWNER_ARTIFACT, 0, SEEK_SET) < 0 ||
		!fd_read_all(SPAWNER_ARTIFACT, &artifact, &err) ||
		!bytes_has_prefix(buf_bytes(&artifact), BYTES_LITERAL("compiled island by ")))
		return 4;
	while (wire_receive(SPAWNER_SOCKET, &packet, &err) == WIRE_PACKET_READ) {
		helper_start(&packet);
		wire_release(&packet);
	}
	return 0;
}

static int
helper_compile(void)
{
	struct err err;
	cleanup_buf struct buf module = BUF(BUF_MAX);
	cleanup_buf struct buf artifact = BUF(BUF_MAX);
	if (lseek(3, 0, SEEK_SET) < 0 || !fd_read_all(3, &module, &err))
		return 9;
	if (bytes_equal_text(buf_bytes(&module), "silent"))
		return 5;
	if (bytes_equal_text(buf_bytes(&module), "bad")) {
		(void)fputs("import env.abort is not known\n", stderr);
		return 1;
	}
	/* Who compiled it: so that a second compilation would be another artifact. */
	buf_format(&artifact, "compiled %.*s by %d", BYTES_ARGS(buf_bytes(&module)), (int)getpid());
	bool done = fd_write_all(4, buf_bytes(&artifact), &err);
	buf_release(&module);
	buf_release(&artifact);
	return done ? 0 : 8;
}

/* The tests. */

struct side {
	struct place *place;
	struct loop *loop;
	struct spawner *spawner;
	char program[512];
	int null;
};

struct heard {
	struct side *side;
	bool ended;
	int pid;
	int pidfd;
	char why[256];
	struct heard *then;
};

static bool ask_with(
	struct side *side, struct heard *heard, const char *name, int log, struct err *err);

static void
hear_started(void *context, int pid, int pidfd, struct bytes why)
{
	struct heard *heard = context;
	assert_false(heard->ended);
	heard->ended = true;
	heard->pid = pid;
	heard->pidfd = pidfd;
	(void)snprintf(heard->why, sizeof heard->why, "%.*s", BYTES_ARGS(why));
	if (heard->then)
		good(ask_with(heard->side, heard->then, "again", heard->side->null, &err));
}

static bool
ask_with(struct side *side, struct heard *heard, const char *name, int log, struct err *err)
{
	static const struct bytes arguments[] = {{(const uint8_t *)"a", 1}, {NULL, 0}};
	struct spawner_request request = {.name = bytes_text(name),
		.arguments = arguments,
		.argument_count = 2,
		.environment = arguments,
		.environment_count = 1,
		.memory = 4096,
		.folder = side->null,
		.control = side->null,
		.log = log,
		.artifact = -1};
	heard->side = side;
	heard->pidfd = -1;
	return spawner_run(side->spawner, &request, hear_started, heard, err);
}

static void
ask(struct side *side, struct heard *heard, const char *name)
{
	good(ask_with(side, heard, name, side->null, &err));
}

static void
wait_for(struct heard *heard)
{
	while (!heard->ended)
		good(loop_step(heard->side->loop, &err));
}

static void
failed(struct heard *heard, const char *why)
{
	wait_for(heard);
	assert_int_equal(heard->pid, -1);
	assert_int_equal(heard->pidfd, -1);
	assert_string_equal(heard->why, why);
}

static int
side_setup(void **state)
{
	struct side *side = memory_zero(1, sizeof *side);
	void *place = NULL;
	(void)place_setup(&place);
	side->place = place;
	assert_true(readlink("/proc/self/exe", side->program, sizeof side->program - 1) > 0);
	side->loop = loop_new();
	side->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	side->spawner =
		spawner_new(side->loop, side->place->store, side->program, BYTES_LITERAL("island"));
	*state = side;
	return 0;
}

static int
side_teardown(void **state)
{
	struct side *side = *state;
	void *place = side->place;
	spawner_free(side->spawner);
	loop_free(side->loop);
	fd_close(side->null);
	(void)place_teardown(&place);
	free(side);
	return 0;
}

static void
artifact_of(struct side *side, const char *module, struct buf *out)
{
	int fd = -1;
	good((fd = spawner_artifact(side->spawner, bytes_text(module), &err)) >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	good(fd_read_all(fd, out, &err));
	fd_close(fd);
}

static void
a_module_is_compiled_once_and_then_comes_from_the_store(void **state)
{
	struct side *side = *state;
	cleanup_buf struct buf first = BUF(BUF_MAX);
	cleanup_buf struct buf second = BUF(BUF_MAX);
	cleanup_buf struct buf other = BUF(BUF_MAX);
	artifact_of(side, "island", &first);
	assert_true(bytes_has_prefix(buf_bytes(&first), BYTES_LITERAL("compiled island by ")));
	artifact_of(side, "island", &second);
	assert_string_equal(buf_text(&first), buf_text(&second));
	artifact_of(side, "Island", &other);
	assert_true(bytes_has_prefix(buf_bytes(&other), BYTES_LITERAL("compiled Island by ")));
}

static void
a_module_that_is_refused_is_refused_with_its_sentence_each_time(void **state)
{
	struct side *side = *state;
	for (int turn = 0; turn < 2; turn++) {
		struct err failure;
		assert_int_equal(
			spawner_artifact(side->spawner, BYTES_LITERAL("bad"), &failure), -1);
		assert_int_equal(failure.kind, ERR_REFUSED);
		assert_string_equal(failure.text, "the module is not one that can run: import "
						  "env.abort is not known");
		assert_int_equal(
			spawner_artifact(side->spawner, BYTES_LITERAL("silent"), &failure), -1);
		assert_non_null(strstr(failure.text, "exit status 5"));
	}
}

static void
a_request_goes_out_whole_and_a_refusal_comes_back(void **state)
{
	struct heard heard = {0};
	ask(*state, &heard, "hello");
	failed(&heard, "hello 4096 2 1 3");
}

static void
a_guest_is_this_process_s_own_child(void **state)
{
	struct heard heard = {0};
	ask(*state, &heard, "guest");
	wait_for(&heard);
	assert_string_equal(heard.why, "");
	assert_true(heard.pid > 0);
	assert_int_equal(syscall(SYS_pidfd_send_signal, heard.pidfd, SIGKILL, NULL, 0), 0);
	siginfo_t info = {0};
	assert_int_equal(waitid(P_PIDFD, (id_t)heard.pidfd, &info, WEXITED | __WALL), 0);
	assert_int_equal(info.si_pid, heard.pid);
	fd_close(heard.pidfd);
}

static void
a_guest_that_nobody_wants_any_more_is_killed(void **state)
{
	struct side *side = *state;
	struct heard heard = {0}, after = {0};
	int log[2];
	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	good(ask_with(side, &heard, "guest", log[1], &err));
	fd_close(log[1]);
	spawner_forget(side->spawner, &heard);
	ask(side, &after, "hello");
	failed(&after, "hello 4096 2 1 3");
	assert_false(heard.ended);
	/* The last who had its log is gone. */
	char byte;
	assert_int_equal(read(log[0], &byte, 1), 0);
	fd_close(log[0]);
}

static void
its_death_ends_every_run_and_the_next_starts_it_anew(void **state)
{
	struct side *side = *state;
	struct heard first = {0}, second = {0}, then = {0};
	first.then = &then;
	ask(side, &first, "wait");
	ask(side, &second, "die");
	failed(&second, "cab-guest ended unexpectedly");
	failed(&first, "cab-guest ended unexpectedly");
	failed(&then, "again 4096 2 1 3");
}

static void
a_start_without_a_pidfd_is_nonsense(void **state)
{
	struct heard heard = {0};
	ask(*state, &heard, "no pidfd");
	failed(&heard, "cab-guest sent no pidfd");
}

static void
more_arguments_than_a_message_holds_are_refused(void **state)
{
	struct side *side = *state;
	static struct bytes many[SPAWNER_LIST + 1];
	struct heard heard = {0};
	struct spawner_request request = {.name = BYTES_LITERAL("hello"),
		.arguments = many,
		.argument_count = SPAWNER_LIST + 1,
		.folder = side->null,
		.control = side->null,
		.log = side->null,
		.artifact = -1};
	bad(spawner_run(side->spawner, &request, hear_started, &heard, &err), ERR_LIMIT);
	request.argument_count = SPAWNER_LIST;
	heard.side = side;
	good(spawner_run(side->spawner, &request, hear_started, &heard, &err));
	failed(&heard, "hello 0 1024 0 3");
}

/* As much as a map of zeros holds, which is nowhere copied. */
static void
W6_an_argument_or_a_variable_of_1_gib_is_refused(void **state)
{
	struct side *side = *state;
	const size_t size = (size_t)1 << 30;
	void *zeros =
		mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct heard heard = {.side = side};
	assert_ptr_not_equal(zeros, MAP_FAILED);
	const struct bytes text = bytes_of(zeros, size);
	for (int at = 0; at < 2; at++) {
		struct spawner_request request = {.name = BYTES_LITERAL("hello"),
			.arguments = &text,
			.argument_count = !at,
			.environment = &text,
			.environment_count = at,
			.folder = side->null,
			.control = side->null,
			.log = side->null,
			.artifact = -1};
		bad(spawner_run(side->spawner, &request, hear_started, &heard, &err), ERR_LIMIT);
	}
	assert_int_equal(munmap(zeros, size), 0);
}

#define side_test(name) cmocka_unit_test_setup_teardown(name, side_setup, side_teardown)

int
main(int count, char **arguments)
{
	if (count == 2 && strcmp(arguments[1], "spawn") == 0)
		return helper_spawn();
	if (count == 2 && strcmp(arguments[1], "compile") == 0)
		return helper_compile();
	const struct CMUnitTest tests[] = {
		side_test(a_module_is_compiled_once_and_then_comes_from_the_store),
		side_test(a_module_that_is_refused_is_refused_with_its_sentence_each_time),
		side_test(a_request_goes_out_whole_and_a_refusal_comes_back),
		side_test(a_guest_is_this_process_s_own_child),
		side_test(a_guest_that_nobody_wants_any_more_is_killed),
		side_test(its_death_ends_every_run_and_the_next_starts_it_anew),
		side_test(a_start_without_a_pidfd_is_nonsense),
		side_test(more_arguments_than_a_message_holds_are_refused),
		side_test(W6_an_argument_or_a_variable_of_1_gib_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
