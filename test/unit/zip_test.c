/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include <unistd.h>

#include "base/hash.h"
#include "zip.h"

static char folder[] = "/tmp/zip-test-XXXXXX";

static uint32_t
sum_of(struct bytes content)
{
	struct err err;
	uint8_t sum[HASH_SIZE_MAX];
	struct hasher *hasher = hasher_new(HASH_CRC32);
	hasher_add(hasher, content);
	assert_int_equal(hasher_finish(hasher, sum, &err), 4);
	hasher_free(hasher);
	return load_32(sum);
}

static void
archive_read(void *file, uint64_t offset, uint8_t *to, size_t size)
{
	const struct bytes *archive = file;
	assert_true(offset <= archive->size && size <= archive->size - offset);
	if (size)
		memcpy(to, archive->data + offset, size);
}

static void
entry_list(struct zip *zip, struct buf *out)
{
	struct buf content = BUF(BUF_MAX);
	struct span data;
	struct bytes target = bytes_of(zip->item.target.data, zip->item.target.size);
	buf_format(out, "%c %.*s", (char)zip->record.kind, (int)zip->item.path.size,
		(const char *)zip->item.path.data);
	if (zip->record.kind == 'l')
		buf_add_text(out, " -> ");
	else if (zip->record.size)
		buf_format(out, " %llu:", (unsigned long long)zip->record.size);
	buf_add(out, target);
	buf_add(&content, target);
	while (zip_piece(zip, &data)) {
		buf_add(out, bytes_of(data.data, data.size));
		buf_add(&content, bytes_of(data.data, data.size));
	}
	if (!zip->sentence) {
		bool is_right = sum_of(buf_bytes(&content)) == zip->record.sum;
		buf_add_text(out, is_right ? "\n" : "BAD: sum\n");
	}
	buf_release(&content);
}

/* What an archive holds, a line an entry: "KIND PATH[ -> TARGET][ SIZE:CONTENT]", and
 * "BAD: SENTENCE" where it is refused. */
static struct buf
zip_list(struct bytes archive)
{
	struct buf out = BUF(BUF_MAX);
	struct zip *zip = (struct zip *)memory_new(sizeof *zip);
	void *room = NULL;
	zip->read = archive_read;
	zip->file = &archive;
	if (zip_start(zip, archive.size)) {
		/* Of its own size: a read past its end is seen by the sanitizer. */
		room = memory_new((size_t)zip->end.size + !zip->end.size);
		bool is_sound = zip_give(zip, room);
		while (is_sound && zip_next(zip)) {
			entry_list(zip, &out);
			is_sound = !zip->sentence;
		}
	}
	if (zip->sentence)
		buf_format(&out, "BAD: %s\n", zip->sentence);
	free(room);
	free(zip);
	return out;
}

static void
lists_as(struct bytes archive, const char *expected)
{
	struct buf list = zip_list(archive);
	assert_string_equal(buf_text(&list), expected);
	buf_release(&list);
}

static struct buf
zip_made(const char *command)
{
	char line[1024];
	(void)snprintf(line, sizeof line, "cd %s && %s", folder, command);
	return command_output(line);
}

static void
command_lists_as(const char *command, const char *expected)
{
	struct buf archive = zip_made(command);
	lists_as(buf_bytes(&archive), expected);
	buf_release(&archive);
}

#define TREE                                                                                       \
	"rm -rf t z.zip && mkdir -p t/sub && printf hello >t/a && printf '#!' >t/sub/run && "      \
	"chmod 644 t/a && chmod 755 t/sub/run && ln -s ../a t/sub/link && "

static void
what_zip_writes_is_read(void **state)
{
	(void)state;
	static const char tree[] = "d t\nf t/a 5:hello\nd t/sub\nl t/sub/link -> ../a\n"
				   "x t/sub/run 2:#!\n";
	static const char list[] = "find t | LC_ALL=C sort | zip -q";
	char command[512];
	static const char *const how[] = {"-y -@ z.zip && cat z.zip", "-0 -y -@ z.zip && cat z.zip",
		"-X -9 -y -@ z.zip && cat z.zip", "-y -fz -@ z.zip && cat z.zip"};
	for (size_t at = 0; at < sizeof how / sizeof how[0]; at++) {
		(void)snprintf(command, sizeof command, TREE "%s %s", list, how[at]);
		command_lists_as(command, tree);
	}
	/* To a pipe, with descriptors behind the data. */
	command_lists_as(TREE "zip -q - t/a t/sub/run | cat", "f t/a 5:hello\nx t/sub/run 2:#!\n");
	/* With a comment for the whole. */
	command_lists_as(
		TREE "echo 0123456789abcdef | zip -q -z z.zip t/a && cat z.zip", "f t/a 5:hello\n");
}

static void
what_bsdtar_and_python_write_is_read(void **state)
{
	(void)state;
	command_lists_as(TREE "bsdtar --format zip -cf z.zip t/a t/sub/run t/sub/link && cat z.zip",
		"f t/a 5:hello\nx t/sub/run 2:#!\nl t/sub/link -> ../a\n");
	command_lists_as("python3 -c \"\n"
			 "import sys, zipfile\n"
			 "z = zipfile.ZipFile('p.zip', 'w', zipfile.ZIP_DEFLATED)\n"
			 "z.writestr('gr\\u00fc\\u00df', 'x')\n"
			 "z.writestr('d/', '')\n"
			 "z.open('d/large', 'w', force_zip64=True).write(b'yy')\n"
			 "\" && cat p.zip",
		"f gr\303\274\303\237 1:x\nd d\nf d/large 2:yy\n");
	command_lists_as("python3 -c \"\n"
			 "import zipfile\n"
			 "zipfile.ZipFile('e.zip', 'w').close()\n"
			 "\" && cat e.zip",
		"");
}

/* A writer of archives that lie. */
struct entry {
	const char *name;
	const char *local_name; /* NULL: the same */
	const char *content;
	uint32_t mode;
	uint16_t flags;
	uint16_t local_flags;
	uint16_t method;
	uint16_t local_method;
	uint32_t size_more;       /* added to the directory's size */
	uint32_t local_size_more; /* and to the local header's */
	uint32_t sum_more;        /* added to both sums */
	const char *extra;        /* of the directory's record */
	size_t extra_size;
	bool is_placed;  /* in the directory: at the place of the first entry */
	const char *gap; /* before it */
};

static void
put(struct buf *out, uint64_t value, size_t size)
{
	for (; size; size--, value >>= 8)
		buf_add_byte(out, (uint8_t)value);
}

static void
fields_put(struct buf *out, const struct entry *entry, bool is_local)
{
	struct span content = span_text(entry->content);
	uint32_t more = is_local ? entry->local_size_more : entry->size_more;
	const char *name = is_local && entry->local_name ? entry->local_name : entry->name;
	put(out, 20, 2);
	put(out, entry->flags ^ (is_local ? entry->local_flags : 0), 2);
	put(out, entry->method ^ (is_local ? entry->local_method : 0), 2);
	put(out, 0, 4);
	put(out, sum_of(bytes_of(content.data, content.size)) + entry->sum_more, 4);
	put(out, content.size + more, 4);
	put(out, content.size + more, 4);
	put(out, strlen(name), 2);
	put(out, is_local ? 0 : entry->extra_size, 2);
}

static void
end_put(struct buf *out, size_t count, size_t start)
{
	size_t size = out->size - start;
	buf_add_text(out, "PK\5\6");
	put(out, 0, 4);
	put(out, count, 2);
	put(out, count, 2);
	put(out, size, 4);
	put(out, start, 4);
	put(out, 0, 2);
}

static struct buf
zip_forge(const struct entry *entries, size_t count)
{
	struct buf out = BUF(BUF_MAX);
	size_t places[8];
	for (size_t at = 0; at < count; at++) {
		const struct entry *entry = &entries[at];
		buf_add_text(&out, entry->gap ? entry->gap : "");
		places[at] = entry->is_placed ? 0 : out.size;
		buf_add_text(&out, "PK\3\4");
		fields_put(&out, entry, true);
		buf_add_text(&out, entry->local_name ? entry->local_name : entry->name);
		buf_add_text(&out, entry->content);
	}
	size_t start = out.size;
	for (size_t at = 0; at < count; at++) {
		const struct entry *entry = &entries[at];
		buf_add_text(&out, "PK\1\2");
		put(&out, 3 << 8 | 20, 2);
		fields_put(&out, entry, false);
		put(&out, 0, 6);
		put(&out, (uint64_t)entry->mode << 16, 4);
		put(&out, places[at], 4);
		buf_add_text(&out, entry->name);
		if (entry->extra_size)
			buf_add(&out, bytes_of(entry->extra, entry->extra_size));
	}
	end_put(&out, count, start);
	return out;
}

static void
forged_lists_as(const struct entry *entries, size_t count, const char *expected)
{
	struct buf archive = zip_forge(entries, count);
	lists_as(buf_bytes(&archive), expected);
	buf_release(&archive);
}

static void
z1_a_local_header_that_differs_is_refused(void **state)
{
	(void)state;
	static const char differs[] = "BAD: an entry differs from the directory\n";
	const struct entry plain = {.name = "a", .content = "hello", .mode = 0100644};
	forged_lists_as(&plain, 1, "f a 5:hello\n");
	struct entry entry = plain;
	entry.local_name = "b";
	forged_lists_as(&entry, 1, differs);
	entry = plain;
	entry.local_method = 8;
	forged_lists_as(&entry, 1, differs);
	entry = plain;
	entry.local_flags = 1 << 11;
	forged_lists_as(&entry, 1, differs);
	entry = plain;
	entry.local_size_more = 1;
	forged_lists_as(&entry, 1, differs);
	entry = plain;
	entry.size_more = 1;
	forged_lists_as(&entry, 1, differs);
}

static void
z2_entries_that_overlap_are_refused(void **state)
{
	(void)state;
	struct entry entries[2] = {{.name = "a", .content = "hello", .mode = 0100644},
		{.name = "b", .content = "hello", .mode = 0100644}};
	forged_lists_as(entries, 2, "f a 5:hello\nf b 5:hello\n");
	/* Both records of the directory name the first entry's bytes. */
	entries[1].is_placed = true;
	entries[1].local_name = "a";
	struct buf archive = zip_forge(entries, 2);
	struct buf list = zip_list(buf_bytes(&archive));
	/* Before anything comes out of it. */
	assert_string_equal(
		buf_text(&list), "BAD: entries overlap, or there is something between them\n");
	buf_release(&list);
	buf_release(&archive);
	/* The first entry's bytes hold the second one whole: a quoted overlap. */
	entries[1] =
		(struct entry){.name = "b", .content = "hello", .mode = 0100644, .gap = "hidden"};
	archive = zip_forge(entries, 2);
	list = zip_list(buf_bytes(&archive));
	assert_string_equal(
		buf_text(&list), "BAD: entries overlap, or there is something between them\n");
	buf_release(&list);
	buf_release(&archive);
	entries[0].size_more = 36;
	entries[0].local_size_more = 36;
	archive = zip_forge(entries, 2);
	list = zip_list(buf_bytes(&archive));
	assert_non_null(memmem(list.data, list.size, "BAD: ", 5));
	buf_release(&list);
	buf_release(&archive);
}

static void
ends_with(struct buf *archive, const char *expected)
{
	struct buf list = zip_list(buf_bytes(archive));
	assert_string_equal(buf_text(&list), expected);
	buf_release(&list);
	buf_release(archive);
}

static void
z3_bytes_before_or_behind_and_doubtful_ends_are_refused(void **state)
{
	(void)state;
	const struct entry entry = {.name = "a", .content = "hello", .mode = 0100644};
	static const char no_end[] = "BAD: no end record at the end\n";
	static const char elsewhere[] = "BAD: the directory and its end record differ\n";
	struct buf plain = zip_forge(&entry, 1);

	struct buf archive = BUF(BUF_MAX);
	buf_add_text(&archive, "#!/bin/sh\n");
	buf_add(&archive, buf_bytes(&plain));
	ends_with(&archive, elsewhere);

	/* And where the directory counts them, as a program that unpacks itself does. */
	struct entry behind = entry;
	behind.gap = "#!/bin/sh\n";
	archive = zip_forge(&behind, 1);
	ends_with(&archive, "BAD: entries overlap, or there is something between them\n");

	archive = zip_forge(&entry, 1);
	buf_add_text(&archive, "else");
	ends_with(&archive, no_end);

	/* A comment of 22 bytes that is an end record, and one that has its mark. */
	archive = zip_forge(&entry, 1);
	archive.data[archive.size - 2] = 22;
	end_put(&archive, 0, archive.size);
	ends_with(&archive, "BAD: there are two end records\n");
	archive = zip_forge(&entry, 1);
	archive.data[archive.size - 2] = 5;
	buf_add_text(&archive, "PK\5\6.");
	ends_with(&archive, "BAD: there are two end records\n");

	/* Between the directory and its end. */
	archive = zip_forge(&entry, 1);
	buf_truncate(&archive, archive.size - 22);
	size_t start = 36;
	buf_add_text(&archive, "else");
	end_put(&archive, 1, start);
	ends_with(&archive, "BAD: the directory and its end record differ\n");

	/* More records than there are; and fewer. */
	archive = zip_forge(&entry, 1);
	archive.data[archive.size - 14] = archive.data[archive.size - 12] = 2;
	ends_with(&archive, "BAD: the directory and its end record differ\n");
	archive = zip_forge(&entry, 1);
	archive.data[archive.size - 14] = archive.data[archive.size - 12] = 0;
	ends_with(&archive, "BAD: the directory and its end record differ\n");

	/* Of several disks. */
	archive = zip_forge(&entry, 1);
	archive.data[archive.size - 18] = 1;
	ends_with(&archive, "BAD: the archive is split over several files\n");
	buf_release(&plain);
}

static void
z3_zip64_must_say_what_is(void **state)
{
	(void)state;
	const char *command = TREE "zip -q -fz z.zip t/a && cat z.zip";
	command_lists_as(command, "f t/a 5:hello\n");
	struct buf archive = zip_made(command);
	size_t record = archive.size - 22 - 20 - 56;
	assert_memory_equal(archive.data + record, "PK\6\6", 4);
	static const size_t fields[] = {4, 16, 24, 32, 40, 48, 56 + 8, 56 + 4};
	for (size_t at = 0; at < sizeof fields / sizeof fields[0]; at++) {
		archive.data[record + fields[at]] ^= 3;
		struct buf list = zip_list(buf_bytes(&archive));
		assert_non_null(strstr(buf_text(&list), "BAD: "));
		buf_release(&list);
		archive.data[record + fields[at]] ^= 3;
	}
	lists_as(buf_bytes(&archive), "f t/a 5:hello\n");
	buf_release(&archive);
	struct entry entry = {.name = "a", .content = "hello", .mode = 0100644};
	entry.extra = "\1\0\x08\0\5\0\0\0\0\0\0\0";
	entry.extra_size = 12;
	forged_lists_as(&entry, 1, "BAD: a field of zip64, or a second name, that lies\n");
	entry.size_more = 0xffffffffU - 5;
	forged_lists_as(&entry, 1, "BAD: a field of zip64, or a second name, that lies\n");
	entry.extra_size = 0;
	forged_lists_as(&entry, 1, "BAD: a field of zip64, or a second name, that lies\n");
}

static void
z4_names_that_are_not_clean_are_refused(void **state)
{
	(void)state;
	static const char *const names[] = {
		"/a", "../a", "a/../b", "a//b", "./a", "a\\b", "C:a", "C:/a", "a/.", ".."};
	for (size_t at = 0; at < sizeof names / sizeof names[0]; at++) {
		const struct entry entry = {.name = names[at], .content = "x", .mode = 0100644};
		forged_lists_as(&entry, 1, "BAD: a path leads elsewhere, or is no clean path\n");
	}
}

/* As in every archive; that no path comes twice is the caller's affair. */
static void
z4_names_that_differ_in_case_are_different_names(void **state)
{
	(void)state;
	const struct entry apart[3] = {{.name = "README", .content = ""},
		{.name = "readme", .content = ""}, {.name = "D/a", .content = ""}};
	forged_lists_as(apart, 3, "f README\nf readme\nf D/a\n");
}

static void
z5_what_is_no_file_or_folder_or_is_hidden_is_refused(void **state)
{
	(void)state;
	static const char kind[] = "BAD: an entry is no file, link, folder or submodule\n";
	static const uint32_t modes[] = {0020644, 0060644, 0010644, 0140644, 0040755};
	for (size_t at = 0; at < sizeof modes / sizeof modes[0]; at++) {
		const struct entry entry = {.name = "a", .content = "", .mode = modes[at]};
		forged_lists_as(&entry, 1, kind);
	}
	const struct entry folder_named = {.name = "a/", .content = "", .mode = 0100644};
	forged_lists_as(&folder_named, 1, kind);
	/* Setuid and the like are gone. */
	const struct entry setuid = {.name = "a", .content = "", .mode = 0107755};
	forged_lists_as(&setuid, 1, "x a\n");
	const struct entry encrypted = {.name = "a", .content = "x", .flags = 1};
	forged_lists_as(&encrypted, 1, "BAD: an entry is encrypted\n");
	static const uint16_t methods[] = {1, 9, 12, 14, 93, 95, 97, 98};
	for (size_t at = 0; at < sizeof methods / sizeof methods[0]; at++) {
		const struct entry entry = {.name = "a", .content = "x", .method = methods[at]};
		struct buf archive = zip_forge(&entry, 1);
		struct buf list = zip_list(buf_bytes(&archive));
		assert_int_equal(
			strncmp(buf_text(&list), "BAD: an entry is packed by another", 34), 0);
		buf_release(&list);
		buf_release(&archive);
	}
	const struct entry sum = {.name = "a", .content = "x", .sum_more = 1};
	forged_lists_as(&sum, 1, "f a 1:xBAD: sum\n");
}

/* What lies beneath a link, and so would be written through it, is the caller's to refuse. */
static void
z5_a_link_is_what_is_written_and_no_more_than_a_path(void **state)
{
	(void)state;
	const struct entry outward = {.name = "d/l", .content = "../../x/../a", .mode = 0120777};
	forged_lists_as(&outward, 1, "l d/l -> ../../x/../a\n");
	char target[4097];
	memset(target, 'x', sizeof target);
	target[4096] = 0;
	const struct entry large = {.name = "l", .content = target, .mode = 0120777};
	forged_lists_as(&large, 1, "BAD: an entry is no file, link, folder or submodule\n");
	struct buf archive =
		zip_made("rm -rf t z.zip && mkdir t && ln -s $(seq 1 900 | tr -d '\\n') t/l && "
			 "zip -q -9 -y z.zip t/l && cat z.zip");
	struct buf list = zip_list(buf_bytes(&archive));
	assert_null(strstr(buf_text(&list), "BAD"));
	assert_int_equal(list.size, strlen("l t/l -> \n") + 2592);
	buf_release(&list);
	buf_release(&archive);
}

static void
z5_a_descriptor_that_differs_is_refused(void **state)
{
	(void)state;
	struct buf archive = zip_made(TREE "zip -q - t/a | cat");
	lists_as(buf_bytes(&archive), "f t/a 5:hello\n");
	size_t at = 0;
	while (memcmp(archive.data + at, "PK\7\10", 4) != 0)
		at++;
	for (size_t byte = 0; byte < 16; byte++) {
		archive.data[at + byte] ^= 1;
		lists_as(buf_bytes(&archive),
			"f t/a 5:helloBAD: an entry differs from the directory\n");
		archive.data[at + byte] ^= 1;
	}
	buf_release(&archive);
}

/* Cut at each byte, and with each bit flipped: refused, or the very same. */
static void
damage_is_refused_or_changes_nothing(void **state)
{
	(void)state;
	struct buf archive = zip_made(
		TREE "seq 1 300 >t/a && find t | LC_ALL=C sort | zip -q -y -@ z.zip && cat z.zip");
	struct buf sound = zip_list(buf_bytes(&archive));
	assert_null(strstr(buf_text(&sound), "BAD"));
	for (size_t size = 0; size < archive.size; size++) {
		struct buf list = zip_list(bytes_of(archive.data, size));
		assert_non_null(strstr(buf_text(&list), "BAD: "));
		buf_release(&list);
	}
	size_t content = 0;
	for (size_t bit = 0; bit < 8 * archive.size; bit++) {
		archive.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		struct buf list = zip_list(buf_bytes(&archive));
		archive.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!strstr(buf_text(&list), "BAD: ") &&
			strcmp(buf_text(&list), buf_text(&sound)) != 0)
			content++;
		buf_release(&list);
	}
	/* Modes are in the directory alone, and nothing sums them: x for f and back, five entries;
	 * a file for a link whose host is no longer Unix. */
	assert_in_range(content, 0, 64);
	buf_release(&sound);
	buf_release(&archive);
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_zip_writes_is_read),
		cmocka_unit_test(what_bsdtar_and_python_write_is_read),
		cmocka_unit_test(z1_a_local_header_that_differs_is_refused),
		cmocka_unit_test(z2_entries_that_overlap_are_refused),
		cmocka_unit_test(z3_bytes_before_or_behind_and_doubtful_ends_are_refused),
		cmocka_unit_test(z3_zip64_must_say_what_is),
		cmocka_unit_test(z4_names_that_are_not_clean_are_refused),
		cmocka_unit_test(z4_names_that_differ_in_case_are_different_names),
		cmocka_unit_test(z5_what_is_no_file_or_folder_or_is_hidden_is_refused),
		cmocka_unit_test(z5_a_link_is_what_is_written_and_no_more_than_a_path),
		cmocka_unit_test(z5_a_descriptor_that_differs_is_refused),
		cmocka_unit_test(damage_is_refused_or_changes_nothing),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char command[64];
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	struct buf out = command_output(command);
	buf_release(&out);
	return failed;
}
