/* SPDX-License-Identifier: MPL-2.0 */
#include "pack_fixture.h"

/* Not a walk: what no honest git makes would end it. */
#define EVERY                                                                                      \
	GIT "cat-file --batch-all-objects --batch-check='%(objectname)' | " GIT                    \
	    "pack-objects -q --stdout"

/* HEAD has files of each kind; the tags are commits and tags that no honest git makes. */
static int
make_repository(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	struct buf made = in_folder(
		"git init -q r && cd r && mkdir -p a/b empty && echo one >a/one && echo two "
		">a/b/two && "
		"printf '#!' >a/run && chmod +x a/run && ln -s one a/link && "
		""
		"printf b >\"$(printf 'a/\\377')\" && cp a/one a/again && cd .. && " GIT
		"add . && " GIT
		"update-index --add --cacheinfo 160000,$(printf '1%.0s' $(seq 40)),a/module && " GIT
		"commit -q -m x && " GIT "tag -a -m t tag && " GIT
		"-c advice.nestedTag=false tag -a -m t tag-of-tag tag && "
		/* A tree that takes a blob for a folder, and one that takes a tree for a file. */
		"blob=$(" GIT "rev-parse HEAD:a/one) && tree=$(" GIT "rev-parse HEAD:a/b) && "
		"raw() { printf \"$1 $2\\0\"; python3 -c 'import sys; "
		"sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))' $3; } && "
		"write() { " GIT "hash-object -t tree -w --stdin --literally; } && "
		"name() { " GIT "update-ref refs/tags/$1 $(echo m | " GIT "commit-tree $2); } && "
		"name blob-as-folder $(raw 40000 x $blob | write) && "
		"name tree-as-file $(raw 100644 x $tree | write) && "
		"name twice $({ raw 100644 x $blob; raw 100644 x $blob; } | write) && "
		"name out $(raw 100644 .. $blob | write) && "
		"name git $(raw 40000 .git $tree | write) && "
		"name slash $(raw 100644 a/b $blob | write) && "
		"deep=$tree; for i in $(seq 140); do deep=$(printf '040000 tree %s\td\n' $deep "
		"| " GIT "mktree); done; "
		"name deep $deep && "
		"bomb=$(" GIT "mktree </dev/null); for i in $(seq 40); do bomb=$(printf "
		"'040000 tree %s\ta\n040000 tree %s\tb\n' $bomb $bomb | " GIT
		"mktree); done; name bomb $bomb && "
		"tag=$(" GIT "rev-parse HEAD); for kind in commit tag tag tag tag tag tag tag tag; "
		"do tag=$(printf "
		"'object %s\\ntype %s\\ntag t\\n\\n' $tag $kind | " GIT
		"hash-object -t tag -w --stdin --literally); done; " GIT
		"update-ref refs/tags/chain $tag");
	buf_release(&made);
	return 0;
}

static void
succeeds(const char *revision, const char *subpath, const char *expected, char kind)
{
	struct trial trial = {.pack = EVERY, .revision = revision, .subpath = subpath};
	struct buf log = guest_runs(receive_run, &trial, 0);
	struct buf list = in_folder("cd work && find out | LC_ALL=C sort");
	assert_string_equal(buf_text(&list), expected);
	struct buf said = in_folder("tail -n 1 work/hash");
	const char start[] = {'c', 'a', 'b', ' ', kind, '\0'};
	assert_int_equal(strncmp(buf_text(&said), start, 5), 0);
	if (kind == 'd') {
		char same[400];
		(void)snprintf(same, sizeof same,
			"rm -rf git && mkdir git && " GIT "archive '%s:%s' | tar x -C git && "
			"diff -r git work/out && (cd git && find . -type l -o -perm -u=x | sort) "
			">1 && "
			"(cd work/out && find . -type l -o -perm -u=x | sort) >2 && diff 1 2",
			revision, subpath);
		struct buf nothing = in_folder(same);
		assert_int_equal(nothing.size, 0);
		buf_release(&nothing);
	}
	buf_release(&said);
	buf_release(&list);
	buf_release(&log);
}

static void
tags_and_subpaths_lead_to_the_part_that_is_asked_for(void **state)
{
	(void)state;
	static const char b[] = "out\nout/two\n";
	succeeds("HEAD", "a/b", b, 'd');
	succeeds("tag", "a/b", b, 'd');
	succeeds("tag-of-tag", "a/b", b, 'd');
	succeeds("HEAD", "a/one", "out\n", 'f');
	succeeds("HEAD", "a/run", "out\n", 'x');
	succeeds("HEAD", "a/link", "out\n", 'l');
	/* A submodule that was not asked for is an empty folder. */
	static const char all[] = "out\nout/again\nout/b\nout/b/two\nout/link\n"
				  "out/module\nout/one\nout/run\nout/\xff\n";
	succeeds("HEAD", "a", all, 'd');
}

static void
what_the_subpath_does_not_lead_to_is_said(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"none", "the subpath is not there"},
		{"a/none", "the subpath is not there"},
		{"a/b/two/x", "a path lies beneath what is no folder"},
		{"a/link/x", "a path lies beneath what is no folder"},
		{"a/module", "the subpath is a submodule"},
		{"a/module/x", "a path lies beneath what is no folder"},
		{"A/b", "the subpath is not there"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct trial trial = {.pack = EVERY, .subpath = rows[at][0]};
		struct buf log = guest_runs(receive_run, &trial, 1);
		if (!log.size || !strstr(buf_text(&log), rows[at][1]))
			fail_msg("%s: %s", rows[at][0], log.size ? buf_text(&log) : "nothing");
		buf_release(&log);
	}
}

static void
P6_trees_that_break_a_rule_end_the_program(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"blob-as-folder", "which it is not"},
		{"tree-as-file", "which it is not"},
		{"twice", "out of order or twice"},
		{"out", "leads elsewhere"},
		{"git", "stands for the folder .git"},
		{"slash", "leads elsewhere"},
		{"deep", "more than 128 folders in each other"},
		{"chain", "it is no commit"},
		{"HEAD:a/one", "it is no commit"},
		{"HEAD:a", "it is no commit"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct trial trial = {.pack = EVERY, .revision = rows[at][0]};
		struct buf log = guest_runs(receive_run, &trial, 1);
		if (!log.size || !strstr(buf_text(&log), rows[at][1]))
			fail_msg("%s: %s", rows[at][0], log.size ? buf_text(&log) : "nothing");
		struct buf said = in_folder("cat work/hash; ls -A . work");
		assert_null(strstr(buf_text(&said), "cab d"));
		buf_release(&said);
		buf_release(&log);
	}
}

/* Forty trees, each of which stands twice in the next: the ceiling of all that is written holds, here near its end. What is waiting
 * meanwhile is less than what is written. */
static void
P6_folders_that_double_with_each_tree_meet_the_ceiling_of_files(void **state)
{
	(void)state;
	struct trial trial = {.pack = EVERY, .revision = "bomb", .files = OUTPUT_FILES - 3000};
	struct buf log = guest_runs(receive_run, &trial, 1);
	if (!log.size || !strstr(buf_text(&log), "more than 2 million files"))
		fail_msg("%s", log.size ? buf_text(&log) : "nothing");
	buf_release(&log);
	struct buf made = in_folder("find work/out | wc -l; cat work/hash");
	assert_int_equal(strtoul(buf_text(&made), NULL, 10), 2999);
	assert_null(strstr(buf_text(&made), "cab d"));
	buf_release(&made);
}

/* Each object in turn is left out: then its absence is what is said, and nothing is called the output. */
static void
whatever_does_not_come_is_missed(void **state)
{
	(void)state;
	for (int missing = 1; missing <= 8; missing++) {
		char pack[600];
		(void)snprintf(pack, sizeof pack,
			GIT "rev-list --objects HEAD | cut -c1-40 | sed %dd | " GIT
			    "pack-objects -q --stdout --window=0",
			missing);
		struct trial trial = {.pack = pack};
		struct buf log = guest_runs(receive_run, &trial, 1);
		if (!log.size || !strstr(buf_text(&log), "the server did not send it"))
			fail_msg("%d: %s", missing, log.size ? buf_text(&log) : "nothing");
		buf_release(&log);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_and_subpaths_lead_to_the_part_that_is_asked_for),
		cmocka_unit_test(what_the_subpath_does_not_lead_to_is_said),
		cmocka_unit_test(P6_trees_that_break_a_rule_end_the_program),
		cmocka_unit_test(P6_folders_that_double_with_each_tree_meet_the_ceiling_of_files),
		cmocka_unit_test(whatever_does_not_come_is_missed),
	};
	return cmocka_run_group_tests_name("checkout", tests, make_repository, remove_repository);
}
