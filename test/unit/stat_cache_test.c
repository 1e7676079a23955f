/* SPDX-License-Identifier: MPL-2.0 */
#include "store/stat_cache.h"

#include <string.h>

#include "base/hash.h"
#include "store_fixture.h"

#define FOLDER "/home/me/project"
static const struct timespec began = {1000, 500};

static struct stat_cache_row
row_of(const char *path, unsigned number)
{
	return (struct stat_cache_row){.path = bytes_text(path),
		.status = {.st_dev = 1,
			.st_ino = number,
			.st_size = 3,
			.st_mode = S_IFREG | 0644,
			.st_mtim = {900, 7},
			.st_ctim = {901, 8}},
		.digest = digest_of(bytes_text(path))};
}

static bool
knows(struct stat_cache *cache, const struct stat_cache_row *row)
{
	const struct digest *found = stat_cache_find(cache, row->path, &row->status);
	return found && digest_equal(found, &row->digest);
}

/* The one file beneath stat/. */
static void
cache_path(const struct place *place, char out[512])
{
	struct digest digest = digest_derive("cab stat 1", BYTES_LITERAL(FOLDER));
	(void)snprintf(out, 512, "%s/stat/%s", place->root, digest_print(&digest).text);
}

static void
what_was_read_is_known_again_in_the_order_of_a_walk(void **state)
{
	struct place *place = *state;
	const struct stat_cache_row rows[] = {row_of("a", 1), row_of("d/a", 2), row_of("d/z/b", 3),
		row_of("d-e", 4), row_of("d.c", 5), row_of("e\xff", 6)};
	size_t count = sizeof rows / sizeof *rows;
	stat_cache_write(place->store, FOLDER, rows, count, began);
	struct stat_cache cache;
	stat_cache_read(place->store, FOLDER, &cache);
	for (size_t at = 0; at < count; at++)
		assert_true(knows(&cache, &rows[at]));
	assert_false(knows(&cache, &rows[0]));
	stat_cache_release(&cache);

	/* Files that are new, or gone, are passed over. */
	stat_cache_read(place->store, FOLDER, &cache);
	const struct stat_cache_row new = row_of("c", 9);
	assert_false(knows(&cache, &new));
	assert_true(knows(&cache, &rows[1]));
	assert_true(knows(&cache, &rows[4]));
	stat_cache_release(&cache);

	stat_cache_read(place->store, "/home/me/other", &cache);
	assert_false(knows(&cache, &rows[0]));
	stat_cache_release(&cache);
}

static void
a_file_with_any_other_number_is_not_known(void **state)
{
	struct place *place = *state;
	const struct stat_cache_row row = row_of("a", 1);
	stat_cache_write(place->store, FOLDER, &row, 1, began);
	struct stat_cache_row others[] = {row, row, row, row, row, row, row, row};
	others[0].status.st_dev++;
	others[1].status.st_ino++;
	others[2].status.st_size++;
	others[3].status.st_mode |= 0111;
	others[4].status.st_mtim.tv_sec++;
	others[5].status.st_mtim.tv_nsec++;
	others[6].status.st_ctim.tv_sec++;
	others[7].status.st_ctim.tv_nsec++;
	for (size_t at = 0; at < sizeof others / sizeof *others; at++) {
		struct stat_cache cache;
		stat_cache_read(place->store, FOLDER, &cache);
		assert_false(knows(&cache, &others[at]));
		stat_cache_release(&cache);
	}
}

static void
what_may_change_in_the_same_tick_is_not_kept(void **state)
{
	(void)state;
	static const struct {
		struct timespec time;
		bool kept;
	} rows[] = {
		{{999, 999999999}, true},
		{{1000, 499}, true},
		{{1000, 500}, false},
		{{1000, 501}, false},
		{{1001, 1}, false},
		/* No parts of a second: two seconds are one tick. */
		{{997, 0}, true},
		{{998, 0}, false},
		{{1000, 0}, false},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct stat status = {.st_mtim = rows[at].time, .st_ctim = {1, 1}};
		assert_int_equal(stat_cache_keeps(&status, began), rows[at].kept);
		status = (struct stat){.st_mtim = {1, 1}, .st_ctim = rows[at].time};
		assert_int_equal(stat_cache_keeps(&status, began), rows[at].kept);
	}
}

static void
rows_that_may_not_be_kept_are_left_out(void **state)
{
	struct place *place = *state;
	static char name[STAT_CACHE_PATH + 2];
	memset(name, 'b', sizeof name - 1);
	struct stat_cache_row rows[] = {row_of("a", 1), row_of(name, 2), row_of("c", 3)};
	rows[0].status.st_ctim = began;
	stat_cache_write(place->store, FOLDER, rows, 3, began);
	struct stat_cache cache;
	stat_cache_read(place->store, FOLDER, &cache);
	assert_false(knows(&cache, &rows[0]));
	assert_false(knows(&cache, &rows[1]));
	assert_true(knows(&cache, &rows[2]));
	stat_cache_release(&cache);
}

static void
the_file_is_as_the_manual_says(void **state)
{
	struct place *place = *state;
	const struct stat_cache_row row = row_of("a", 0x0102);
	stat_cache_write(place->store, FOLDER, &row, 1, began);
	char path[512];
	cache_path(place, path);
	cleanup_buf struct buf data = BUF(4096);
	good(fd_read_file(AT_FDCWD, path, &data, &err));
	cleanup_buf struct buf expected = BUF(4096);
	buf_add_text(&expected, "cab stat 1\n");
	buf_add_u32(&expected, sizeof FOLDER - 1);
	buf_add_text(&expected, FOLDER);
	buf_add_u16(&expected, 1);
	buf_add_text(&expected, "a");
	buf_add_u64(&expected, 1);
	buf_add_u64(&expected, 0x0102);
	buf_add_u64(&expected, 3);
	buf_add_u32(&expected, S_IFREG | 0644);
	buf_add_u64(&expected, 900);
	buf_add_u32(&expected, 7);
	buf_add_u64(&expected, 901);
	buf_add_u32(&expected, 8);
	buf_add(&expected, digest_bytes(&row.digest));
	struct digest digest = digest_of(buf_bytes(&expected));
	buf_add(&expected, digest_bytes(&digest));
	assert_true(bytes_equal(buf_bytes(&data), buf_bytes(&expected)));
	struct bytes rows;
	assert_true(stat_cache_decode(buf_bytes(&data), FOLDER, &rows));
	assert_false(stat_cache_decode(buf_bytes(&data), FOLDER "s", &rows));
}

static void
a_file_that_is_cut_or_changed_anywhere_makes_it_empty(void **state)
{
	struct place *place = *state;
	const struct stat_cache_row row = row_of("a", 1);
	stat_cache_write(place->store, FOLDER, &row, 1, began);
	char path[512];
	cache_path(place, path);
	cleanup_buf struct buf data = BUF(4096);
	good(fd_read_file(AT_FDCWD, path, &data, &err));
	struct bytes rows;
	for (size_t at = 0; at < data.size; at++) {
		assert_false(stat_cache_decode(bytes_first(buf_bytes(&data), at), FOLDER, &rows));
		data.data[at] ^= 1;
		assert_false(stat_cache_decode(buf_bytes(&data), FOLDER, &rows));
		data.data[at] ^= 1;
	}
	cleanup_fd int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	struct stat_cache cache;
	stat_cache_read(place->store, FOLDER, &cache);
	assert_false(knows(&cache, &row));
	stat_cache_release(&cache);
	/* The next walk writes it anew. */
	stat_cache_write(place->store, FOLDER, &row, 1, began);
	stat_cache_read(place->store, FOLDER, &cache);
	assert_true(knows(&cache, &row));
	stat_cache_release(&cache);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(what_was_read_is_known_again_in_the_order_of_a_walk),
		in_place(a_file_with_any_other_number_is_not_known),
		cmocka_unit_test(what_may_change_in_the_same_tick_is_not_kept),
		in_place(rows_that_may_not_be_kept_are_left_out),
		in_place(the_file_is_as_the_manual_says),
		in_place(a_file_that_is_cut_or_changed_anywhere_makes_it_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
