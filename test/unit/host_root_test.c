/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/host_root.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/path.h"

#define STATUS                                                                                     \
	"Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\n"                     \
	"Version: 1:1.2.13\nDescription: compression\n Package: not a field\n\n"                   \
	"Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n"      \
	"Package: cc\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 4:12.2\n"

struct folder {
	char path[64];
	int fd;
};

static void
put(const struct folder *folder, const char *name, const char *text)
{
	struct err err;
	struct bytes parent = path_folder(bytes_text(name));
	char *parent_text = strndup((const char *)parent.data, parent.size);
	assert_true(path_make_folders(folder->fd, parent_text, 0755, &err));
	free(parent_text);
	assert_true(fd_replace_file(folder->fd, name, bytes_text(text), 0644, &err));
}

static int
folder_setup(void **state)
{
	struct folder *folder = (struct folder *)memory_zero(1, sizeof *folder);
	struct err err;
	(void)snprintf(folder->path, sizeof folder->path, "/tmp/cab-host-root-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	folder->fd = fd_open_at(AT_FDCWD, folder->path, O_RDONLY | O_DIRECTORY, 0, &err);
	assert_true(folder->fd >= 0);
	put(folder, "etc/os-release", "NAME=\"Some\"\nID=debian\nVERSION_ID=\"12\"\n");
	put(folder, "var/lib/dpkg/status", STATUS);
	assert_int_equal(symlinkat("usr/bin", folder->fd, "bin"), 0);
	assert_int_equal(symlinkat("usr/lib", folder->fd, "lib"), 0);
	*state = folder;
	return 0;
}

static int
folder_teardown(void **state)
{
	struct folder *folder = (struct folder *)*state;
	struct err err;
	fd_close(folder->fd);
	assert_true(path_remove(AT_FDCWD, folder->path, &err));
	free(folder);
	return 0;
}

static void
the_fingerprint_is_that_of_the_sorted_installed_packages(void **state UNUSED)
{
	struct digest found;
	struct err err;
	assert_true(host_root_fingerprint(BYTES_LITERAL(STATUS), &found, &err));
	struct digest expected = digest_derive(
		"cab host-root 1", BYTES_LITERAL("cc amd64 4:12.2\nzlib1g amd64 1:1.2.13\n"));
	assert_true(digest_equal(&found, &expected));
	assert_string_equal(
		digest_print(&found).text, "h3wpcl7wpy3t5puff5wuxcmcw4wi3oq73regqa43wyboj43qrrua");
}

static void
an_installed_package_without_a_version_is_corrupt(void **state UNUSED)
{
	struct digest found;
	struct err err;
	assert_false(host_root_fingerprint(
		BYTES_LITERAL("Package: a\nStatus: install ok installed\nArchitecture: all\n\n"),
		&found, &err));
	assert_int_equal(err.kind, ERR_CORRUPT);
	assert_non_null(strstr(err.text, "line 4"));
	assert_false(host_root_fingerprint(BYTES_LITERAL(""), &found, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void
a_host_is_named_by_its_os_release(void **state)
{
	const struct folder *folder = (const struct folder *)*state;
	struct host_root root;
	struct err err;
	assert_true(host_root_find(folder->path, NULL, &root, &err));
	assert_string_equal(root.feature, "host-root:debian-12");
	struct sandbox_entry entries[HOST_ROOT_ENTRIES];
	assert_int_equal(host_root_entries(&root, entries), 3);
	assert_string_equal(entries[0].target, "/usr");
	assert_false(entries[0].writable);
	assert_string_equal(entries[1].target, "/bin");
	assert_string_equal(entries[2].target, "/lib");
	assert_string_equal(entries[2].source, "usr/lib");

	put(folder, "etc/os-release", "ID=\"evil name\"\nVERSION_ID=12\n");
	assert_false(host_root_find(folder->path, NULL, &root, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void
a_root_that_is_not_merged_is_none(void **state)
{
	const struct folder *folder = (const struct folder *)*state;
	struct host_root root;
	struct err err;
	assert_int_equal(mkdirat(folder->fd, "sbin", 0755), 0);
	assert_false(host_root_find(folder->path, NULL, &root, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "/sbin"));
}

static void
the_cache_answers_until_the_database_changes(void **state)
{
	const struct folder *folder = (const struct folder *)*state;
	char cache[96];
	struct host_root first;
	struct host_root root;
	struct err err;
	(void)snprintf(cache, sizeof cache, "%s/cache", folder->path);
	assert_true(host_root_find(folder->path, cache, &first, &err));

	/* Another fingerprint under the right key shows that the file was asked. */
	cleanup_buf struct buf text = BUF(4096);
	assert_true(fd_read_file(folder->fd, "cache", &text, &err));
	struct digest planted = digest_of(BYTES_LITERAL("planted"));
	buf_truncate(&text, text.size - DIGEST_TEXT - 1);
	buf_format(&text, "%s\n", digest_print(&planted).text);
	put(folder, "cache", buf_text(&text));
	assert_true(host_root_find(folder->path, cache, &root, &err));
	assert_true(digest_equal(&root.fingerprint, &planted));

	put(folder, "var/lib/dpkg/status", STATUS "\n");
	assert_true(host_root_find(folder->path, cache, &root, &err));
	assert_true(digest_equal(&root.fingerprint, &first.fingerprint));

	put(folder, "cache", "nonsense");
	assert_true(host_root_find(folder->path, cache, &root, &err));
	assert_true(digest_equal(&root.fingerprint, &first.fingerprint));
}

static void
a_feature_is_two_values_of_few_letters(void **state)
{
	(void)state;
	static const struct {
		const char *release, *feature;
	} rows[] = {
		{"ID=debian\nVERSION_ID=\"12\"\n", "host-root:debian-12"},
		{"VERSION_ID='3.19'\nXID=x\nID=alpine", "host-root:alpine-3.19"},
		/* A distribution that rolls. */
		{"ID=arch\nVERSION_ID=\nVERSION_CODENAME=sid\n", "host-root:arch-sid"},
		{"ID=arch\n", NULL},
		{"VERSION_ID=12\n", NULL},
		{"", NULL},
		{"ID=\"\nVERSION_ID=1\n", NULL},
		{"ID=\"debian'\nVERSION_ID=1\n", NULL},
		{"ID=Debian\nVERSION_ID=1\n", NULL},
		{"ID=debian\r\nVERSION_ID=1\r\n", NULL},
		{"ID=../x\nVERSION_ID=1\n", NULL},
		{"ID=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nVERSION_ID=1\n", NULL},
		{"ID=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
		 "VERSION_ID=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
			"host-root:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-"
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		char feature[HOST_ROOT_NAME] = "";
		struct err err = {0};
		bool named = host_root_feature(bytes_text(rows[at].release), feature, &err);
		assert_true(named == (rows[at].feature != NULL));
		assert_string_equal(feature, named ? rows[at].feature : "");
		assert_true(named || err.kind == ERR_NOT_FOUND);
	}
}

static void
a_cache_is_believed_of_its_own_key_alone(void **state)
{
	(void)state;
	const struct digest kept = digest_of(BYTES_LITERAL("x"));
	struct digest digest = {0};
	cleanup_buf struct buf line = BUF(512);
	buf_format(&line, "1 2 %s\n", digest_print(&kept).text);
	assert_true(host_root_cached(buf_bytes(&line), BYTES_LITERAL("1 2 "), &digest));
	assert_true(digest_equal(&digest, &kept));
	assert_false(host_root_cached(buf_bytes(&line), BYTES_LITERAL("1 3 "), &digest));
	assert_false(host_root_cached(buf_bytes(&line), BYTES_LITERAL("1 "), &digest));
	for (size_t size = 0; size < line.size; size++)
		assert_false(host_root_cached(
			bytes_first(buf_bytes(&line), size), BYTES_LITERAL("1 2 "), &digest));
	buf_add_byte(&line, '\n');
	assert_false(host_root_cached(buf_bytes(&line), BYTES_LITERAL("1 2 "), &digest));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_feature_is_two_values_of_few_letters),
		cmocka_unit_test(a_cache_is_believed_of_its_own_key_alone),
		cmocka_unit_test(the_fingerprint_is_that_of_the_sorted_installed_packages),
		cmocka_unit_test(an_installed_package_without_a_version_is_corrupt),
		cmocka_unit_test_setup_teardown(
			a_host_is_named_by_its_os_release, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(
			a_root_that_is_not_merged_is_none, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(the_cache_answers_until_the_database_changes,
			folder_setup, folder_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
