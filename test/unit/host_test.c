/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/host.h"

#include "host_fixture.h"

static void
each_import_is_there_once_and_takes_what_its_letters_say(void **state)
{
	(void)state;
	for (size_t at = 0; at < HOST_IMPORTS; at++) {
		const struct host_import *import = &host_imports[at];
		assert_non_null(import->name);
		assert_non_null(import->function);
		assert_true(strlen(import->parameters) <= HOST_PARAMETERS);
		assert_int_equal(strspn(import->parameters, "iI"), strlen(import->parameters));
		for (size_t other = 0; other < at; other++)
			assert_false(strcmp(import->name, host_imports[other].name) == 0 &&
				     strcmp(import->module, host_imports[other].module) == 0);
	}
}

/* Version 1 of the ABI is final: a row may be added, with a new version; none may change or go. */
static const char version_1[] = "cab close_digest(ii) i\n"
				"cab hash(iiii) i\n"
				"cab hash_add(iii) i\n"
				"cab hash_finish(ii) i\n"
				"cab hash_new(i) i\n"
				"cab http_close(i) i\n"
				"cab http_header(iiiii) i\n"
				"cab http_open(iiiiiiii) i\n"
				"cab http_read(iii) i\n"
				"cab http_status(i) i\n"
				"cab log(ii)\n"
				"cab progress(III)\n"
				"cab set_executable(i) i\n"
				"wasi args_get(ii) i\n"
				"wasi args_sizes_get(ii) i\n"
				"wasi clock_res_get(ii) i\n"
				"wasi clock_time_get(iIi) i\n"
				"wasi environ_get(ii) i\n"
				"wasi environ_sizes_get(ii) i\n"
				"wasi fd_close(i) i\n"
				"wasi fd_fdstat_get(ii) i\n"
				"wasi fd_fdstat_set_flags(ii) i\n"
				"wasi fd_filestat_get(ii) i\n"
				"wasi fd_filestat_set_size(iI) i\n"
				"wasi fd_pread(iiiIi) i\n"
				"wasi fd_prestat_dir_name(iii) i\n"
				"wasi fd_prestat_get(ii) i\n"
				"wasi fd_pwrite(iiiIi) i\n"
				"wasi fd_read(iiii) i\n"
				"wasi fd_readdir(iiiIi) i\n"
				"wasi fd_seek(iIii) i\n"
				"wasi fd_sync(i) i\n"
				"wasi fd_tell(ii) i\n"
				"wasi fd_write(iiii) i\n"
				"wasi path_create_directory(iii) i\n"
				"wasi path_filestat_get(iiiii) i\n"
				"wasi path_link(iiiiiii) i\n"
				"wasi path_open(iiiiiIIii) i\n"
				"wasi path_readlink(iiiiii) i\n"
				"wasi path_remove_directory(iii) i\n"
				"wasi path_rename(iiiiii) i\n"
				"wasi path_symlink(iiiii) i\n"
				"wasi path_unlink_file(iii) i\n"
				"wasi proc_exit(i)\n"
				"wasi random_get(ii) i\n"
				"wasi sched_yield() i\n";

static void
each_import_of_version_1_is_as_it_was(void **state)
{
	(void)state;
	assert_int_equal(CAB_ABI_VERSION, 1);
	struct bytes rest = bytes_text(version_1);
	struct bytes line;
	size_t count = 0;
	while (bytes_split(&rest, '\n', &line) && line.size) {
		bool found = false;
		for (size_t at = 0; at < HOST_IMPORTS && !found; at++) {
			const struct host_import *import = &host_imports[at];
			char row[128];
			(void)snprintf(row, sizeof row, "%s %s(%s)%s",
				strcmp(import->module, "cab") == 0 ? "cab" : "wasi", import->name,
				import->parameters, import->has_result ? " i" : "");
			found = bytes_equal_text(line, row);
		}
		if (!found)
			print_error("%.*s\n", BYTES_ARGS(line));
		assert_true(found);
		count++;
	}
	assert_int_equal(count, HOST_IMPORTS);
}

static void
a_span_is_there_wholly_or_not_at_all(void **state)
{
	struct host *host = ((struct host_fixture *)*state)->host;
	assert_ptr_equal(host_span(host, 0, 0), host->memory);
	assert_ptr_equal(host_span(host, 0, FIXTURE_MEMORY), host->memory);
	assert_ptr_equal(host_span(host, FIXTURE_MEMORY, 0), host->memory + FIXTURE_MEMORY);
	assert_null(host_span(host, FIXTURE_MEMORY, 1));
	assert_null(host_span(host, FIXTURE_MEMORY + 1, 0));
	assert_null(host_span(host, 1, FIXTURE_MEMORY));
	assert_null(host_span(host, UINT32_MAX, 1));
	assert_null(host_span(host, UINT32_MAX, UINT32_MAX));
	assert_null(host_span(host, 1, UINT32_MAX));
	uint8_t *memory = host->memory;
	host->memory = NULL;
	host->memory_size = 0;
	assert_null(host_span(host, 0, 0));
	host->memory = memory;
	host->memory_size = FIXTURE_MEMORY;
}

static void
numbers_are_little_endian_and_never_cut(void **state)
{
	struct host *host = ((struct host_fixture *)*state)->host;
	assert_true(host_put_u32(host, FIXTURE_MEMORY - 4, 0x04030201));
	assert_memory_equal(host->memory + FIXTURE_MEMORY - 4, "\1\2\3\4", 4);
	assert_false(host_put_u32(host, FIXTURE_MEMORY - 3, 0));
	assert_true(host_put_u64(host, 8, 0x0807060504030201));
	assert_memory_equal(host->memory + 8, "\1\2\3\4\5\6\7\10", 8);
	assert_false(host_put_u64(host, FIXTURE_MEMORY - 7, 0));
}

static void
a_long_log_text_is_cut_to_one_line(void **state)
{
	struct host_fixture *fixture = *state;
	char room[3 * CAB_LOG_LINE];
	memset(fixture->host->memory, 'x', (size_t)2 * CAB_LOG_LINE);
	host_log(fixture->host, bytes_of(fixture->host->memory, (size_t)2 * CAB_LOG_LINE));
	assert_int_equal(strlen(fixture_log(fixture, room, sizeof room)), CAB_LOG_LINE);
	assert_int_equal(room[CAB_LOG_LINE - 1], '\n');
	host_complain(fixture->host, "%s: %d", "number", 7);
	assert_string_equal(fixture_log(fixture, room, sizeof room), "number: 7\n");
}

/* Every import but the one that ends the process, with odd numbers everywhere. What it does is
 * tested elsewhere; here a sanitizer watches. */
static void
W4_no_import_trusts_a_number(void **state)
{
	struct host_fixture *fixture = *state;
	static const uint64_t numbers[] = {0, 1, 3, 4, 5, 127, 128, FIXTURE_MEMORY - 1,
		FIXTURE_MEMORY, 0x7fffffff, 0x80000000, UINT32_MAX - 7, UINT32_MAX};
	for (size_t at = 0; at < HOST_IMPORTS; at++) {
		if (strcmp(host_imports[at].name, "proc_exit") == 0)
			continue;
		bool closes = strcmp(host_imports[at].name, "fd_close") == 0;
		for (size_t number = 0; number < sizeof numbers / sizeof *numbers; number++) {
			uint64_t arguments[HOST_PARAMETERS];
			for (size_t each = 0; each < HOST_PARAMETERS; each++)
				arguments[each] = numbers[number];
			if (!closes || numbers[number] != FIXTURE_WORK)
				(void)host_imports[at].function(fixture->host, arguments);
			for (size_t each = 1; each < HOST_PARAMETERS; each++)
				arguments[each] = UINT32_MAX - each;
			arguments[0] = FIXTURE_WORK;
			if (!closes)
				(void)host_imports[at].function(fixture->host, arguments);
		}
	}
	assert_int_equal(CALL(fixture, "fd_prestat_get", FIXTURE_WORK, 0), WASI_SUCCESS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_import_is_there_once_and_takes_what_its_letters_say),
		cmocka_unit_test(each_import_of_version_1_is_as_it_was),
		FIXTURE_TEST(a_span_is_there_wholly_or_not_at_all),
		FIXTURE_TEST(numbers_are_little_endian_and_never_cut),
		FIXTURE_TEST(a_long_log_text_is_cut_to_one_line),
		FIXTURE_TEST(W4_no_import_trusts_a_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
