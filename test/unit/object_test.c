/* SPDX-License-Identifier: MPL-2.0 */
#include "store/object.h"

#include "store_fixture.h"

static struct cab_hash
hash_text(const char *text)
{
	struct cab_hash hash;
	assert_true(cab_hash_parse(bytes_text(text), &hash));
	return hash;
}

static const char empty[] = "dlrwa6h4fkk6mhqa4k5qegvcqzoixznwmywpmpu7kezjhe24dllda";
static const char file[] = "frzghyg4z3p6vbz5jkgc75lk64fci7kieul65o6hk6xznx7lctkmq";
static const char one[] = "dbx7y2ohajtffofbic3ou6mrrfdj7fcnvcjht2q5qjv2e6zvsph3q";
static const char blanked[] = "ddo5yt6nkghdeif5boxlzu42uriheyb72tvp7hzu2yay5hefpjtta";
static const char whole[] = "dauvfnymqqcccwxvtqzhf3prbpswdnusoika72upc67plo5idjbya";
static const char self[] = "wxnkrveyiyfu4lcu27mxswy6jtoqntyznhfwygtv6rugps62pp2q";

static void
paths_are_those_of_the_manual(void **state)
{
	(void)state;
	struct cab_hash hash = hash_text(empty);
	struct object_reference references[2] = {{.name = "empty"}, {.name = "hello.txt-1.0"}};
	references[0].path = object_plain_path(&hash, "empty");
	assert_string_equal(store_path_print(&references[0].path, "empty").text,
		"/cull/store/sltqrk6rgnr5xr5ukfo2mk5ikrcj6ahm2ptlpd7cgupuibvcvm5q-empty");
	hash = hash_text(file);
	references[1].path = object_plain_path(&hash, "hello.txt-1.0");
	assert_string_equal(digest_print(&references[1].path).text,
		"qesqqrpf4t46ibocnlzvhoih25avfkz3nvm6mk2ujolnhqtyustq");

	object_references list = {0};
	object_selves none = {0};
	/* In either order, and twice. */
	for (size_t at = 0; at < 4; at++)
		*array_push(&list) = references[(at + 1) % 2];
	hash = hash_text(one);
	struct digest path = object_path(&hash, "one", &list, &none);
	assert_int_equal(list.size, 2);
	assert_string_equal(
		digest_print(&path).text, "qip7vecynkytgl2uujj27537awinhbi33q3ylipgozirubze62va");
	array_release(&list);
}

static struct object
object_with_selves(void)
{
	struct object object = {.hash = hash_text(whole), .size = 68, .files = 3};
	(void)stpcpy(object.name, "me");
	*array_push(&object.selves) = (struct object_self){bytes_of(strdup("to"), 2), 12};
	*array_push(&object.selves) = (struct object_self){bytes_of(strdup("self"), 4), 12};
	struct cab_hash without = hash_text(blanked);
	object.path = object_path(&without, object.name, &object.references, &object.selves);
	return object;
}

static void
a_self_reference_enters_the_path_by_its_position(void **state)
{
	(void)state;
	cleanup_object struct object object = object_with_selves();
	assert_string_equal(digest_print(&object.path).text, self);
}

static void
a_record_reads_back_what_was_written(void **state)
{
	(void)state;
	cleanup_object struct object object = object_with_selves();
	cleanup_object struct object back = {0};
	struct cab_hash without = hash_text(blanked);
	object.vouch = (struct vouch){VOUCH_REALIZER, "file:///srv/cab"};
	cleanup_buf struct buf record = BUF(BUF_MAX);
	object_encode(&object, &without, &record);
	assert_memory_equal(buf_text(&record), "cab object 1\npath wxnkrv", 24);
	good(object_decode(buf_bytes(&record), &object.path, &back, &err));
	assert_string_equal(back.name, "me");
	assert_true(cab_hash_equal(&back.hash, &object.hash));
	assert_int_equal(back.size, 68);
	assert_int_equal(back.selves.size, 2);
	assert_int_equal(back.selves.data[1].offset, 12);
	assert_true(bytes_equal_text(back.selves.data[1].path, "to"));
	assert_true(vouch_equal(&back.vouch, &object.vouch));
	struct digest other = digest_of(BYTES_LITERAL("other"));
	struct object nothing;
	bad(object_decode(buf_bytes(&record), &other, &nothing, &err), ERR_CORRUPT);
}

static void
every_flipped_byte_of_a_record_is_noticed(void **state)
{
	(void)state;
	cleanup_object struct object object = object_with_selves();
	struct cab_hash without = hash_text(blanked);
	cleanup_buf struct buf record = BUF(BUF_MAX);
	object_encode(&object, &without, &record);
	for (size_t at = 0; at < record.size; at++) {
		struct object back;
		record.data[at] ^= 1;
		bad(object_decode(buf_bytes(&record), &object.path, &back, &err), ERR_CORRUPT);
		record.data[at] ^= 1;
		bad(object_decode(bytes_first(buf_bytes(&record), at), &object.path, &back, &err),
			ERR_CORRUPT);
	}
}

static void
names_are_of_a_small_alphabet(void **state)
{
	(void)state;
	assert_true(object_is_name(bytes_text("hello-1.0+git_2?=")));
	char longest[OBJECT_NAME_MAX + 2];
	memset(longest, 'a', sizeof longest);
	assert_true(object_is_name(bytes_of(longest, OBJECT_NAME_MAX)));
	assert_false(object_is_name(bytes_of(longest, OBJECT_NAME_MAX + 1)));
	static const char *const names[] = {"", ".hidden", "a/b", "a b", "\xc3\xa9", "a\n", "a%20"};
	for (size_t at = 0; at < sizeof names / sizeof *names; at++)
		assert_false(object_is_name(bytes_text(names[at])));
	assert_false(object_is_name(bytes_of("a\0b", 3)));
}

static void
store_paths_are_parsed_strictly(void **state)
{
	(void)state;
	struct object_reference reference;
	const char *text = "/cull/store/sltqrk6rgnr5xr5ukfo2mk5ikrcj6ahm2ptlpd7cgupuibvcvm5q-empty";
	assert_true(store_path_parse(bytes_text(text), &reference));
	assert_string_equal(reference.name, "empty");
	assert_string_equal(store_path_print(&reference.path, reference.name).text, text);
	static const char *const texts[] = {
		"/cull/store/sltqrk6rgnr5xr5ukfo2mk5ikrcj6ahm2ptlpd7cgupuibvcvm5q-",
		"/cull/store/sltqrk6rgnr5xr5ukfo2mk5ikrcj6ahm2ptlpd7cgupuibvcvm5q",
		"/cull/store/sltqrk6rgnr5xr5ukfo2mk5ikrcj6ahm2ptlpd7cgupuibvcvm5q-a/b",
		"/cull/store/sltqrk6rgnr5xr5ukfo2mk5ikrcj6ahm2ptlpd7cgupuibvcvm5b-a",
		"/nix/store/sltqrk6rgnr5xr5ukfo2mk5ikrcj6ahm2ptlpd7cgupuibvcvm5q-a",
		"",
	};
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++)
		assert_false(store_path_parse(bytes_text(texts[at]), &reference));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_those_of_the_manual),
		cmocka_unit_test(a_self_reference_enters_the_path_by_its_position),
		cmocka_unit_test(a_record_reads_back_what_was_written),
		cmocka_unit_test(every_flipped_byte_of_a_record_is_noticed),
		cmocka_unit_test(names_are_of_a_small_alphabet),
		cmocka_unit_test(store_paths_are_parsed_strictly),
	};
	return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
