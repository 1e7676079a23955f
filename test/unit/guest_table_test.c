/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "table.h"

struct item {
	uint8_t key[TABLE_KEY];
	unsigned number;
};

static struct item
item_of(unsigned number)
{
	struct item item = {.number = number};
	uint32_t state = number * 2654435761u;
	for (size_t at = 0; at < TABLE_KEY; at++) {
		state = state * 1103515245 + 12345;
		item.key[at] = (uint8_t)(state >> 16);
	}
	memcpy(item.key + 4, &number, sizeof number);
	return item;
}

static void
put(struct table *table, struct item *item)
{
	void **slot = table_slot(table, item->key);
	assert_null(*slot);
	*slot = item;
	table->count++;
}

static void
every_item_is_found_after_the_table_has_grown(void **state)
{
	(void)state;
	enum { COUNT = 20000 };
	struct table table = {0};
	struct item *items = memory_zero(COUNT, sizeof *items);
	for (unsigned at = 0; at < COUNT; at++) {
		items[at] = item_of(at);
		put(&table, &items[at]);
	}
	for (unsigned at = 0; at < COUNT; at++)
		assert_ptr_equal(*table_slot(&table, items[at].key), &items[at]);
	struct item absent = item_of(COUNT);
	assert_null(*table_slot(&table, absent.key));
	assert_int_equal(table.count, COUNT);
	free(items);
}

static void
keys_that_begin_alike_are_told_apart(void **state)
{
	(void)state;
	enum { COUNT = 800 };
	struct table table = {0};
	struct item *items = memory_zero(COUNT, sizeof *items);
	for (unsigned at = 0; at < COUNT; at++) {
		/* All at the last slot, so that the walk comes round to the first. */
		memset(items[at].key, 0xff, TABLE_KEY);
		memcpy(items[at].key + TABLE_KEY - sizeof at, &at, sizeof at);
		put(&table, &items[at]);
	}
	for (unsigned at = 0; at < COUNT; at++)
		assert_ptr_equal(*table_slot(&table, items[at].key), &items[at]);
	free(items);
}

static void
looking_adds_nothing(void **state)
{
	(void)state;
	struct table table = {0};
	struct item item = item_of(1);
	for (unsigned at = 0; at < 5000; at++) {
		struct item other = item_of(at);
		assert_null(*table_slot(&table, other.key));
	}
	put(&table, &item);
	assert_int_equal(table.count, 1);
	assert_true(table.slot_count <= 1024);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_item_is_found_after_the_table_has_grown),
		cmocka_unit_test(keys_that_begin_alike_are_told_apart),
		cmocka_unit_test(looking_adds_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
