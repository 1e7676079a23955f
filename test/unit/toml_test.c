/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lang/toml.h"

/* One line for a value: {a=1,b=["x",2.5]}. */
static void
show(const struct toml_value *value, struct buf *out)
{
	switch (value->kind) {
	case TOML_TEXT:
		buf_format(out, "\"%.*s\"", BYTES_ARGS(value->text));
		return;
	case TOML_INTEGER:
		buf_format(out, "%lld", (long long)value->integer);
		return;
	case TOML_REAL:
		buf_format(out, "%.17g", value->real);
		return;
	case TOML_TRUTH:
		buf_add_text(out, value->truth ? "true" : "false");
		return;
	case TOML_DATE:
		buf_format(out, "@%.*s", BYTES_ARGS(value->text));
		return;
	case TOML_LIST:
		buf_add_byte(out, '[');
		for (const struct toml_item *item = value->list.first; item; item = item->next) {
			show(item->value, out);
			buf_add_text(out, item->next ? "," : "");
		}
		buf_add_byte(out, ']');
		return;
	case TOML_TABLE:
		buf_add_byte(out, '{');
		for (const struct toml_entry *entry = value->table.first; entry;
			entry = entry->next) {
			buf_format(out, "%.*s=", BYTES_ARGS(entry->key));
			show(entry->value, out);
			buf_add_text(out, entry->next ? "," : "");
		}
		buf_add_byte(out, '}');
		return;
	}
}

static void
gives(const char *text, const char *wanted)
{
	struct err err = {0};
	struct toml *toml = toml_parse(bytes_text(text), &err);
	if (!toml)
		fail_msg("%s: %s", text, err.text);
	cleanup_buf struct buf out = BUF(BUF_MAX);
	show(toml_root(toml), &out);
	assert_string_equal(buf_text(&out), wanted);
	toml_free(toml);
}

static void
fails(const char *text, const char *reason)
{
	struct err err = {0};
	struct toml *toml = toml_parse(bytes_text(text), &err);
	if (toml) {
		toml_free(toml);
		fail_msg("accepted: %s", text);
	}
	assert_int_equal(err.kind, ERR_CORRUPT);
	if (!strstr(err.text, reason))
		fail_msg("%s: '%s' is not in '%s'", text, reason, err.text);
}

static void
a_cargo_manifest_is_read(void **state)
{
	(void)state;
	gives("[package]\nname = \"hexyl\"\nversion = \"0.17.0\"\n\n[dependencies]\n"
	      "anstream = { version = \"0.6\", default-features = false }\nconst_format = '0.2'\n"
	      "[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n[[bin]]\nname = \"a\"\n"
	      "[[bin]]\nname = \"b\"\n[profile.release]\nlto = true\n",
		"{package={name=\"hexyl\",version=\"0.17.0\"},dependencies={anstream={version="
		"\"0.6\",default-features=false},const_format=\"0.2\"},target={cfg(unix)={"
		"dependencies={libc=\"0.2\"}}},bin=[{name=\"a\"},{name=\"b\"}],profile={release={"
		"lto=true}}}");
}

static void
numbers_are_read(void **state)
{
	(void)state;
	gives("a = +99\nb = -17\nc = 1_000\nd = 0xDEAD_beef\ne = 0o755\nf = 0b1101\ng = 0\nh = -0",
		"{a=99,b=-17,c=1000,d=3735928559,e=493,f=13,g=0,h=0}");
	gives("a = -9223372036854775808\nb = 9223372036854775807",
		"{a=-9223372036854775808,b=9223372036854775807}");
	gives("a = 3.5\nb = 5e+2\nc = 1e06\nd = -2E-2\ne = 6.5e1\nf = 9_2.5",
		"{a=3.5,b=500,c=1000000,d=-0.02,e=65,f=92.5}");
	fails("a = 9223372036854775808", "does not fit 64 bits");
	fails("a = 01", "this is no value");
	fails("a = 1__0", "this is no value");
	fails("a = _1", "this is no value");
	fails("a = 1_", "this is no value");
	fails("a = 1.", "this is no value");
	fails("a = .5", "this is no value");
	fails("a = 1.e5", "this is no value");
	fails("a = 0xg", "this is no value");
	fails("a = +0x1", "this is no value");
	fails("a = 1e999", "too large");
	fails("a = inf", "infinity");
	fails("a = -nan", "infinity");
}

static void
texts_are_read(void **state)
{
	(void)state;
	gives("a = \"\\t\\\"\\u00e4\\U0001F600\\x41\"", "{a=\"\t\"ä😀A\"}");
	gives("a = 'C:\\x'\nb = \"\"\nc = ''", "{a=\"C:\\x\",b=\"\",c=\"\"}");
	gives("a = \"\"\"\nx\ny\"\"\"", "{a=\"x\ny\"}");
	gives("a = \"\"\"\\\n   x \\\n\n   y\"\"\"", "{a=\"x y\"}");
	gives("a = \"\"\"x\"\"\"\"\"\nb = '''''y'''", "{a=\"x\"\"\",b=\"''y\"}");
	gives("a = '''\r\nx\r\n'''", "{a=\"x\n\"}");
	fails("a = \"x\ny\"", "not closed before its line ends");
	fails("a = \"\\q\"", "escape does not exist");
	fails("a = \"\\ud800\"", "no character");
	fails("a = \"\\u12\"", "4 hexadecimal digits");
	fails("a = \"\"\"x", "not closed");
	fails("a = \"\x01\"", "control character");
	fails("a = \"\xff\"", "not UTF-8");
}

static void
dates_keep_their_text(void **state)
{
	(void)state;
	gives("a = 1979-05-27T07:32:00Z\nb = 1979-05-27 00:32:00.5-07:00\nc = 1979-05-27\n"
	      "d = 07:32:00\ne = 2024-02-29",
		"{a=@1979-05-27T07:32:00Z,b=@1979-05-27 00:32:00.5-07:00,c=@1979-05-27,"
		"d=@07:32:00,e=@2024-02-29}");
	fails("a = 2023-02-29", "this is no value");
	fails("a = 1979-13-01", "this is no value");
	fails("a = 25:00:00", "this is no value");
}

static void
keys_are_dotted_and_quoted(void **state)
{
	(void)state;
	gives("a.b.c = 1\na.\"x y\" = 2\n3 . d = 4", "{a={b={c=1},x y=2},3={d=4}}");
	gives("a = { b.c = 1, b.d = 2, }", "{a={b={c=1,d=2}}}");
	gives("[x.y]\na = 1\n[x]\nb = 2\n[x.y.z]\nc = 3", "{x={y={a=1,z={c=3}},b=2}}");
	gives("[[a]]\n[a.b]\nx = 1\n[[a]]\n[[a.c]]\ny = 2", "{a=[{b={x=1}},{c=[{y=2}]}]}");
	fails("a = 1\na = 2", "line 2: a key is defined twice: 'a'");
	fails("[a]\n[a]", "twice");
	fails("a.b = 1\n[a]", "twice");
	fails("[a.b]\nx = 1\n[a]\nb.y = 2", "twice");
	fails("a = { b = 1 }\na.c = 2", "twice");
	fails("a = { b = 1 }\n[a.c]", "no table that a header may extend");
	fails("a = [1]\n[[a]]", "twice");
	fails("[[a]]\n[a]", "twice");
	fails("[a]\n[[a]]", "twice");
	fails("a = 1\n[a.b]", "no table");
	fails("\"\"\"a\"\"\" = 1", "one line");
}

static void
the_layout_is_strict(void **state)
{
	(void)state;
	gives("# only\n\n  \t# comments\r\n", "{}");
	gives("\xef\xbb\xbf"
	      "a = 1",
		"{a=1}");
	gives("a = [ # c\n 1,\n [ 2, ], # d\n ]", "{a=[1,[2]]}");
	fails("a = 1 b = 2", "line 1: something stands after the end");
	fails("a", "'=' is missing");
	fails("a =", "a value is missing");
	fails("= 1", "a key is missing");
	fails("a = [1 2]", "',' or ']' is missing");
	fails("a = [", "a value is missing");
	fails("a = {b = 1", "',' or '}' is missing");
	fails("[a", "a header is not closed");
	fails("[[a]", "a header is not closed");
	fails("a = [,]", "a value is missing");
	fails("a = tru", "this is no value");
	fails("# \x02", "control character");
}

static void
nesting_is_bounded(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(BUF_MAX);
	buf_add_text(&text, "a = ");
	for (int at = 0; at < 100000; at++)
		buf_add_byte(&text, '[');
	fails(buf_text(&text), "nested deeper than 128");
	buf_clear(&text);
	for (int at = 0; at < 100000; at++)
		buf_add_text(&text, "a.");
	buf_add_text(&text, "a = 1");
	fails(buf_text(&text), "nested deeper than 128");
}

static void
many_keys_take_linear_time(void **state)
{
	(void)state;
	cleanup_buf struct buf text = BUF(BUF_MAX);
	for (int at = 0; at < 50000; at++)
		buf_format(&text, "k%d = %d\n", at, at);
	struct err err = {0};
	struct toml *toml = toml_parse(buf_bytes(&text), &err);
	assert_non_null(toml);
	assert_int_equal(toml_root(toml)->table.count, 50000);
	assert_int_equal(toml_find(toml_root(toml), "k49999")->integer, 49999);
	toml_free(toml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cargo_manifest_is_read),
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(texts_are_read),
		cmocka_unit_test(dates_keep_their_text),
		cmocka_unit_test(keys_are_dotted_and_quoted),
		cmocka_unit_test(the_layout_is_strict),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(many_keys_take_linear_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
