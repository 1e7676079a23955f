/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "../fetch/native.h"
#include "request.h"
#include "base/path.h"
#include "store/store.h"
#include "unpack.h"

static char folder[] = "/tmp/archive-test-XXXXXX";

struct trial {
	const char *command; /* that prints the archive, in a folder of its own */
	uint8_t strip;
	const char *subpath;
	size_t cut; /* bytes that are missing at its end */
};

static void
unpack_run(void *context)
{
	const struct trial *trial = context;
	char line[2048];
	(void)snprintf(line, sizeof line,
		"cd %s && rm -rf work source && mkdir work source && : >work/hash && cd source && "
		"{ %s; }",
		folder, trial->command);
	struct buf tar = command_output(line);
	char work[64];
	(void)snprintf(work, sizeof work, "%s/work", folder);
	native_enter(work);
	struct output output = {0};
	struct unpack *unpack = unpack_new(&output, trial->strip);
	unpack_add(unpack, span_of(tar.data, tar.size - trial->cut));
	unpack_finish(unpack, span_text(trial->subpath ? trial->subpath : ""));
	buf_release(&tar);
}

static struct buf
in_folder(const char *command)
{
	char line[1024];
	(void)snprintf(line, sizeof line, "cd %s && %s", folder, command);
	return command_output(line);
}

/* What lies there, and that the guest said of it what the store says. */
static void
unpacks_as(struct trial unpack, const char *expected)
{
	struct buf log = guest_runs(unpack_run, &unpack, 0);
	assert_int_equal(log.size, 0);
	struct buf list = in_folder("cd work && find out | LC_ALL=C sort");
	assert_string_equal(buf_text(&list), expected);
	struct err err;
	char work[64];
	(void)snprintf(work, sizeof work, "%s/work", folder);
	cleanup_fd int fd = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tree_facts facts;
	if (!store_hash_tree(fd, "out", NULL, NULL, &facts, &err))
		fail_msg("%s", err.text);
	struct buf said = in_folder("cat work/hash");
	char line[128];
	(void)snprintf(line, sizeof line, "cab %s\n", cab_hash_print(&facts.hash).text);
	assert_string_equal(buf_text(&said), line);
	buf_release(&said);
	buf_release(&list);
	buf_release(&log);
}

static void
fails_as(struct trial unpack, const char *sentence)
{
	guest_fails(unpack_run, &unpack, sentence);
	struct buf said = in_folder("cat work/hash; ls work");
	/* Nothing is reported, and nothing is the output, of what failed. */
	assert_null(strstr(buf_text(&said), "cab "));
	assert_null(strstr(buf_text(&said), "out"));
	buf_release(&said);
}

#define TREE                                                                                       \
	"mkdir -p t/sub/deep t/empty && printf hello >t/a && printf '#!' >t/sub/run && "           \
	"chmod 755 t/sub/run && ln -s ../a t/sub/link && : >t/sub/deep/none && "                   \
	"printf hello >\"$(printf 't/\\377')\" && printf b >t/a.b && printf c >t/a-b && "
#define FLAGS " --owner=0 --group=0 --mtime=@1 "

static void
the_reported_hash_is_that_of_the_tree_in_any_order_of_entries(void **state)
{
	(void)state;
	static const char expected[] = "out\nout/a\nout/a-b\nout/a.b\nout/empty\nout/sub\n"
				       "out/sub/deep\nout/sub/deep/none\nout/sub/link\n"
				       "out/sub/run\nout/\xff\n";
	unpacks_as(
		(struct trial){.command = TREE "tar c" FLAGS "--sort=name t", .strip = STRIP_AUTO},
		expected);
	unpacks_as((struct trial){.command = TREE "find t | sort -r | tar c" FLAGS
						  "--no-recursion -T -",
			   .strip = STRIP_AUTO},
		expected);
}

static void
folders_that_have_no_entry_are_made_and_may_be_told_later(void **state)
{
	(void)state;
	unpacks_as((struct trial){.command = "mkdir -p t/x/y && : >t/x/y/z && tar c" FLAGS
					     "--no-recursion t/x/y/z t/x t",
			   .strip = STRIP_AUTO},
		"out\nout/x\nout/x/y\nout/x/y/z\n");
}

static void
one_top_folder_is_taken_away_and_no_other(void **state)
{
	(void)state;
	unpacks_as((struct trial){.command = "mkdir a b && : >a/x && tar c" FLAGS "a b",
			   .strip = STRIP_AUTO},
		"out\nout/a\nout/a/x\nout/b\n");
	unpacks_as((struct trial){.command = "mkdir a && : >a/x && tar c" FLAGS "a", .strip = 0},
		"out\nout/a\nout/a/x\n");
	/* A file alone at the top is no folder to take. */
	unpacks_as((struct trial){.command = ": >x && tar c" FLAGS "x", .strip = STRIP_AUTO},
		"out\nout/x\n");
	unpacks_as((struct trial){.command = "mkdir -p a/b/c && : >a/b/c/x && tar c" FLAGS "a",
			   .strip = 2},
		"out\nout/c\nout/c/x\n");
	fails_as((struct trial){.command = "mkdir -p a && : >a/x && tar c" FLAGS "a", .strip = 2},
		"strip leaves nothing of a name: a/x");
}

static void
zeros_alone_are_no_archive(void **state)
{
	(void)state;
	fails_as((struct trial){.command = "tar c" FLAGS "-T /dev/null", .strip = STRIP_AUTO},
		"what came is no archive");
}

static void
a_subpath_is_all_that_is_taken(void **state)
{
	(void)state;
	struct trial unpack = {.command = TREE "tar c" FLAGS "t", .strip = STRIP_AUTO};
	unpack.subpath = "sub/deep";
	unpacks_as(unpack, "out\nout/none\n");
	unpack.subpath = "a";
	unpacks_as(unpack, "out\n");
	unpack.subpath = "sub/run";
	unpacks_as(unpack, "out\n");
	unpack.subpath = "sub/link";
	unpacks_as(unpack, "out\n");
	unpack.subpath = "sub/absent";
	fails_as(unpack, "the subpath is not there: absent");
	/* Nothing lies beneath a file, and a link is not followed. */
	unpack.subpath = "a/x";
	fails_as(unpack, "the subpath is not there: x");
	unpack.subpath = "sub/link/x";
	fails_as(unpack, "the subpath is not there: x");
}

static void
hard_links_become_files_of_their_own(void **state)
{
	(void)state;
	unpacks_as((struct trial){.command = "mkdir t && echo hi >t/a && chmod 755 t/a && ln t/a "
					     "t/b && tar c" FLAGS "--sort=name t",
			   .strip = STRIP_AUTO},
		"out\nout/a\nout/b\n");
	struct buf links = in_folder("stat -c %h work/out/b; cat work/out/b");
	assert_string_equal(buf_text(&links), "1\nhi\n");
	buf_release(&links);
	/* The first of a pair is left out: what the second names was never there. */
	fails_as((struct trial){.command = "mkdir t && echo hi >t/a && ln t/a t/b && tar c" FLAGS
					   "--sort=name t | tar --delete t/a",
			 .strip = STRIP_AUTO},
		"a hard link to no file before it: t/b");
}

static void
two_entries_of_one_path_are_refused(void **state)
{
	(void)state;
	fails_as((struct trial){.command = ": >x && tar c" FLAGS "x x --hard-dereference",
			 .strip = STRIP_AUTO},
		"two entries of one name: x");
	fails_as((struct trial){.command = "mkdir x && tar c" FLAGS "--no-recursion x x",
			 .strip = STRIP_AUTO},
		"two entries of one name: x");
	fails_as((struct trial){.command = "mkdir x && : >x/y && tar c" FLAGS "x >../one.tar && "
					   "rm -r x && : >x && tar rf ../one.tar" FLAGS
					   "x && cat ../one.tar",
			 .strip = STRIP_AUTO},
		"two entries of one name: x");
}

static void
nothing_is_written_through_a_link_or_beneath_a_file(void **state)
{
	(void)state;
	fails_as((struct trial){.command = "ln -s /tmp x && tar cf ../one.tar" FLAGS
					   "x && rm x && mkdir x && : >x/evil && "
					   "tar rf ../one.tar" FLAGS "--no-recursion x/evil && "
					   "cat ../one.tar",
			 .strip = STRIP_AUTO},
		"a path lies beneath what is no folder: x/evil");
	fails_as((struct trial){.command = ": >x && tar cf ../one.tar" FLAGS
					   "x && rm x && mkdir -p x/y && : >x/y/z && "
					   "tar rf ../one.tar" FLAGS "--no-recursion x/y/z && "
					   "cat ../one.tar",
			 .strip = STRIP_AUTO},
		"a path lies beneath what is no folder: x/y/z");
}

static void
an_archive_that_is_cut_off_is_no_output(void **state)
{
	(void)state;
	struct trial unpack = {
		.command = "mkdir t && echo hi >t/a && tar c" FLAGS "--record-size=512 t",
		.strip = STRIP_AUTO};
	unpack.cut = 512;
	fails_as(unpack, "tar: cut off");
	unpack.cut = 1024;
	fails_as(unpack, "tar: cut off");
	unpack.cut = 1024 + 100;
	fails_as(unpack, "tar: cut off");
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reported_hash_is_that_of_the_tree_in_any_order_of_entries),
		cmocka_unit_test(folders_that_have_no_entry_are_made_and_may_be_told_later),
		cmocka_unit_test(one_top_folder_is_taken_away_and_no_other),
		cmocka_unit_test(zeros_alone_are_no_archive),
		cmocka_unit_test(a_subpath_is_all_that_is_taken),
		cmocka_unit_test(hard_links_become_files_of_their_own),
		cmocka_unit_test(two_entries_of_one_path_are_refused),
		cmocka_unit_test(nothing_is_written_through_a_link_or_beneath_a_file),
		cmocka_unit_test(an_archive_that_is_cut_off_is_no_output),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	struct err err;
	return path_remove(AT_FDCWD, folder, &err) ? failed : 1;
}
