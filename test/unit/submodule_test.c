/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "submodule.h"

struct trial {
	const char *base, *url;
};

static void
resolve_run(void *context)
{
	const struct trial *trial = context;
	struct text out = {0};
	text_put(&out, "before");
	submodule_url(&out, span_text(trial->base), span_text(trial->url));
	(void)fprintf(stderr, "[%.*s]", (int)out.size, out.data);
}

static void
ends(struct trial trial, int code, const char *expected)
{
	struct buf log = guest_runs(resolve_run, &trial, code);
	if (!log.size || !strstr(buf_text(&log), expected))
		fail_msg("%s + %s: %s", trial.base, trial.url, log.size ? buf_text(&log) : "");
	buf_release(&log);
}

static void
a_relative_url_leads_from_its_repository_s(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{"https://h/o/r", "../x", "[https://h/o/x]"},
		{"https://h/o/r/", "../x", "[https://h/o/x]"},
		{"https://h/o/r.git", "../../p/x.git", "[https://h/p/x.git]"},
		{"https://h/o/r", "./x", "[https://h/o/r/x]"},
		{"https://h/o/r", "./../x", "[https://h/o/x]"},
		{"http://h:8/o/r", "../x/", "[http://h:8/o/x]"},
		{"https://h/o/r", "https://other/x", "[https://other/x]"},
		{"https://h/o/r", "http://other/x//", "[http://other/x]"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		ends((struct trial){rows[at][0], rows[at][1]}, 0, rows[at][2]);
}

static void
what_leads_elsewhere_or_nowhere_ends_the_program(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"../../../x", "above its host"},
		{"../../../../x", "above its host"},
		{"git@h:o/x", "not one of http, https or ssh"},
		{"ext::sh -c x", "not one of http, https or ssh"},
		{"file:///etc", "not one of http, https or ssh"},
		{"/etc", "not one of http, https or ssh"},
		{"x", "not one of http, https or ssh"},
		{"", "not one of http, https or ssh"},
		{"https://", "not one of http, https or ssh"},
		{"https:///x", "not one of http, https or ssh"},
		{"https://h", "not one of http, https or ssh"},
		{"https://h/", "not one of http, https or ssh"},
		{"https://h//", "not one of http, https or ssh"},
		{"https://user@h/x", "not one of http, https or ssh"},
		{"https://h/x?y", "not one of http, https or ssh"},
		{"https://h/x#y", "not one of http, https or ssh"},
		{"https://h/x y", "not one of http, https or ssh"},
		{"https://h\\x/y", "not one of http, https or ssh"},
		{"HTTPS://h/x", "not one of http, https or ssh"},
		{"../x?y", "not one of http, https or ssh"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		ends((struct trial){"https://h/o/r", rows[at][0]}, 1, rows[at][1]);
	/* Of a host alone there is nothing above. */
	ends((struct trial){"https://h", "../x"}, 1, "above its host");
	ends((struct trial){"https://h", "..//other/x"}, 1, "above its host");
	ends((struct trial){"https://h", "./x"}, 1, "above its host");
	ends((struct trial){"https://h/", "../x"}, 1, "above its host");
	ends((struct trial){"https://h//", "..//other/x"}, 1, "above its host");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_relative_url_leads_from_its_repository_s),
		cmocka_unit_test(what_leads_elsewhere_or_nowhere_ends_the_program),
	};
	return cmocka_run_group_tests_name("submodule", tests, NULL, NULL);
}
