/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include <unistd.h>

#include "tar.h"

static char folder[] = "/tmp/tar-test-XXXXXX";

/* What an archive holds, a line an entry: "KIND PATH[ -> TARGET][ SIZE:CONTENT]", and "BAD: SENTENCE"
 * or "CUT" where it is not whole. */
static struct buf
tar_list(struct bytes archive, size_t step)
{
	struct buf out = BUF(BUF_MAX);
	struct tar *tar = (struct tar *)memory_new(sizeof *tar);
	tar_start(tar);
	for (size_t at = 0; at < archive.size; at += step) {
		size_t left = archive.size - at;
		struct span input = span_of(archive.data + at, left < step ? left : step);
		struct span data;
		enum tar_event event;
		while ((event = tar_step(tar, &input, &data)) != TAR_INPUT) {
			if (event == TAR_BAD) {
				buf_format(&out, "BAD: %s\n", tar->sentence);
				free(tar);
				return out;
			}
			if (event == TAR_ENTRY) {
				buf_format(&out, "%c %.*s", (char)tar->item.kind,
					(int)tar->item.path.size,
					(const char *)tar->item.path.data);
				if (tar->item.kind == ITEM_LINK || tar->item.kind == ITEM_HARD_LINK)
					buf_format(&out, " -> %.*s", (int)tar->item.target.size,
						(const char *)tar->item.target.data);
				if (tar->item.size)
					buf_format(
						&out, " %llu:", (unsigned long long)tar->item.size);
			}
			if (event == TAR_DATA)
				buf_add(&out, bytes_of(data.data, data.size));
			if (event == TAR_CLOSE)
				buf_add_byte(&out, '\n');
		}
	}
	if (tar->revision.size)
		buf_format(&out, "# %.*s\n", (int)tar->revision.size,
			(const char *)tar->revision.data);
	if (!tar_is_whole(tar))
		buf_add_text(&out, "CUT\n");
	free(tar);
	return out;
}

static void
lists_as(struct bytes archive, const char *expected)
{
	static const size_t steps[] = {1 << 20, 1, 511, 513, 10240};
	for (size_t at = 0; at < sizeof steps / sizeof steps[0]; at++) {
		struct buf list = tar_list(archive, steps[at]);
		assert_string_equal(buf_text(&list), expected);
		buf_release(&list);
	}
}

static void
command_lists_as(const char *command, const char *expected)
{
	char line[1024];
	(void)snprintf(line, sizeof line, "cd %s && %s", folder, command);
	struct buf archive = command_output(line);
	lists_as(buf_bytes(&archive), expected);
	buf_release(&archive);
}

#define TREE                                                                                       \
	"rm -rf t && mkdir -p t/sub && printf hello >t/a && printf '#!' >t/sub/run && "            \
	"chmod 644 t/a && chmod 755 t/sub/run && ln -s ../a t/sub/link && "
#define FLAGS " --sort=name --owner=0 --group=0 --mtime=@1 "

static void
what_gnu_tar_writes_is_read_in_each_of_its_formats(void **state)
{
	(void)state;
	static const char *const formats[] = {"gnu", "ustar", "pax"};
	for (size_t at = 0; at < 3; at++) {
		char command[512];
		(void)snprintf(
			command, sizeof command, TREE "tar c" FLAGS "--format=%s t", formats[at]);
		command_lists_as(command, "d t\nf t/a 5:hello\nd t/sub\nl t/sub/link -> ../a\n"
					  "x t/sub/run 2:#!\n");
	}
	command_lists_as(TREE "tar c" FLAGS "-C t .",
		"d \nf a 5:hello\nd sub\nl sub/link -> ../a\nx sub/run 2:#!\n");
}

static void
long_names_are_read_in_each_of_their_spellings(void **state)
{
	(void)state;
	char name[201];
	char expected[512];
	memset(name, 'n', 200);
	name[200] = '\0';
	(void)snprintf(expected, sizeof expected, "d t\nf t/%s 2:hi\n", name);
	static const char *const formats[] = {"gnu", "pax"};
	for (size_t at = 0; at < 2; at++) {
		char command[900];
		(void)snprintf(command, sizeof command,
			"rm -rf t && mkdir t && printf hi >t/%s && tar c" FLAGS "--format=%s t",
			name, formats[at]);
		command_lists_as(command, expected);
	}
	name[90] = '/';
	name[150] = '\0';
	(void)snprintf(expected, sizeof expected, "f %s 2:hi\n", name);
	char command[900];
	(void)snprintf(command, sizeof command,
		"mkdir -p %.90s && printf hi >%s && chmod 644 %s && tar c" FLAGS
		"--format=ustar %s",
		name, name, name, name);
	command_lists_as(command, expected);
}

static void
git_archives_with_their_global_header_are_read(void **state)
{
	(void)state;
	command_lists_as("rm -rf g && git init -q g && cd g && printf hello >a && git add a && "
			 "export GIT_AUTHOR_DATE=2000-01-01T00:00:00+0000 "
			 "GIT_COMMITTER_DATE=2000-01-01T00:00:00+0000 && "
			 "git -c user.name=n -c user.email=e commit -q -m m && "
			 "git archive --prefix=p/ HEAD",
		"d p\nf p/a 5:hello\n# 59eb8702fc7de457fb40286fab8850cd9df615fa\n");
}

static void
hard_links_name_the_entry_before_them(void **state)
{
	(void)state;
	command_lists_as("rm -rf t && mkdir t && printf hi >t/a && chmod 644 t/a && ln t/a t/b && "
			 "tar c" FLAGS "t",
		"d t\nf t/a 2:hi\nh t/b -> t/a\n");
}

struct header {
	const char *name;
	char type;
	const char *link;
	const char *size; /* octal */
	const char *mode;
};

static void
header_add(struct buf *out, struct header header)
{
	uint8_t block[512] = {0};
	(void)snprintf((char *)block, 100, "%s", header.name);
	(void)snprintf((char *)block + 100, 8, "%s", header.mode ? header.mode : "0000644");
	(void)snprintf((char *)block + 124, 12, "%s", header.size ? header.size : "00000000000");
	block[156] = (uint8_t)header.type;
	(void)snprintf((char *)block + 157, 100, "%s", header.link ? header.link : "");
	memcpy(block + 257, "ustar\00000", 8);
	memset(block + 148, ' ', 8);
	unsigned sum = 0;
	for (size_t at = 0; at < 512; at++)
		sum += block[at];
	(void)snprintf((char *)block + 148, 8, "%06o", sum);
	buf_add(out, bytes_of(block, 512));
}

static void
block_add(struct buf *out, const char *text)
{
	uint8_t block[512] = {0};
	memcpy(block, text, strlen(text));
	buf_add(out, bytes_of(block, 512));
}

static void
end_add(struct buf *out)
{
	block_add(out, "");
	block_add(out, "");
}

static void
one_is(struct header header, const char *expected)
{
	struct buf archive = BUF(BUF_MAX);
	header_add(&archive, header);
	end_add(&archive);
	lists_as(buf_bytes(&archive), expected);
	buf_release(&archive);
}

#define BAD_PATH "BAD: a path leads elsewhere, or is no clean path\n"

static void
paths_that_lead_elsewhere_are_refused(void **state)
{
	(void)state;
	static const char *const names[] = {
		"/etc/passwd", "../x", "a/../b", "a//b", "a/./b", "", "..", "a/..", "file/", "/"};
	for (size_t at = 0; at < sizeof names / sizeof names[0]; at++)
		one_is((struct header){.name = names[at], .type = '0'}, BAD_PATH);
	one_is((struct header){.name = "a//", .type = '5'}, BAD_PATH);
	one_is((struct header){.name = "l", .type = '1', .link = "../x"}, BAD_PATH);
	one_is((struct header){.name = "./a", .type = '0'}, "f a\n");
	one_is((struct header){.name = "./", .type = '5'}, "d \n");
}

static void
devices_sparse_files_and_unknown_entries_are_refused(void **state)
{
	(void)state;
	for (const char *type = "346"; *type; type++)
		one_is((struct header){.name = "a", .type = *type},
			"BAD: an entry is no file, link, folder or submodule\n");
	one_is((struct header){.name = "a", .type = 'S'},
		"BAD: an entry is no file, link, folder or submodule\n");
	one_is((struct header){.name = "a", .type = 'D'},
		"BAD: an entry is no file, link, folder or submodule\n");
}

static void
mode_bits_are_reduced_to_the_executable_one(void **state)
{
	(void)state;
	one_is((struct header){.name = "a", .type = '0', .mode = "0006755"}, "x a\n");
	one_is((struct header){.name = "a", .type = '0', .mode = "0001666"}, "f a\n");
}

static void
sizes_that_no_entry_may_have_are_refused(void **state)
{
	(void)state;
	one_is((struct header){.name = "a", .type = '0', .size = "\xff\xff\xff\xff"},
		"BAD: a size that no entry may have\n");
	one_is(
		(struct header){
			.name = "a", .type = '0', .size = "\x80\x01\x01\x01\x01\x01\x01\x01"},
		"BAD: a size that no entry may have\n");
	one_is((struct header){.name = "a", .type = '5', .size = "00000000001"},
		"BAD: a size that no entry may have\n");
	one_is((struct header){.name = "a", .type = 'x', .size = "00010000000"},
		"BAD: attributes (pax) that cannot be followed\n");
}

static void
attributes_are(const char *records, char type, const char *expected)
{
	struct buf archive = BUF(BUF_MAX);
	char size[32];
	(void)snprintf(size, sizeof size, "%011zo", strlen(records));
	header_add(&archive, (struct header){.name = "pax", .type = type, .size = size});
	block_add(&archive, records);
	header_add(&archive, (struct header){.name = "a", .type = '0', .size = "00000000003"});
	block_add(&archive, "abc");
	end_add(&archive);
	lists_as(buf_bytes(&archive), expected);
	buf_release(&archive);
}

#define BAD_PAX "BAD: attributes (pax) that cannot be followed\n"

static void
attributes_that_contradict_or_cannot_be_read_are_refused(void **state)
{
	(void)state;
	attributes_are("12 path=xyz\n", 'x', "f xyz 3:abc\n");
	attributes_are("10 size=3\n", 'x', "f a 3:abc\n");
	attributes_are("10 size=9\n", 'x', "BAD: a size that no entry may have\n");
	attributes_are("12 path=xyz\n12 path=uvw\n", 'x', BAD_PAX);
	attributes_are("12 path=xyz\n", 'g', BAD_PAX);
	attributes_are("8 path=\n", 'x', BAD_PAX);
	attributes_are("20 comment=whatever\n", 'g', "f a 3:abc\n");
	attributes_are("99 path=xyz\n", 'x', BAD_PAX);
	attributes_are("3 =\n", 'x', BAD_PAX);
	attributes_are("garbage", 'x', BAD_PAX);
	attributes_are("23 GNU.sparse.major=1\n", 'x', BAD_PAX);
	attributes_are("16 linkpath=xyz\n", 'x', "BAD: attributes of no entry\n");
	attributes_are("13 path=../x\n", 'x', BAD_PATH);
}

#define REVISION     "0123456789012345678901234567890123456789"
#define REVISION_256 REVISION "abcdefabcdefabcdefabcdef"

static void
a_comment_before_all_entries_that_is_as_long_as_an_id_is_a_revision(void **state)
{
	(void)state;
	attributes_are("52 comment=" REVISION "\n", 'g', "f a 3:abc\n# " REVISION "\n");
	attributes_are("76 comment=" REVISION_256 "\n", 'g', "f a 3:abc\n# " REVISION_256 "\n");
	attributes_are("53 comment=" REVISION "0\n", 'g', "f a 3:abc\n");
	attributes_are("52 comment=" REVISION "\n", 'x', "f a 3:abc\n");
	struct buf archive = BUF(BUF_MAX);
	header_add(&archive, (struct header){.name = "a", .type = '0'});
	header_add(&archive, (struct header){.name = "pax", .type = 'g', .size = "00000000064"});
	block_add(&archive, "52 comment=" REVISION "\n");
	end_add(&archive);
	lists_as(buf_bytes(&archive), "f a\n");
	buf_release(&archive);
}

static void
an_archive_ends_in_two_blocks_of_zeros_and_nothing_else(void **state)
{
	(void)state;
	struct buf archive = BUF(BUF_MAX);
	header_add(&archive, (struct header){.name = "a", .type = '0'});
	lists_as(buf_bytes(&archive), "f a\nCUT\n");
	block_add(&archive, "");
	lists_as(buf_bytes(&archive), "f a\nCUT\n");
	block_add(&archive, "");
	lists_as(buf_bytes(&archive), "f a\n");
	block_add(&archive, "");
	lists_as(buf_bytes(&archive), "f a\n");
	block_add(&archive, "x");
	lists_as(buf_bytes(&archive), "f a\nBAD: more bytes behind its end\n");
	/* Less than a block is looked at by nobody, so it is not the end. */
	for (size_t less = 1; less < 512; less += 102)
		lists_as(bytes_first(buf_bytes(&archive), archive.size - less), "f a\nCUT\n");
	buf_release(&archive);

	header_add(&archive, (struct header){.name = "a", .type = '0'});
	block_add(&archive, "");
	header_add(&archive, (struct header){.name = "b", .type = '0'});
	end_add(&archive);
	lists_as(buf_bytes(&archive), "f a\nBAD: more bytes behind its end\n");
	archive.data[0] = 'c';
	lists_as(buf_bytes(&archive), "BAD: its sum differs\n");
	buf_release(&archive);
}

static void
attributes_without_an_entry_are_refused(void **state)
{
	(void)state;
	struct buf archive = BUF(BUF_MAX);
	header_add(&archive, (struct header){.name = "pax", .type = 'x', .size = "00000000014"});
	block_add(&archive, "12 path=xyz\n");
	end_add(&archive);
	lists_as(buf_bytes(&archive), "BAD: attributes of no entry\n");
	buf_release(&archive);
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_gnu_tar_writes_is_read_in_each_of_its_formats),
		cmocka_unit_test(long_names_are_read_in_each_of_their_spellings),
		cmocka_unit_test(git_archives_with_their_global_header_are_read),
		cmocka_unit_test(hard_links_name_the_entry_before_them),
		cmocka_unit_test(paths_that_lead_elsewhere_are_refused),
		cmocka_unit_test(devices_sparse_files_and_unknown_entries_are_refused),
		cmocka_unit_test(mode_bits_are_reduced_to_the_executable_one),
		cmocka_unit_test(sizes_that_no_entry_may_have_are_refused),
		cmocka_unit_test(attributes_that_contradict_or_cannot_be_read_are_refused),
		cmocka_unit_test(
			a_comment_before_all_entries_that_is_as_long_as_an_id_is_a_revision),
		cmocka_unit_test(an_archive_ends_in_two_blocks_of_zeros_and_nothing_else),
		cmocka_unit_test(attributes_without_an_entry_are_refused),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char command[128];
	(void)snprintf(command, sizeof command, "rm -rf %s", folder);
	struct buf none = command_output(command);
	buf_release(&none);
	return failed;
}
