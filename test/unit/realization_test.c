/* SPDX-License-Identifier: MPL-2.0 */
#include "store/realization.h"

#include "store/claim.h"
#include "store_fixture.h"

static struct realization
one_output(enum realization_kind kind, const char *text)
{
	struct realization realization = {.kind = kind};
	realization.derivation = digest_of(BYTES_LITERAL("derivation"));
	struct realization_output *output = array_push(&realization.outputs);
	(void)stpcpy(output->output, "out");
	output->hash = (struct cab_hash){'f', digest_of(bytes_text(text))};
	output->object.path = object_plain_path(&output->hash, "a");
	(void)stpcpy(output->object.name, "a");
	return realization;
}

static void
keys_are_those_of_the_manual(void **state)
{
	(void)state;
	struct digest derivation = digest_of(BYTES_LITERAL("derivation"));
	const char *outputs[] = {"out", "dev"};
	struct digest key = realization_key(REALIZATION_PINNED, &derivation, outputs, 2);
	assert_string_equal(
		digest_print(&key).text, "t33qorpubeibtzpyp5fa35qo76t2t4howqztcpzszplxjsciy4oa");
	key = realization_key(REALIZATION_RESOLVED, &derivation, outputs, 1);
	assert_string_equal(
		digest_print(&key).text, "bxuc2hzvuff2hssdai3tvjxtvagu5cuuxpnzc4riieztg4exxsnq");
	struct claim claim = {.format = "git", .value = "1f0c"};
	claim.program = digest_of(BYTES_LITERAL("program"));
	key = claim_key(&claim);
	assert_string_equal(
		digest_print(&key).text, "mnnn3zpbbkxq622qneewjqujxgvj3iwm5yd7xjqzztzdk7byi3ca");
	claim.scoped = true;
	claim.scope = digest_of(BYTES_LITERAL("scope"));
	key = claim_key(&claim);
	assert_string_equal(
		digest_print(&key).text, "ypsiw23zukcjllfqhzpzpgotiw2jowxwpbmgcpzvya7o6p4kk7oq");
}

static void
a_realization_is_found_at_once_and_after_the_sync(void **state)
{
	struct place *place = *state;
	struct realization put_in = one_output(REALIZATION_PINNED, "1");
	put_in.resolved = digest_of(BYTES_LITERAL("resolved"));
	*array_push(&put_in.made_from) = digest_of(BYTES_LITERAL("b"));
	*array_push(&put_in.made_from) = digest_of(BYTES_LITERAL("a"));
	*array_push(&put_in.made_from) = digest_of(BYTES_LITERAL("b"));
	realization_put(place->store, &put_in);
	for (int round = 0; round < 2; round++) {
		struct realization found;
		good(realization_find(place->store, &put_in.key, &found, &err));
		assert_int_equal(found.made_from.size, 2);
		assert_true(digest_equal(&found.resolved, &put_in.resolved));
		assert_string_equal(found.outputs.data[0].object.name, "a");
		realization_release(&found);
		good(store_sync(place->store, &err));
		place_reopen(place);
	}
	struct realization found;
	struct digest other = digest_of(BYTES_LITERAL("other"));
	bad(realization_find(place->store, &other, &found, &err), ERR_NOT_FOUND);
	realization_release(&put_in);
}

static void
vouchers_that_differ_are_both_kept_and_our_own_is_preferred(void **state)
{
	struct place *place = *state;
	struct realization foreign = one_output(REALIZATION_RESOLVED, "foreign");
	foreign.vouch = (struct vouch){VOUCH_KEY, "builder-1"};
	realization_put(place->store, &foreign);
	good(store_sync(place->store, &err));
	struct realization own = one_output(REALIZATION_RESOLVED, "own");
	for (int round = 0; round < 3; round++) {
		realization_put(place->store, &own);
		good(store_sync(place->store, &err));
	}
	place_reopen(place);
	struct realization found;
	good(realization_find(place->store, &own.key, &found, &err));
	assert_int_equal(found.vouch.kind, VOUCH_SELF);
	realization_release(&found);
	good(realization_get(place->store, &own.key, 0, &found, &err));
	assert_string_equal(found.vouch.name, "builder-1");
	realization_release(&found);
	bad(realization_get(place->store, &own.key, 2, &found, &err), ERR_NOT_FOUND);
	realization_release(&own);
	realization_release(&foreign);
}

static void
a_damaged_record_counts_as_none_and_is_replaced(void **state)
{
	struct place *place = *state;
	struct realization own = one_output(REALIZATION_RESOLVED, "own");
	realization_put(place->store, &own);
	struct claim claim = {.format = "git", .value = "1f0c"};
	claim.hash = own.outputs.data[0].hash;
	claim_put(place->store, &claim);
	good(store_sync(place->store, &err));
	place_reopen(place);
	char path[200];
	struct digest_text text = digest_print(&own.key);
	(void)snprintf(path, sizeof path, "cull/realizations/%.2s/%s", text.text, text.text);
	flip_byte(place, path, 40);
	struct digest key = claim_key(&claim);
	text = digest_print(&key);
	(void)snprintf(path, sizeof path, "cull/identities/%.2s/%s", text.text, text.text);
	flip_byte(place, path, 40);
	struct realization found;
	bad(realization_find(place->store, &own.key, &found, &err), ERR_NOT_FOUND);
	bad(claim_find(place->store, &claim, &err), ERR_NOT_FOUND);
	realization_put(place->store, &own);
	claim_put(place->store, &claim);
	good(store_sync(place->store, &err));
	place_reopen(place);
	good(realization_find(place->store, &own.key, &found, &err));
	realization_release(&found);
	good(claim_find(place->store, &claim, &err));
	realization_release(&own);
}

static void
scopes_and_programs_share_no_identity(void **state)
{
	struct place *place = *state;
	struct claim claim = {.format = "git", .value = "1f0c", .size = 3};
	claim.hash = (struct cab_hash){'d', digest_of(BYTES_LITERAL("x"))};
	claim_put(place->store, &claim);
	struct claim asked = {.format = "git", .value = "1f0c"};
	good(claim_find(place->store, &asked, &err));
	assert_int_equal(asked.size, 3);
	asked.scoped = true;
	bad(claim_find(place->store, &asked, &err), ERR_NOT_FOUND);
	asked.scoped = false;
	asked.program.bytes[0] = 1;
	bad(claim_find(place->store, &asked, &err), ERR_NOT_FOUND);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_those_of_the_manual),
		in_place(a_realization_is_found_at_once_and_after_the_sync),
		in_place(vouchers_that_differ_are_both_kept_and_our_own_is_preferred),
		in_place(a_damaged_record_counts_as_none_and_is_replaced),
		in_place(scopes_and_programs_share_no_identity),
	};
	return cmocka_run_group_tests_name("realization", tests, NULL, NULL);
}
