/* SPDX-License-Identifier: MPL-2.0 */
#include "network/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network/origin.h"

static const char config_text[] =
	"{\"allow\":[],\"named\":[\"http://named.example\"],"
	"\"mirrors\":{\"https://o.example\":[\"https://m1.example/base//\",\"https://m2.example\"],"
	"\"https://none.example\":[],"
	"\"registry:npm/@scope\":[\"https://scope.example\",\"https://scope2.example/x\"]},"
	"\"registries\":{\"registry:crates\":\"https://c.example/{crate}/{version}.crate\","
	"\"registry:npm\":\"https://npm.example\",\"registry:npm/@null\":null,"
	"\"registry:npm/@ftp\":\"ftp://a\"},"
	"\"proxies\":{},\"credentials\":[],\"authorities\":\"\",\"ssh\":[\"ssh\"],\"connections\":"
	"1,"
	"\"limits\":{\"connect\":1,\"stall\":1,\"total\":1,\"retries\":0,\"wait\":1}}";

struct ask {
	const char *url, *origin;
	bool redirects;
	const char *places; /* with a space behind each; NULL: refused */
	const char *sentence;
};

/* The places of a URL, for a derivation that lists one origin. */
static void
expect(const struct config *config, const struct ask *ask)
{
	struct request request = {.redirects = ask->redirects, .url = BUF(URL_LIMIT)};
	struct places places = {0};
	struct err err = {0};
	char text[400] = "";
	buf_add_text(&request.url, ask->url);
	*array_push(&request.origins) = strdup(ask->origin);
	bool found = places_find(&places, config, &request, &err);
	for (size_t at = 0; found && at < places.urls.size; at++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s ",
			places.urls.data[at]);
	if (found != (ask->places != NULL))
		fail_msg("%s for %s: %s%s", ask->url, ask->origin, text, err.text);
	if (ask->places)
		assert_string_equal(text, ask->places);
	else if (err.kind != ERR_REFUSED || !strstr(err.text, ask->sentence))
		fail_msg("%s: kind %d: %s", ask->url, (int)err.kind, err.text);
	places_release(&places);
	assert_int_equal(places.urls.size, 0);
	free(request.origins.data[0]);
	array_release(&request.origins);
	buf_release(&request.url);
}

static void
expect_all(const struct ask *rows, size_t count)
{
	struct config config;
	struct err err = {0};
	if (!config_parse(bytes_text(config_text), &config, &err))
		fail_msg("%s", err.text);
	for (size_t at = 0; at < count; at++)
		expect(&config, &rows[at]);
	config_release(&config);
}

#define EXPECT(rows) expect_all(rows, sizeof(rows) / sizeof *(rows))

static void
a_url_is_its_own_place_where_its_origin_is_listed(void **state)
{
	(void)state;
	static const struct ask rows[] = {
		{"https://a.example/x?y", "https://a.example", false, "https://a.example/x?y ",
			NULL},
		{"HTTPS://A.example:443", "https://a.example", false, "https://a.example/ ", NULL},
		{"https://b.example/", "https://a.example", false, NULL, "not among the origins"},
		{"http://a.example/", "https://a.example", false, NULL, "not among the origins"},
		{"https://a.example:444/", "https://a.example", false, NULL, "not among"},
		{"https://a.example.evil/", "https://a.example", false, NULL, "not among"},
		/* What redirects may do is not a first URL's affair. */
		{"https://b.example/", "https://a.example", true, NULL, "not among the origins"},
		/* Named by the configuration is not listed by the derivation. */
		{"http://named.example/", "https://a.example", true, NULL, "not among the origins"},
		{"https://u@a.example/", "https://a.example", false, NULL, "user"},
		{"https:///x", "https://a.example", false, NULL, "host"},
		{"file:///etc/passwd", "https://a.example", false, NULL, ""},
	};
	EXPECT(rows);
}

static void
mirrors_stand_for_their_origin_in_order(void **state)
{
	(void)state;
	static const struct ask rows[] = {
		{"https://o.example/a/b?c", "https://o.example", false,
			"https://m1.example/base/a/b?c https://m2.example/a/b?c ", NULL},
		{"https://o.example", "https://o.example", false,
			"https://m1.example/base/ https://m2.example/ ", NULL},
		{"http://o.example/a", "http://o.example", false, "http://o.example/a ", NULL},
		{"https://none.example/a", "https://none.example", false, "https://none.example/a ",
			NULL},
		/* A mirror is no way to an origin that is not listed. */
		{"https://o.example/a", "https://m2.example", false, NULL, "not among the origins"},
	};
	EXPECT(rows);
}

static void
a_registry_is_where_mirrors_or_the_host_s_client_say(void **state)
{
	(void)state;
	static const struct ask rows[] = {
		{"registry:crates/hexyl/0.17.0", "registry:crates", false,
			"https://c.example/hexyl/0.17.0.crate ", NULL},
		{"registry:npm/left-pad", "registry:npm", false, "https://npm.example/left-pad ",
			NULL},
		{"registry:npm/@scope%2fname", "registry:npm", false,
			"https://scope.example/@scope%2fname "
			"https://scope2.example/x/@scope%2fname ",
			NULL},
		{"registry:npm/@other%2fname", "registry:npm", false,
			"https://npm.example/@other%2fname ", NULL},
		{"registry:npm/@null%2fname", "registry:npm", false, NULL,
			"registry:npm/@null cannot"},
		{"registry:npm/@ftp%2fname", "registry:npm", false, NULL,
			"registry:npm/@ftp cannot"},
		{"registry:pypi/x/", "registry:pypi", false, NULL, "pip's own"},
		{"registry:crates/hexyl", "registry:crates", false, NULL, "cargo"},
		{"registry:crates/hexyl/0.17.0", "registry:npm", false, NULL,
			"not among the origins"},
		{"registry:crates/../0.17.0", "registry:crates", false, NULL, ""},
		{"registry:nobody/x", "registry:nobody", false, NULL, ""},
	};
	EXPECT(rows);
}

static void
what_a_registry_s_document_names_is_reached_as_by_a_redirect(void **state)
{
	(void)state;
	static const struct ask rows[] = {
		{"https://files.example/x.tgz", "registry:npm", true,
			"https://files.example/x.tgz ", NULL},
		{"https://files.example/x.tgz", "registry:npm", false, NULL,
			"not among the origins"},
		{"http://files.example/x.tgz", "registry:npm", true, NULL, "not among the origins"},
		{"http://named.example/x", "registry:npm", false, "http://named.example/x ", NULL},
		{"https://npm.example/x", "registry:npm", false, "https://npm.example/x ", NULL},
	};
	EXPECT(rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_is_its_own_place_where_its_origin_is_listed),
		cmocka_unit_test(mirrors_stand_for_their_origin_in_order),
		cmocka_unit_test(a_registry_is_where_mirrors_or_the_host_s_client_say),
		cmocka_unit_test(what_a_registry_s_document_names_is_reached_as_by_a_redirect),
	};
	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
