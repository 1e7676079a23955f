/* SPDX-License-Identifier: MPL-2.0 */
#include "island/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/path.h"

#define HASH "dnovgzh2gd7udjko2b25wfyhw7ogbdgekldf4kg4nvacav2qzxq5a"
#define LINE_CRATE                                                                                 \
	"\"crates:hexyl\": {\"identities\":[\"sha256.tar1 ab\",\"cab " HASH                        \
	"\"],\"locked\":\"2026-01-02T03:04:05Z\"},\n"
#define LINE_DERIVATION                                                                            \
	"\"derivation:report\": {\"identities\":[\"cab " HASH                                      \
	"\"],\"locked\":\"1970-01-01T00:00:00Z\",\"pinned\":"                                      \
	"\"pe5ipzvb62uzp6ynbrc33zruh42zl2spxwl5qxtsfrvosrsnednq\"},\n"
#define LINE_GITHUB                                                                                \
	"\"github:o/r:{ reference = \\\"x\\\", }\": {\"identities\":[\"git 1f\",\"git-tree 9a\"]," \
	"\"locked\":\"2026-11-23T22:35:57Z\"},\n"
#define LINE_ORIGIN                                                                                \
	"\"github:o/r>crates:x\": {\"identities\":[\"cab " HASH                                    \
	"\"],\"locked\":\"2024-02-29T23:59:59Z\"},\n"
#define GOLDEN "{\n" LINE_CRATE LINE_DERIVATION LINE_GITHUB LINE_ORIGIN "\"~\": 1\n}\n"

struct place {
	char path[32];
	int folder;
};

static int
place_new(void **state)
{
	struct place *place = memory_zero(1, sizeof *place);
	memcpy(place->path, "/tmp/cab-lock-XXXXXX", 21);
	if (!mkdtemp(place->path))
		return -1;
	place->folder = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = place;
	return place->folder < 0 ? -1 : 0;
}

static int
place_free(void **state)
{
	struct place *place = *state;
	struct err err = {0};
	close(place->folder);
	bool removed = path_remove(AT_FDCWD, place->path, &err);
	free(place);
	return removed ? 0 : -1;
}

static struct lock
decode(const char *text)
{
	struct lock lock = {0};
	struct err err = {0};
	if (!lock_decode(bytes_text(text), &lock, &err))
		fail_msg("%s", err.text);
	return lock;
}

static void
expect_encoded(const struct lock *lock, const char *expected)
{
	cleanup_buf struct buf text = BUF(BUF_MAX);
	lock_encode(lock, &text);
	assert_string_equal(buf_text(&text), expected);
}

static void
a_lock_reads_and_writes_back_the_same(void **state)
{
	(void)state;
	cleanup_lock struct lock lock = decode(GOLDEN);
	assert_int_equal(lock.size, 4);
	expect_encoded(&lock, GOLDEN);
	const struct lock_entry *crate = lock_find(&lock, BYTES_LITERAL("crates:hexyl"));
	assert_non_null(crate);
	assert_int_equal(crate->time, 1767323045);
	assert_int_equal(crate->identity_count, 2);
	assert_true(bytes_equal_text(lock_entry_cab(crate), HASH));
	const struct lock_entry *github =
		lock_find(&lock, BYTES_LITERAL("github:o/r:{ reference = \"x\", }"));
	assert_non_null(github);
	assert_int_equal(lock_entry_cab(github).size, 0);
	const struct lock_entry *report = lock_find(&lock, BYTES_LITERAL("derivation:report"));
	assert_true(report && report->has_pinned);
	assert_null(lock_find(&lock, BYTES_LITERAL("crates:hexy")));
}

static void
lines_of_two_branches_may_stand_in_any_order(void **state)
{
	(void)state;
	cleanup_lock struct lock lock =
		decode("{\n" LINE_ORIGIN LINE_GITHUB LINE_CRATE LINE_DERIVATION "\"~\": 1\n}\n");
	expect_encoded(&lock, GOLDEN);
	cleanup_lock struct lock empty = decode("{\n\"~\": 1\n}\n");
	expect_encoded(&empty, "{\n\"~\": 1\n}\n");
}

struct refusal {
	const char *text;
	const char *says;
};

#define ENTRY(value)     "{\n\"crates:x\": " value ",\n\"~\": 1\n}\n"
#define IDENTITIES(list) ENTRY("{\"identities\":[" list "],\"locked\":\"2026-01-02T03:04:05Z\"}")
#define LOCKED(time)     ENTRY("{\"identities\":[\"git 1\"],\"locked\":" time "}")
#define KEY(key)                                                                                   \
	"{\n\"" key                                                                                \
	"\": {\"identities\":[\"git 1\"],\"locked\":\"2026-01-02T03:04:05Z\"},\n\"~\": 1\n}\n"

static void
what_is_wrong_is_named_with_its_line(void **state)
{
	(void)state;
	static const struct refusal refusals[] = {
		{"", "line 1: "},
		{"[]\n", "line 1: "},
		{"{\n", "line 2: "},
		{"{\n}\n", "line 2: "},
		{"{\n\"~\": 1\n", "line 3: "},
		{"{\n\"~\": 1\n}", "line 3: "},
		{"{\n\"~\": 1\n}\n\n", "line 3: "},
		{"{\n\"~\": 1,\n}\n", "line 2: a comma"},
		{"{\n\"~\": 2\n}\n", "line 2: the lock has version 2"},
		{"{\n\"~\": \"1\"\n}\n", "line 2: "},
		{"{\n\"~\": 1\n" LINE_CRATE "}\n", "line 3: "},
		{"{\r\n\"~\": 1\r\n}\r\n", "line 1: a control"},
		{"{\n" LINE_CRATE LINE_CRATE "\"~\": 1\n}\n",
			"line 3: `crates:hexyl` stands on line 2"},
		{"{\n" LINE_CRATE "<<<<<<< ours\n" LINE_GITHUB "=======\n", "line 3: a merge"},
		{"{\n\"crates:x\": {},\n\"~\": 1\n}\n", "line 2: `crates:x`: `identities`"},
		{"{\n\n\"~\": 1\n}\n", "line 2: "},
		{"{\n\"crates:x\": 1, \"crates:y\": 2,\n\"~\": 1\n}\n", "line 2: one entry"},
		{ENTRY("[]"), "line 2: "},
		{ENTRY("{\"identities\":[\"git 1\"],\"locked\":\"2026-01-02T03:04:05Z\",\"x\":1}"),
			"unknown key `x`"},
		{ENTRY("{\"identities\":[\"git 1\"],\"identities\":[\"git 1\"]}"),
			"line 2: duplicate"},
		{ENTRY("{\"identities\":[[[[[[\"git 1\"]]]]]]}"), "line 2: "},
		{ENTRY("{\"identities\":\"git 1\",\"locked\":\"2026-01-02T03:04:05Z\"}"),
			"identities"},
		{IDENTITIES(""), "identities"},
		{IDENTITIES("1"), "identity 1"},
		{IDENTITIES("\"git\""), "identity 1"},
		{IDENTITIES("\"git 1\",\"git 2\""), "twice"},
		{IDENTITIES("\"git \\u001b[2J\""), "identity 1"},
		{IDENTITIES("\"cab " HASH "\",\"git 1\""), "`cab`"},
		{IDENTITIES("\"cab .\""), "`cab`"},
		{LOCKED("1767323045"), "`locked`"},
		{LOCKED("\"2026-02-29T00:00:00Z\""), "`locked`"},
		{LOCKED("\"2026-01-02T03:04:60Z\""), "`locked`"},
		{LOCKED("\"2026-01-02T03:04:05+00:00\""), "`locked`"},
		{LOCKED("\"2026-13-02T03:04:05Z\""), "`locked`"},
		{KEY("Gopher:x"), "no island"},
		{KEY("derivation:x"), "`pinned`"},
		{KEY("derivation:../x"), "names no derivation"},
		{KEY("crates:\\u001b[31m"), "control"},
		{KEY("crates:\\u0000"), "line 2: "},
		{KEY("crates:\xff"), "line 2: "},
		{KEY("crates:\x1b"), "line 2: a control"},
	};
	for (size_t at = 0; at < sizeof refusals / sizeof *refusals; at++) {
		cleanup_lock struct lock lock = {0};
		struct err err = {0};
		if (lock_decode(bytes_text(refusals[at].text), &lock, &err))
			fail_msg("%s is taken", refusals[at].text);
		if (!strstr(err.text, refusals[at].says))
			fail_msg("\"%s\" says nothing of \"%s\"", err.text, refusals[at].says);
		assert_int_equal(err.kind, ERR_CORRUPT);
		assert_int_equal(lock.size, 0);
	}
}

static struct lock_entry
sample_entry(const char *key, struct identity *identity)
{
	return (struct lock_entry){
		.key = bytes_text(key), .identities = identity, .identity_count = 1, .time = 0};
}

static void
an_entry_that_says_nothing_new_keeps_its_time(void **state)
{
	(void)state;
	cleanup_lock struct lock lock = {0};
	struct identity identity = {BYTES_LITERAL("git"), BYTES_LITERAL("1")};
	struct lock_entry entry = sample_entry("github:o/r", &identity);
	entry.time = 5;
	assert_true(lock_put(&lock, &entry));
	entry.time = 6;
	assert_false(lock_put(&lock, &entry));
	assert_int_equal(lock_find(&lock, entry.key)->time, 5);
	identity.value = BYTES_LITERAL("2");
	assert_true(lock_put(&lock, &entry));
	assert_int_equal(lock_find(&lock, entry.key)->time, 6);
	assert_int_equal(lock.size, 1);
	struct lock_entry before = sample_entry("crates:x", &identity);
	struct lock_entry after = sample_entry("https://h/x", &identity);
	assert_true(lock_put(&lock, &after));
	assert_true(lock_put(&lock, &before));
	assert_true(bytes_equal_text(lock.entries[0].key, "crates:x"));
	assert_true(bytes_equal_text(lock.entries[2].key, "https://h/x"));
	assert_true(lock_remove(&lock, BYTES_LITERAL("github:o/r")));
	assert_false(lock_remove(&lock, BYTES_LITERAL("github:o/r")));
	assert_int_equal(lock.size, 2);
}

static void
only_a_change_touches_the_file(void **state)
{
	struct place *place = *state;
	struct err err = {0};
	cleanup_lock struct lock lock = {0};
	bool written;
	assert_true(lock_read(place->folder, "default.cab.lock", &lock, &err));
	assert_true(lock_write(place->folder, "default.cab.lock", &lock, &written, &err));
	assert_false(written);
	assert_int_equal(faccessat(place->folder, "default.cab.lock", F_OK, 0), -1);

	struct identity identity = {BYTES_LITERAL("git"), BYTES_LITERAL("1")};
	struct lock_entry entry = sample_entry("github:o/r", &identity);
	(void)lock_put(&lock, &entry);
	assert_true(lock_write(place->folder, "default.cab.lock", &lock, &written, &err));
	assert_true(written);
	struct stat first, second;
	assert_int_equal(fstatat(place->folder, "default.cab.lock", &first, 0), 0);

	cleanup_lock struct lock again = {0};
	assert_true(lock_read(place->folder, "default.cab.lock", &again, &err));
	assert_int_equal(again.size, 1);
	assert_true(lock_write(place->folder, "default.cab.lock", &again, &written, &err));
	assert_false(written);
	assert_int_equal(fstatat(place->folder, "default.cab.lock", &second, 0), 0);
	assert_int_equal(first.st_ino, second.st_ino);

	assert_true(lock_remove(&again, entry.key));
	assert_true(lock_write(place->folder, "default.cab.lock", &again, &written, &err));
	assert_true(written);
}

static void
a_file_that_is_no_plain_file_is_refused(void **state)
{
	struct place *place = *state;
	struct err err = {0};
	struct lock lock = {0};
	assert_int_equal(mkfifoat(place->folder, "fifo", 0600), 0);
	assert_false(lock_read(place->folder, "fifo", &lock, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_int_equal(symlinkat("/dev/zero", place->folder, "link"), 0);
	assert_false(lock_read(place->folder, "link", &lock, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	assert_non_null(strstr(err.text, "symbolic link"));
	assert_int_equal(mkdirat(place->folder, "folder", 0755), 0);
	assert_false(lock_read(place->folder, "folder", &lock, &err));
	assert_int_equal(err.kind, ERR_REFUSED);
	cleanup_fd int fd = openat(place->folder, "huge", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_int_equal(ftruncate(fd, (off_t)2 << 30), 0);
	assert_false(lock_read(place->folder, "huge", &lock, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(lock.size, 0);
}

static void
a_folder_is_held_by_one_at_a_time(void **state)
{
	struct place *place = *state;
	struct err err = {0};
	struct lock_hold first, second;
	assert_true(lock_hold_try(place->folder, &first, &err));
	assert_false(lock_hold_try(place->folder, &second, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	lock_hold_end(&first);
	assert_true(lock_hold_wait(place->folder, &second, &err));
	lock_hold_end(&second);
}

/* Each child adds its own entries, one a write, beside the others'. */
static int
add_entries(const struct place *place, int child)
{
	enum { ENTRIES = 8 };
	struct err err = {0};
	for (int at = 0; at < ENTRIES; at++) {
		struct lock_hold hold;
		cleanup_lock struct lock lock = {0};
		cleanup_arena struct arena arena = ARENA;
		bool written;
		struct identity identity = {BYTES_LITERAL("git"), BYTES_LITERAL("1")};
		struct lock_entry entry =
			sample_entry(arena_format(&arena, "github:o/r%d-%d", child, at), &identity);
		if (!lock_hold_wait(place->folder, &hold, &err) ||
			!lock_read(place->folder, "x.lock", &lock, &err) ||
			!lock_put(&lock, &entry) ||
			!lock_write(place->folder, "x.lock", &lock, &written, &err))
			return 1;
		lock_hold_end(&hold);
	}
	return 0;
}

static void
writers_at_once_lose_no_entry(void **state)
{
	struct place *place = *state;
	enum { CHILDREN = 4 };
	pid_t children[CHILDREN];
	for (int child = 0; child < CHILDREN; child++) {
		children[child] = fork();
		assert_true(children[child] >= 0);
		if (children[child] == 0)
			_exit(add_entries(place, child));
	}
	for (int child = 0; child < CHILDREN; child++) {
		int status = -1;
		assert_int_equal(waitpid(children[child], &status, 0), children[child]);
		assert_int_equal(status, 0);
	}
	struct err err = {0};
	cleanup_lock struct lock lock = {0};
	assert_true(lock_read(place->folder, "x.lock", &lock, &err));
	assert_int_equal(lock.size, 32);
}

static void
keys_name_origin_and_derivation(void **state)
{
	(void)state;
	cleanup_arena struct arena arena = ARENA;
	assert_true(bytes_equal_text(
		lock_key(&arena, BYTES_LITERAL("github:o/r"), BYTES_LITERAL("crates:x")),
		"github:o/r>crates:x"));
	assert_true(bytes_equal_text(
		lock_key(&arena, BYTES_LITERAL(""), BYTES_LITERAL("crates:x")), "crates:x"));
	assert_true(bytes_equal_text(
		lock_derivation_key(&arena, BYTES_LITERAL("report")), "derivation:report"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_reads_and_writes_back_the_same),
		cmocka_unit_test(lines_of_two_branches_may_stand_in_any_order),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(an_entry_that_says_nothing_new_keeps_its_time),
		cmocka_unit_test_setup_teardown(
			only_a_change_touches_the_file, place_new, place_free),
		cmocka_unit_test_setup_teardown(
			a_file_that_is_no_plain_file_is_refused, place_new, place_free),
		cmocka_unit_test_setup_teardown(
			a_folder_is_held_by_one_at_a_time, place_new, place_free),
		cmocka_unit_test_setup_teardown(
			writers_at_once_lose_no_entry, place_new, place_free),
		cmocka_unit_test(keys_name_origin_and_derivation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
