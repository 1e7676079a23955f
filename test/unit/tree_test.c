/* SPDX-License-Identifier: MPL-2.0 */
#include "store/tree.h"

#include "store_fixture.h"

/* The vectors of cab-store(5); computed apart from this code. */
static void
expect_tree(struct place *place, const char *expected)
{
	struct tree_facts facts;
	good(store_hash_tree(place->fd, "out", NULL, NULL, &facts, &err));
	assert_string_equal(cab_hash_print(&facts.hash).text, expected);
	good(path_remove(place->fd, "out", &err));
}

static void
trees_have_the_hashes_of_the_manual(void **state)
{
	struct place *place = *state;
	put_folder(place->fd, "out");
	expect_tree(place, "dlrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dllda");
	put(place->fd, "out", "hello\n", 0644);
	expect_tree(place, "frzghyg4z3p6vbz5jkgc75lk64fci7kieul65o6hk6xznx7lctkmq");
	put(place->fd, "out", "hello\n", 0755);
	expect_tree(place, "xrzghyg4z3p6vbz5jkgc75lk64fci7kieul65o6hk6xznx7lctkmq");
	put(place->fd, "out", "", 0644);
	expect_tree(place, "fv4jutopv7gq2nicajxvdnxgjjgn4wjojvxarfn6mtkj4vza7gjra");
	put(place->fd, "out", "target", 0);
	expect_tree(place, "l74xzhviniscbebozq75sjoqq3flozm2ztcsjgh33552ommm4zyfa");
	put(place->fd, "out/hello", "hello\n", 0600);
	expect_tree(place, "dbx7y2ohajtffofbic3ou6mrrfdj7fcnvcjht2q5qjv2e6zvsph3q");
	put(place->fd, "out/hello", "hello\n", 0700);
	expect_tree(place, "dqvv7lmoyx6xd6dtyqgh7cu6m7ovduli3uqquryqix5c3ohzgo4oq");
	put_folder(place->fd, "out");
	put(place->fd, "out/link", "hello", 0);
	expect_tree(place, "dnuwik4jywq55vbabcm2mwe2bvtssyvvoziywhokcdbe2kgqvzuua");
}

static void
nested_trees_and_raw_names_have_the_hashes_of_the_manual(void **state)
{
	struct place *place = *state;
	put(place->fd, "out/bin/hello", "hello\n", 0755);
	assert_int_equal(renameat(place->fd, "out/bin/hello", place->fd, "out/bin/x"), 0);
	assert_int_equal(renameat(place->fd, "out/bin/x", place->fd, "out/bin/hello"), 0);
	put(place->fd, "out/a", "", 0644);
	put_folder(place->fd, "out/empty");
	put(place->fd, "out/link", "bin/hello", 0);
	expect_tree(place, "djsh6yna4ccilv4r3ev4i5cozundbqofa6jjjbkaidb4hwgu2wxwa");
	put(place->fd, "out/\xff\xfe", "hello\n", 0644);
	put(place->fd, "out/\xc3\xa9", "hello\n", 0644);
	put(place->fd, "out/a b\n", "hello\n", 0644);
	expect_tree(place, "dr4e2emubxyxcnornrof5mf5gde2p7t43vdlwu4u6kwnb3rw6hsta");
}

static void
a_file_with_the_bytes_of_a_node_is_not_the_directory(void **state)
{
	struct place *place = *state;
	struct cab_hash file;
	assert_true(cab_hash_parse(
		bytes_text("frzghyg4z3p6vbz5jkgc75lk64fci7kieul65o6hk6xznx7lctkmq"), &file));
	cleanup_buf struct buf node = BUF(TREE_NODE_MAX);
	struct tree_entry entry = {'f', BYTES_LITERAL("hello"), file.digest, {NULL, 0}};
	tree_write_start(&node);
	tree_write(&node, &entry);
	cleanup_fd int fd = openat(place->fd, "out", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	good(fd_write_all(fd, buf_bytes(&node), &err));
	expect_tree(place, "fbx7y2ohajtffofbic3ou6mrrfdj7fcnvcjht2q5qjv2e6zvsph3q");
}

static void
hashes_are_parsed_strictly(void **state)
{
	(void)state;
	struct cab_hash hash;
	const char *text = "dlrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dllda";
	assert_true(cab_hash_parse(bytes_text(text), &hash));
	assert_string_equal(cab_hash_print(&hash).text, text);
	assert_false(cab_hash_parse(bytes_text(text + 1), &hash));
	assert_false(cab_hash_parse(
		bytes_text("elrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dllda"), &hash));
	assert_false(cab_hash_parse(
		bytes_text("dlrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dlldb"), &hash));
	assert_false(cab_hash_parse(bytes_of(NULL, 0), &hash));
}

#define SHA "01234567890123456789012345678901"
#define NODE(body)                                                                                 \
	{                                                                                          \
#body, BYTES_LITERAL("cab tree 1\n" body)                                          \
	}

static void
nodes_that_break_a_rule_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct bytes node;
	} nodes[] = {
		NODE("f\1\0b" SHA "f\1\0a" SHA),
		NODE("f\1\0a" SHA "f\1\0a" SHA),
		NODE("f\1\0a" SHA "x\1\0a" SHA),
		NODE("f\0\0" SHA),
		NODE("d\1\0." SHA),
		NODE("d\2\0.." SHA),
		NODE("f\3\0a/b" SHA),
		NODE("f\2\0a\0" SHA),
		NODE("g\1\0a" SHA),
		NODE("f\1\0a0123"),
		NODE("f\377\377a" SHA),
		NODE("l\1\0a\0\0"),
		NODE("l\1\0a\2\0b\0"),
		NODE("l\1\0a\2\0b"),
		NODE("l\1\0a\0\20b"),
		NODE("f"),
		NODE("f\1"),
		NODE("f\1\0a" SHA "\n"),
		{"another version", BYTES_LITERAL("cab tree 2\n")},
		{"cut off", BYTES_LITERAL("cab tree 1")},
		{"nothing", BYTES_LITERAL("")},
	};
	for (size_t at = 0; at < sizeof nodes / sizeof *nodes; at++) {
		struct err err;
		if (tree_node_check(nodes[at].node, &err))
			fail_msg("%s was taken", nodes[at].name);
		assert_int_equal(err.kind, ERR_CORRUPT);
	}
	good(tree_node_check(BYTES_LITERAL("cab tree 1\nf\1\0a" SHA "l\1\0b\1\0c"), &err));
	good(tree_node_check(BYTES_LITERAL("cab tree 1\n"), &err));
}

static void
a_node_gives_its_entries(void **state)
{
	(void)state;
	struct bytes node = BYTES_LITERAL("cab tree 1\nf\1\0a" SHA "l\1\0b\3\0c/d");
	struct tree_entry entry;
	good(tree_node_find(node, BYTES_LITERAL("b"), &entry, &err));
	assert_int_equal(entry.kind, 'l');
	assert_true(bytes_equal_text(entry.target, "c/d"));
	good(tree_node_find(node, BYTES_LITERAL("a"), &entry, &err));
	assert_memory_equal(entry.digest.bytes, SHA, DIGEST_SIZE);
	bad(tree_node_find(node, BYTES_LITERAL("c"), &entry, &err), ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			trees_have_the_hashes_of_the_manual, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			nested_trees_and_raw_names_have_the_hashes_of_the_manual, place_setup,
			place_teardown),
		cmocka_unit_test_setup_teardown(
			a_file_with_the_bytes_of_a_node_is_not_the_directory, place_setup,
			place_teardown),
		cmocka_unit_test(hashes_are_parsed_strictly),
		cmocka_unit_test(nodes_that_break_a_rule_are_refused),
		cmocka_unit_test(a_node_gives_its_entries),
	};
	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
