/* SPDX-License-Identifier: MPL-2.0 */
/* Many processes and sudden deaths: rows D1, D4 and D5 of the threat matrix, scaled down. */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "store/claim.h"
#include "store/collect.h"
#include "store/store.h"
#include "store/verify.h"
#include "store_fixture.h"

static void
print_fault(void *context, const char *sentence)
{
	(void)context;
	print_message("# %s\n", sentence);
}

static void
expect_sound(struct store *store)
{
	struct verify_result result;
	good(store_verify(store, print_fault, NULL, &result, &err));
	assert_int_equal(result.faults, 0);
}

/* In a child: exits at the first failure, with its sentence. */
static void
or_die(bool done, const struct err *err)
{
	if (done)
		return;
	(void)fprintf(stderr, "# child: %s\n", err->text);
	_exit(1);
}

/* A tree that is told by its number, one in three with a reference to the one before. */
static struct object
child_add(struct store *store, unsigned number)
{
	struct err err;
	struct staging staging;
	struct object object;
	char text[64];
	char name[32];
	(void)snprintf(text, sizeof text, "content %u", number);
	(void)snprintf(name, sizeof name, "object-%u", number);
	struct store_add_options options = {.name = name};
	if (number % 3 == 0 && number) {
		struct object other = child_add(store, number - 1);
		*array_push(&options.references) = reference_of(&other);
		object_release(&other);
	}
	or_die(store_stage(store, &staging, &err), &err);
	static const char *const files[] = {"out/file", "out/a/same", "out/a/b/run"};
	(void)mkdirat(staging.folder, "out", 0755);
	(void)mkdirat(staging.folder, "out/a", 0755);
	(void)mkdirat(staging.folder, "out/a/b", 0755);
	for (size_t at = 0; at < 3; at++) {
		int fd = openat(staging.folder, files[at], O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
		struct bytes bytes = at ? BYTES_LITERAL("common") : bytes_text(text);
		or_die(fd >= 0 && fd_write_all(fd, bytes, &err), &err);
		fd_close(fd);
	}
	or_die(store_add(store, staging.folder, "out", &options, &object, &err), &err);
	array_release(&options.references);
	store_unstage(&staging);
	return object;
}

static void
child_import(const char *root, unsigned number)
{
	struct err err;
	struct store *store = store_open(root, STORE_CREATE, &err);
	or_die(store, &err);
	struct object object = child_add(store, number);
	struct claim claim = {.program = object.path, .format = "git", .value = "1f0c"};
	claim.hash = object.hash;
	claim_put(store, &claim);
	or_die(store_sync(store, &err), &err);
	object_release(&object);
	store_close(store);
}

static void
expect_children(size_t count)
{
	for (size_t at = 0; at < count; at++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

/* Stops the child at each entry to and exit from the kernel, and kills it at the nth. True when it
 * came to its end before. */
static bool
import_until(const struct place *place, size_t stops)
{
	pid_t child = fork();
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(77);
		(void)raise(SIGSTOP);
		child_import(place->root, 1);
		_exit(0);
	}
	int status;
	for (size_t at = 0;; at++) {
		assert_int_equal(waitpid(child, &status, 0), child);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return true;
		}
		assert_true(WIFSTOPPED(status));
		if (at == stops)
			break;
		assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return false;
}

static void
after_a_kill_at_any_system_call_the_store_is_sound(void **state)
{
	struct place *place = *state;
	store_close(place->store);
	place->store = NULL;
	size_t points = 0;
	bool ended = false;
	/* Every second stop: the exit from one call and the entry to the next are one state. */
	for (; !ended && points < 4000; points += 2) {
		good(path_remove(place->fd, "cull", &err));
		ended = import_until(place, points);
		place_open(place);
		expect_sound(place->store);
		struct object object = child_add(place->store, 1);
		good(store_sync(place->store, &err));
		good(store_verify_object(place->store, &object.path, &err));
		object_release(&object);
		expect_sound(place->store);
		assert_int_equal(count_names(place, "cull/objects"), 2);
		store_close(place->store);
		place->store = NULL;
	}
	print_message("# killed at %zu points\n", points / 2);
	assert_true(ended);
}

static void
sixteen_processes_add_the_same_objects(void **state)
{
	struct place *place = *state;
	enum { PROCESSES = 16, OBJECTS = 40 };
	for (unsigned process = 0; process < PROCESSES; process++) {
		if (fork() != 0)
			continue;
		struct err err;
		struct store *store = store_open(place->root, STORE_CREATE, &err);
		or_die(store, &err);
		for (unsigned at = 0; at < OBJECTS; at++) {
			struct object object = child_add(store, (at + process * 7) % OBJECTS);
			object_release(&object);
			if (at % 10 == 9)
				or_die(store_sync(store, &err), &err);
		}
		store_close(store);
		_exit(0);
	}
	expect_children(PROCESSES);
	object_list list;
	good(store_list(place->store, &list, &err));
	assert_int_equal(list.size, OBJECTS);
	object_list_release(&list);
	expect_sound(place->store);
	/* One blob for what is common, one for each content. */
	assert_int_equal(count_names(place, "cull/blobs"), OBJECTS + 1);
	assert_int_equal(count_names(place, "cull/staging"), 0);
	assert_int_equal(count_names(place, "cull/lease"), 0);
}

static void
builder(const char *root, unsigned seed)
{
	for (unsigned round = 0; round < 12; round++) {
		struct err err;
		struct store *store = store_open(root, STORE_CREATE, &err);
		or_die(store, &err);
		struct object objects[4];
		for (unsigned at = 0; at < 4; at++)
			objects[at] = child_add(store, (seed * 5 + round * 3 + at) % 12);
		or_die(store_sync(store, &err), &err);
		/* What was added and leased is there and whole, however often gc ran. */
		for (unsigned at = 0; at < 4; at++) {
			struct object found;
			or_die(store_use(store, &objects[at].path, &found, &err), &err);
			object_release(&found);
			or_die(store_verify_object(store, &objects[at].path, &err), &err);
			object_release(&objects[at]);
		}
		store_close(store);
	}
}

static void
no_live_object_is_lost_to_a_collection_beside_builders(void **state)
{
	struct place *place = *state;
	enum { BUILDERS = 6 };
	pid_t builders[BUILDERS];
	for (unsigned at = 0; at < BUILDERS; at++) {
		builders[at] = fork();
		if (builders[at] == 0) {
			builder(place->root, at);
			_exit(0);
		}
	}
	size_t left = BUILDERS;
	uint64_t collected = 0;
	size_t rounds = 0;
	bool sound = true;
	while (left) {
		struct collect_result result;
		good(store_collect(place->store, &(struct collect_options){0}, &result, &err));
		collected += result.objects;
		rounds++;
		int status;
		while (left && waitpid(-1, &status, WNOHANG) > 0) {
			sound = sound && status == 0;
			left--;
		}
	}
	assert_true(sound);
	print_message(
		"# %zu collections took %llu objects\n", rounds, (unsigned long long)collected);
	expect_sound(place->store);
	struct collect_result result;
	good(store_collect(place->store, &(struct collect_options){0}, &result, &err));
	assert_int_equal(count_names(place, "cull/store"), 0);
	assert_int_equal(count_names(place, "cull/blobs"), 0);
	assert_int_equal(count_names(place, "cull/trash"), 0);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	/* In memory where there is such a file system: thousands of flushes prove nothing here. */
	if (access("/dev/shm", W_OK | X_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 0);
	const struct CMUnitTest tests[] = {
		in_place(after_a_kill_at_any_system_call_the_store_is_sound),
		in_place(sixteen_processes_add_the_same_objects),
		in_place(no_live_object_is_lost_to_a_collection_beside_builders),
	};
	return cmocka_run_group_tests_name("store_race", tests, NULL, NULL);
}
