/* SPDX-License-Identifier: MPL-2.0 */
#include "store/cache.h"
#include "store/claim.h"
#include "store/internal.h"
#include "store/read.h"
#include "store/realization.h"
#include "store_fixture.h"

static const char *
target_of(const struct place *place, char path[400])
{
	(void)snprintf(path, 400, "%s/target", place->path);
	return path;
}

static struct realization
realization_of(const struct object *object, const char *derivation)
{
	struct realization realization = {.kind = REALIZATION_PINNED};
	realization.derivation = digest_of(bytes_text(derivation));
	struct realization_output *output = array_push(&realization.outputs);
	*output = (struct realization_output){.output = "out", .hash = object->hash};
	output->object = reference_of(object);
	return realization;
}

static void
a_closure_lies_there_whole_with_its_nodes_and_only_once(void **state)
{
	struct place *place = *state;
	char target[400];
	cleanup_object struct object base = add_text(place->store, "base", "b");
	cleanup_object struct object top = add_reference(place->store, "top", &base);
	struct store_push what = {.paths = &top.path, .path_count = 1};
	for (int round = 0; round < 2; round++) {
		good(store_push(place->store, target_of(place, target), &what, &err));
		/* Two folders with a file each. */
		assert_int_equal(count_names(place, "target/store"), 4);
		assert_int_equal(count_names(place, "target/nodes"), 2);
	}
	struct store *other;
	struct object found = {0};
	good((other = store_open(target, STORE_READ_ONLY, &err)));
	good(store_use(other, &top.path, &found, &err));
	assert_int_equal(found.vouch.kind, VOUCH_SELF);
	object_release(&found);
	store_close(other);
}

static void
what_is_missing_is_an_error_that_names_the_target(void **state)
{
	struct place *place = *state;
	char target[400];
	struct err failure;
	struct digest nobody = digest_of(BYTES_LITERAL("nobody"));
	struct store_push what = {.paths = &nobody, .path_count = 1};
	assert_false(store_push(place->store, target_of(place, target), &what, &failure));
	assert_int_equal(failure.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(failure.text, target));
	put(place->fd, "file", "x", 0644);
	(void)snprintf(target, sizeof target, "%s/file", place->path);
	assert_false(store_push(place->store, target, &what, &failure));
}

/* Records of others without a key are hearsay, and stay here. */
static void
only_what_is_our_own_or_signed_is_sent(void **state)
{
	struct place *place = *state;
	static const enum vouch_kind kinds[] = {VOUCH_SELF, VOUCH_KEY, VOUCH_REALIZER};
	static const char *const values[] = {"self", "key", "realizer"};
	char target[400];
	cleanup_object struct object object = add_text(place->store, "object", "x");
	struct digest keys[3];
	struct digest identities[3];
	for (size_t at = 0; at < 3; at++) {
		struct vouch vouch = {kinds[at], ""};
		if (kinds[at] != VOUCH_SELF)
			(void)stpcpy(vouch.name, "somebody");
		struct realization realization = realization_of(&object, values[at]);
		realization.vouch = vouch;
		realization_put(place->store, &realization);
		keys[at] = realization.key;
		realization_release(&realization);
		struct claim claim = {.format = "git", .hash = object.hash, .vouch = vouch};
		(void)stpcpy(claim.value, values[at]);
		claim_put(place->store, &claim);
		identities[at] = claim_key(&claim);
	}
	struct store_push what = {.realizations = keys,
		.realization_count = 3,
		.identities = identities,
		.identity_count = 3};
	good(store_push(place->store, target_of(place, target), &what, &err));
	struct store *other;
	good((other = store_open(target, STORE_READ_ONLY, &err)));
	for (size_t at = 0; at < 3; at++) {
		struct realization found;
		struct err err;
		struct claim claim = {.format = "git"};
		(void)stpcpy(claim.value, values[at]);
		bool sent = realization_get(other, &keys[at], 0, &found, &err);
		assert_int_equal(sent, kinds[at] != VOUCH_REALIZER);
		if (sent)
			realization_release(&found);
		assert_int_equal(claim_find(other, &claim, &err), sent);
	}
	store_close(other);
}

static void
a_realization_goes_with_all_that_it_was_made_from(void **state)
{
	struct place *place = *state;
	enum { DEEP = 200 };
	char target[400];
	cleanup_object struct object object = add_text(place->store, "object", "x");
	struct digest first = {0};
	struct digest last = {0};
	for (int at = 0; at < DEEP; at++) {
		char text[16];
		(void)snprintf(text, sizeof text, "%d", at);
		struct realization realization = realization_of(&object, text);
		if (at)
			*array_push(&realization.made_from) = last;
		realization_put(place->store, &realization);
		last = realization.key;
		if (at == 0)
			first = last;
		realization_release(&realization);
	}
	struct store_push what = {.realizations = &last, .realization_count = 1};
	good(store_push(place->store, target_of(place, target), &what, &err));
	struct store *other;
	struct realization found;
	good((other = store_open(target, STORE_READ_ONLY, &err)));
	good(realization_get(other, &first, 0, &found, &err));
	realization_release(&found);
	store_close(other);
}

static void
what_was_read_of_a_source_goes_without_the_source(void **state)
{
	struct place *place = *state;
	char target[400];
	cleanup_object struct object object = add_text(place->store, "source", "text");
	struct read_source source = {.hash = &object.hash, .name = "source"};
	cleanup_buf struct buf text = BUF(10);
	good(read_file(place->store, &source, BYTES_LITERAL("file"), &text, &err));
	struct cab_hash hashes[] = {object.hash, {'f', object.hash.digest}};
	/* Of the second nothing was read: nothing is sent, and that is no failure. */
	struct store_push what = {.reads = hashes, .read_count = 2};
	good(store_push(place->store, target_of(place, target), &what, &err));
	assert_int_equal(count_names(place, "target/store"), 0);
	struct store *other;
	good((other = store_open(target, STORE_READ_ONLY, &err)));
	source.name = NULL;
	buf_clear(&text);
	good(read_file(other, &source, BYTES_LITERAL("file"), &text, &err));
	assert_string_equal(buf_text(&text), "text");
	store_close(other);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(a_closure_lies_there_whole_with_its_nodes_and_only_once),
		in_place(what_is_missing_is_an_error_that_names_the_target),
		in_place(only_what_is_our_own_or_signed_is_sent),
		in_place(a_realization_goes_with_all_that_it_was_made_from),
		in_place(what_was_read_of_a_source_goes_without_the_source),
	};
	return cmocka_run_group_tests_name("push", tests, NULL, NULL);
}
