/* SPDX-License-Identifier: MPL-2.0 */
#include "network/credential.h"

#include "store_fixture.h"

#define O      BYTES_LITERAL("https://o.example")
#define OTHER  BYTES_LITERAL("https://other.example")
#define SECRET "s3cr3t"

/* A folder for the files, and the loop that commands run beside. */
struct desk {
	struct place place;
	struct credentials *credentials;
	struct loop *loop;
	int changed;
};

static void
note_change(void *context)
{
	((struct desk *)context)->changed++;
}

static void
desk_open(struct desk *desk)
{
	*desk = (struct desk){.credentials = credentials_new(), .loop = loop_new()};
	credentials_attach(desk->credentials, desk->loop, note_change, desk);
	(void)stpcpy(desk->place.path, "/tmp/cab-credential-XXXXXX");
	assert_non_null(mkdtemp(desk->place.path));
	desk->place.fd = open(desk->place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(desk->place.fd >= 0);
}

static void
desk_close(struct desk *desk)
{
	credentials_free(desk->credentials);
	loop_free(desk->loop);
	fd_close(desk->place.fd);
	good(path_remove(AT_FDCWD, desk->place.path, &err));
}

static void
add_row(struct desk *desk, enum credential_kind kind, enum credential_use use, struct bytes value)
{
	const struct credential_spec spec = {.kind = kind,
		.use = use,
		.origin = O,
		.value = value,
		.name = BYTES_LITERAL("X-Name")};
	credentials_add(desk->credentials, &spec);
}

/* The header, a command's after it has ended; NULL where there is none, and then err says why. */
static const char *
find(struct desk *desk, struct bytes origin, struct err *err)
{
	const char *header = NULL;
	err_clear(err);
	enum credential_result result = credential_find(desk->credentials, origin, &header, err);
	for (int before = desk->changed; result == CREDENTIAL_LATER;) {
		while (desk->changed == before)
			if (!loop_step(desk->loop, err))
				fail_msg("%s", err->text);
		result = credential_find(desk->credentials, origin, &header, err);
	}
	assert_true((result == CREDENTIAL_READY) == (header != NULL));
	assert_true((result == CREDENTIAL_FAILED) == (err->kind != ERR_NONE));
	return header;
}

static void
a_secret_becomes_the_line_that_its_use_says(void **state)
{
	(void)state;
	static const struct {
		enum credential_use use;
		const char *secret, *header;
	} rows[] = {
		{CREDENTIAL_BEARER, SECRET, "Authorization: Bearer " SECRET},
		{CREDENTIAL_BASIC, SECRET, "Authorization: Basic WC1OYW1lOnMzY3IzdA=="},
		{CREDENTIAL_HEADER, SECRET, "X-Name: " SECRET},
		{CREDENTIAL_GUESS, "Bearer " SECRET, "Authorization: Bearer " SECRET},
		{CREDENTIAL_GUESS, "Basic abc", "Authorization: Basic abc"},
		{CREDENTIAL_GUESS, "user:pass", "Authorization: Basic dXNlcjpwYXNz"},
		{CREDENTIAL_GUESS, "tok", "Authorization: Basic eC1hY2Nlc3MtdG9rZW46dG9r"},
		/* Only the first line, whatever ends it. */
		{CREDENTIAL_BEARER, SECRET "\nmore", "Authorization: Bearer " SECRET},
		{CREDENTIAL_BEARER, SECRET "\r\n", "Authorization: Bearer " SECRET},
		{CREDENTIAL_HEADER, " ~ ", "X-Name:  ~ "},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct desk desk;
		struct err err;
		desk_open(&desk);
		assert_int_equal(setenv("CAB_TEST_SECRET", rows[at].secret, 1), 0);
		add_row(&desk, CREDENTIAL_ENVIRONMENT, rows[at].use,
			BYTES_LITERAL("CAB_TEST_SECRET"));
		const char *header = find(&desk, O, &err);
		assert_non_null(header);
		assert_string_equal(header, rows[at].header);
		/* Kept in memory from then on. */
		assert_int_equal(unsetenv("CAB_TEST_SECRET"), 0);
		assert_ptr_equal(find(&desk, O, &err), header);
		desk_close(&desk);
	}
}

static void
what_cannot_stand_in_a_head_is_refused_without_a_word_of_it(void **state)
{
	(void)state;
	static const struct {
		const char *secret;
		enum err_kind kind;
	} rows[] = {
		{"", ERR_REFUSED},
		{"\n" SECRET, ERR_REFUSED},
		{"\r\n" SECRET, ERR_REFUSED},
		{SECRET "\tx", ERR_REFUSED},
		{SECRET "\rX-Evil: 1\n", ERR_REFUSED},
		{SECRET "\x7f", ERR_REFUSED},
		{SECRET "\xc3\xa9", ERR_REFUSED},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct desk desk;
		struct err err;
		char path[300];
		desk_open(&desk);
		put(desk.place.fd, "secret", rows[at].secret, 0600);
		(void)snprintf(path, sizeof path, "%s/secret", desk.place.path);
		add_row(&desk, CREDENTIAL_FILE, CREDENTIAL_GUESS, bytes_text(path));
		assert_null(find(&desk, O, &err));
		assert_int_equal(err.kind, rows[at].kind);
		assert_null(strstr(err.text, SECRET));
		assert_non_null(strstr(err.text, "https://o.example"));
		assert_non_null(strstr(err.text, path));
		desk_close(&desk);
	}
}

static void
a_secret_has_a_ceiling(void **state)
{
	(void)state;
	struct desk desk;
	struct err err;
	char path[300];
	char *secret = memory_zero(CREDENTIAL_LIMIT + 2, 1);
	memset(secret, 'a', CREDENTIAL_LIMIT + 1);
	desk_open(&desk);
	put(desk.place.fd, "secret", secret, 0600);
	(void)snprintf(path, sizeof path, "%s/secret", desk.place.path);
	add_row(&desk, CREDENTIAL_FILE, CREDENTIAL_HEADER, bytes_text(path));
	assert_null(find(&desk, O, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	/* A file is read again, for its user may have mended it. */
	secret[CREDENTIAL_LIMIT] = '\0';
	put(desk.place.fd, "secret", secret, 0600);
	assert_non_null(find(&desk, O, &err));
	free(secret);
	desk_close(&desk);
}

static void
what_is_not_there_is_said_by_its_place(void **state)
{
	(void)state;
	struct desk desk;
	struct err err;
	desk_open(&desk);
	assert_int_equal(unsetenv("CAB_TEST_SECRET"), 0);
	add_row(&desk, CREDENTIAL_ENVIRONMENT, CREDENTIAL_GUESS, BYTES_LITERAL("CAB_TEST_SECRET"));
	assert_null(find(&desk, O, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "CAB_TEST_SECRET"));
	/* The last row of an origin counts. */
	add_row(&desk, CREDENTIAL_FILE, CREDENTIAL_GUESS, BYTES_LITERAL("/nonexistent/secret"));
	assert_null(find(&desk, O, &err));
	assert_non_null(strstr(err.text, "/nonexistent/secret"));
	add_row(&desk, CREDENTIAL_NONE, CREDENTIAL_GUESS, BYTES_LITERAL(""));
	assert_null(find(&desk, O, &err));
	assert_int_equal(err.kind, ERR_NONE);
	assert_null(find(&desk, OTHER, &err));
	desk_close(&desk);
}

#define COMMAND(text) bytes_of("sh\0-c\0" text, sizeof("sh\0-c\0" text))

static void
a_command_prints_the_secret_or_its_end_is_told(void **state)
{
	(void)state;
	const struct {
		struct bytes command;
		const char *header, *error;
	} rows[] = {
		{COMMAND("printf '" SECRET "\\nrest'"), "Authorization: Bearer " SECRET, NULL},
		{COMMAND("cat; printf x"), "Authorization: Bearer x", NULL}, /* no standard input */
		{COMMAND("echo " SECRET "; exit 3"), NULL, "3"},
		{COMMAND("kill -9 $$"), NULL, "signal"},
		{COMMAND("true"), NULL, "empty"},
		{bytes_of("cab-no-such-program", 20), NULL, "127"},
		{COMMAND("head -c 70000 /dev/zero | tr '\\0' a"), NULL, ""},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct desk desk;
		struct err err;
		desk_open(&desk);
		add_row(&desk, CREDENTIAL_COMMAND, CREDENTIAL_BEARER, rows[at].command);
		const char *header = find(&desk, O, &err);
		if (rows[at].header) {
			assert_non_null(header);
			assert_string_equal(header, rows[at].header);
		} else {
			if (header || !strstr(err.text, rows[at].error))
				fail_msg("%zu: '%s', not '%s'", at, err.text, rows[at].error);
			assert_null(strstr(err.text, SECRET));
			assert_null(strstr(err.text, "aaaa"));
			/* It is not run again. */
			int before = desk.changed;
			assert_null(find(&desk, O, &err));
			assert_int_equal(desk.changed, before);
		}
		desk_close(&desk);
	}
}

static void
a_command_s_words_have_a_ceiling(void **state)
{
	(void)state;
	char words[200] = {0};
	for (size_t count = 64; count <= 65; count++) {
		struct desk desk;
		struct err err;
		desk_open(&desk);
		(void)memcpy(words, "echo", 5);
		for (size_t at = 1; at < count; at++)
			(void)memcpy(words + 5 + 2 * (at - 1), "x", 2);
		add_row(&desk, CREDENTIAL_COMMAND, CREDENTIAL_BEARER,
			bytes_of(words, 5 + 2 * (count - 1)));
		assert_true((find(&desk, O, &err) != NULL) == (count == 64));
		if (count > 64)
			assert_int_equal(err.kind, ERR_LIMIT);
		desk_close(&desk);
	}
}

/* A command that waits for ever must not outlive its credentials. */
static void
what_runs_is_killed_with_its_credentials(void **state)
{
	(void)state;
	struct desk desk;
	const char *header = NULL;
	struct err err = {0};
	int ends[2];
	char command[100] = "sh\0-c\0";
	desk_open(&desk);
	assert_int_equal(mkfifoat(desk.place.fd, "alive", 0600), 0);
	int size = snprintf(command + 6, sizeof command - 6, "exec 9>%s/alive; exec sleep 1000",
		desk.place.path);
	add_row(&desk, CREDENTIAL_COMMAND, CREDENTIAL_BEARER, bytes_of(command, (size_t)size + 7));
	assert_int_equal(credential_find(desk.credentials, O, &header, &err), CREDENTIAL_LATER);
	assert_int_equal(credential_find(desk.credentials, O, &header, &err), CREDENTIAL_LATER);
	/* It has the FIFO open once this returns, and has it no more when the read ends. */
	ends[0] = openat(desk.place.fd, "alive", O_RDONLY | O_CLOEXEC);
	assert_true(ends[0] >= 0);
	desk_close(&desk);
	char byte;
	assert_int_equal(read(ends[0], &byte, 1), 0);
	fd_close(ends[0]);
}

static void
a_secret_goes_to_its_token_server_or_its_origin_and_to_nobody_else(void **state)
{
	(void)state;
	static const struct {
		const char *realm, *asked;
		bool origin, server, named;
	} rows[] = {
		{"", "https://o.example", true, true, false},
		{"", "https://other.example", true, false, false},
		{"https://other.example", "https://other.example", false, true, true},
		{"https://other.example", "https://o.example", false, false, false},
		{"https://o.example", "https://o.example", true, true, true},
		{"https://other.example", "https://other.example:444", false, false, false},
	};
	assert_int_equal(setenv("CAB_TEST_SECRET", SECRET, 1), 0);
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct desk desk;
		struct err err = {0};
		const char *header = NULL;
		desk_open(&desk);
		const struct credential_spec spec = {.kind = CREDENTIAL_ENVIRONMENT,
			.origin = O,
			.value = BYTES_LITERAL("CAB_TEST_SECRET"),
			.realm = bytes_text(rows[at].realm)};
		credentials_add(desk.credentials, &spec);
		struct bytes asked = bytes_text(rows[at].asked);
		assert_int_equal(find(&desk, O, &err) != NULL, rows[at].origin);
		assert_int_equal(credential_find_realm(desk.credentials, O, asked, &header, &err) ==
					 CREDENTIAL_READY,
			rows[at].server);
		assert_int_equal(
			credential_names_realm(desk.credentials, O, asked), rows[at].named);
		assert_false(credential_names_realm(desk.credentials, OTHER, asked));
		assert_int_equal(
			credential_find_realm(desk.credentials, OTHER, asked, &header, &err),
			CREDENTIAL_ABSENT);
		desk_close(&desk);
	}
}

static void
a_certificate_without_a_key_holds_its_own(void **state)
{
	(void)state;
	struct desk desk;
	desk_open(&desk);
	struct credential_spec spec = {.kind = CREDENTIAL_NONE,
		.origin = O,
		.certificate = BYTES_LITERAL("/c.pem"),
		.key = BYTES_LITERAL("/k.pem")};
	assert_null(credential_certificate(desk.credentials, O).certificate);
	credentials_add(desk.credentials, &spec);
	assert_string_equal(credential_certificate(desk.credentials, O).certificate, "/c.pem");
	assert_string_equal(credential_certificate(desk.credentials, O).key, "/k.pem");
	assert_null(credential_certificate(desk.credentials, OTHER).certificate);
	spec.key = BYTES_LITERAL("");
	credentials_add(desk.credentials, &spec);
	assert_string_equal(credential_certificate(desk.credentials, O).key, "/c.pem");
	desk_close(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_becomes_the_line_that_its_use_says),
		cmocka_unit_test(what_cannot_stand_in_a_head_is_refused_without_a_word_of_it),
		cmocka_unit_test(a_secret_has_a_ceiling),
		cmocka_unit_test(what_is_not_there_is_said_by_its_place),
		cmocka_unit_test(a_command_prints_the_secret_or_its_end_is_told),
		cmocka_unit_test(a_command_s_words_have_a_ceiling),
		cmocka_unit_test(what_runs_is_killed_with_its_credentials),
		cmocka_unit_test(
			a_secret_goes_to_its_token_server_or_its_origin_and_to_nobody_else),
		cmocka_unit_test(a_certificate_without_a_key_holds_its_own),
	};
	return cmocka_run_group_tests_name("credential", tests, NULL, NULL);
}
