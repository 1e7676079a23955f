/* SPDX-License-Identifier: MPL-2.0 */
/* An account as JSON (cab-account(5)), with the sentence that says why each source was or was not fetched. */
#include <string.h>
#include <time.h>

#include "cli/account.h"
#include "cli/terminal.h"
#include "session/session.h"

enum { ENCODE_TIME = 32 };

/* One source of the run: an island, or a self-fixing derivation that is none (then `island` is NULL). */
struct encode_source {
	const struct account *account;
	struct session *session;
	struct bytes name;
	size_t node; /* SIZE_MAX: nothing used it */
	const struct session_source *island;
	struct plan_found found;
	const struct account_run *last; /* of its runs; NULL: nothing was done */
	bool ran;                       /* one of them, to its end */
};

static void
encode_key(struct buf *out, const char *key, struct bytes text)
{
	buf_format(out, ",\"%s\":", key);
	terminal_add_json(out, text);
}

static void
encode_number(struct buf *out, const char *key, uint64_t number)
{
	buf_format(out, ",\"%s\":%llu", key, (unsigned long long)number);
}

static const char *
encode_work(const struct account_run *run)
{
	switch (run->work) {
	case PLAN_ASK:
		return "ask";
	case PLAN_FETCH:
		return "fetch";
	case PLAN_BUILD:
		break;
	}
	return "build";
}

static const char *
encode_outcome(enum account_outcome outcome)
{
	switch (outcome) {
	case ACCOUNT_RAN:
		return "ran";
	case ACCOUNT_FOUND:
		return "found";
	case ACCOUNT_STOPPED:
		return "stopped";
	case ACCOUNT_FAILED:
		return "failed";
	case ACCOUNT_RUNNING:
		break;
	}
	return "interrupted";
}

/* The realizer's word for who knew it: the lock is what its caller hands over. */
static struct bytes
encode_known(struct bytes known)
{
	if (bytes_equal_text(known, "caller"))
		return BYTES_LITERAL("lock");
	return bytes_equal_text(known, "store") ? BYTES_LITERAL("table") : known;
}

/* For objects of git that evaluation reads: the one thing that stands in the environment of an island's program. */
static bool
encode_is_read(struct session *session, const struct account_run *run)
{
	const struct graph_node *node = graph_node(session_graph(session), run->node);
	return node->island.size && node->derivation.environment_count;
}

static bool
encode_is_of(const struct encode_source *source, const struct account_run *run)
{
	if (source->node != SIZE_MAX && run->node == source->node)
		return true;
	const struct graph_node *node = graph_node(session_graph(source->session), run->node);
	return source->island && encode_is_read(source->session, run) &&
	       bytes_equal(node->island, source->name);
}

static bool
encode_was_reported(const struct encode_source *source, struct bytes text)
{
	for (size_t at = 0; at < source->account->runs.size; at++) {
		const struct account_run *run = &source->account->runs.data[at];
		for (size_t mark = 0; encode_is_of(source, run) && mark < run->identities.size;
			mark++)
			if (bytes_equal(run->identities.data[mark].text, text))
				return true;
	}
	return false;
}

/* Whether the lock had it when the run began; of a derivation that is no island all or nothing is new. */
static bool
encode_was_locked(const struct encode_source *source, struct identity identity)
{
	const struct session_source *island = source->island;
	for (size_t at = 0; island && at < island->before_count; at++)
		if (identity_equal(island->before[at], identity))
			return true;
	return !island && !source->found.changed;
}

/* From where this run has an identity. */
static struct bytes
encode_from(const struct encode_source *source, struct identity identity, struct bytes text)
{
	bool is_cab = bytes_equal_text(identity.format, "cab");
	if (source->island && source->island->is_read && source->found.asked)
		return BYTES_LITERAL("run");
	if (encode_was_reported(source, text) || (is_cab && source->ran))
		return BYTES_LITERAL("run");
	bool known = source->last && (source->last->outcome == ACCOUNT_STOPPED ||
					     source->last->outcome == ACCOUNT_FOUND);
	if (known && source->last->known.size && (is_cab || !encode_was_locked(source, identity)))
		return encode_known(source->last->known);
	return source->island && source->island->has_checksum ? BYTES_LITERAL("text")
							      : BYTES_LITERAL("lock");
}

/* Whether more than the lock says that this identity and the Cab hash are of one content. */
static bool
encode_is_proved(const struct encode_source *source, struct identity identity)
{
	if (source->ran || (source->island && source->island->has_checksum))
		return true;
	/* A commit that is held proves its tree by its id. */
	if (source->island && source->island->is_read && !source->found.has_hash)
		return true;
	if (!source->found.has_hash || !source->island)
		return false;
	struct session_pair pair =
		session_look_source(source->session, source->island, identity, &source->found.hash);
	return pair.proof == PROOF_TABLE || pair.proof == PROOF_RECORD;
}

static void
encode_identities(const struct encode_source *source, struct buf *out)
{
	struct arena arena = ARENA;
	const struct identity *list = source->found.identities;
	size_t count = source->found.identity_count;
	if (!count && source->island) {
		list = source->island->before;
		count = source->island->before_count;
	}
	bool all = count > 1 || source->ran;
	buf_add_text(out, ",\"identities\":[");
	for (size_t at = 0; at < count; at++) {
		struct bytes text = identity_print(&arena, list[at]);
		bool is_cab = bytes_equal_text(list[at].format, "cab");
		bool proved = is_cab ? all : encode_is_proved(source, list[at]);
		all &= proved;
		buf_add_text(out, at ? ",{\"identity\":" : "{\"identity\":");
		terminal_add_json(out, text);
		encode_key(out, "from", encode_from(source, list[at], text));
		buf_format(out, ",\"proved\":%s}", proved ? "true" : "false");
	}
	buf_add_text(out, "]");
	arena_release(&arena);
}

/* Why a program was run that finds out what the source is now. */
static void
encode_why_asked(const struct encode_source *source, struct buf *out)
{
	const struct session_source *island = source->island;
	if (island && island->instead)
		buf_format(out, "--override takes %s for it, which no lock pins", island->instead);
	else if (!session_lock_path(source->session))
		buf_add_text(out, "a run without an entry file has no lock");
	else if (!island)
		buf_add_text(out,
			"it had no entry in the lock, or is another derivation now, or an update "
			"was wanted");
	else if (island->before_count)
		buf_add_text(out, "an update was wanted");
	else
		buf_add_text(out, "the lock had no entry for it");
}

static void
encode_why_run(const struct encode_source *source, const struct account_run *run, struct buf *out)
{
	bool asked = run->work == PLAN_ASK;
	bool built = run->work == PLAN_BUILD;
	bool read = encode_is_read(source->session, run);
	if (read && !asked)
		buf_add_text(out, "evaluation read files of it");
	else if (asked)
		encode_why_asked(source, out);
	else if (built)
		buf_add_text(out, "what the lock says of it was wanted, and no store held that");
	else
		buf_add_text(out, "what uses it had to run, and no store held it");
	switch (run->outcome) {
	case ACCOUNT_RAN:
		buf_add_text(out, read    ? asked ? ": asked, and its trees were read"
						  : ": objects of git were read by their ids"
				  : asked ? ": asked, and as nobody knew the answer, fetched whole"
				  : built ? ": run again"
					  : ": fetched by its pin");
		break;
	case ACCOUNT_FOUND:
		buf_clear(out);
		buf_add_text(out, read ? "evaluation read files of it, and a store or cache held "
					 "them"
				       : "what uses it had to run, and a store or cache held it");
		break;
	case ACCOUNT_STOPPED:
		if (run->known.size)
			buf_format(out, ": asked, and stopped where the %.*s knew the answer",
				BYTES_ARGS(encode_known(run->known)));
		else
			buf_add_text(out, ": asked for its first identity alone");
		break;
	case ACCOUNT_FAILED:
		buf_format(out, ": it failed: %.*s", BYTES_ARGS(run->why));
		break;
	case ACCOUNT_RUNNING:
		buf_add_text(out, ": it was interrupted");
		break;
	}
}

/* Its object was looked for, and there it was. */
static bool
encode_is_held(const struct encode_source *source)
{
	size_t count = 0;
	return plan_outputs(session_plan(source->session), source->node, &count) != NULL;
}

static void
encode_why(const struct encode_source *source, struct buf *out)
{
	const struct session_source *island = source->island;
	if (island && island->is_local)
		buf_format(out, "it lies on this machine%s%s",
			island->instead ? ", by --override " : "",
			island->instead ? island->instead : "");
	else if (island && island->is_read && !source->last)
		buf_add_text(out, "only evaluation read of it, and a store held that");
	else if (!source->last && (source->node == SIZE_MAX || !source->found.identity_count))
		buf_add_text(out, "nothing that was wanted uses it");
	else if (!source->last)
		buf_add_text(out, encode_is_held(source)
					  ? "what uses it had to run, and a store or cache held it"
					  : "what uses it is there already: its pin was enough");
	/* Files that evaluation reads one after another are a run each, for one reason: it is said once. */
	cleanup_buf struct buf last = BUF(16 << 10);
	for (size_t at = 0; at < source->account->runs.size; at++) {
		const struct account_run *run = &source->account->runs.data[at];
		if (!encode_is_of(source, run))
			continue;
		cleanup_buf struct buf why = BUF(16 << 10);
		encode_why_run(source, run, &why);
		if (bytes_equal(buf_bytes(&why), buf_bytes(&last)))
			continue;
		buf_format(out, "%s%s", last.size ? "; then " : "", buf_text(&why));
		buf_clear(&last);
		buf_add(&last, buf_bytes(&why));
	}
}

static void
encode_run(const struct account_run *run, struct buf *out)
{
	buf_format(out, "{\"work\":\"%s\",\"outcome\":\"%s\"", encode_work(run),
		encode_outcome(run->outcome));
	encode_number(out, "start", run->start);
	encode_number(out, "end", run->end > run->start ? run->end : run->start);
	if (run->known.size)
		encode_key(out, "known", encode_known(run->known));
	if (run->realizer)
		encode_key(out, "by", bytes_text(run->realizer));
	buf_add_text(out, ",\"identities\":[");
	for (size_t at = 0; at < run->identities.size; at++) {
		buf_format(out, "%s{\"at\":%llu", at ? "," : "",
			(unsigned long long)run->identities.data[at].at);
		encode_key(out, "identity", run->identities.data[at].text);
		buf_add_text(out, "}");
	}
	buf_add_text(out, "],\"requests\":[");
	for (size_t at = 0; at < run->requests.size; at++) {
		const struct account_request *request = &run->requests.data[at];
		buf_format(out, "%s{\"start\":%llu", at ? "," : "",
			(unsigned long long)request->start);
		encode_number(out, "end", request->end);
		encode_key(out, "request", request->what);
		encode_number(out, "status", request->status);
		encode_number(out, "received", request->received);
		buf_add_text(out, "}");
	}
	buf_add_text(out, "]}");
}

static void
encode_runs(const struct encode_source *source, struct buf *out)
{
	bool first = true;
	buf_add_text(out, ",\"runs\":[");
	for (size_t at = 0; at < source->account->runs.size; at++) {
		if (!encode_is_of(source, &source->account->runs.data[at]))
			continue;
		if (!first)
			buf_add_text(out, ",");
		encode_run(&source->account->runs.data[at], out);
		first = false;
	}
	buf_add_text(out, "]");
}

static bool
encode_is_first(const struct encode_source *source, size_t until, size_t run, size_t origin)
{
	struct bytes text = source->account->runs.data[run].origins.data[origin];
	for (size_t at = 0; at < until; at++) {
		const struct account_run *before = &source->account->runs.data[at];
		for (size_t other = 0; encode_is_of(source, before) && other < before->origins.size;
			other++)
			if (bytes_equal(before->origins.data[other], text))
				return false;
	}
	return true;
}

/* What its runs moved together, and from where. */
static void
encode_moved(const struct encode_source *source, struct buf *out)
{
	uint64_t requests = 0;
	uint64_t received = 0;
	size_t count = 0;
	buf_add_text(out, ",\"origins\":[");
	for (size_t at = 0; at < source->account->runs.size; at++) {
		const struct account_run *run = &source->account->runs.data[at];
		if (!encode_is_of(source, run))
			continue;
		requests += run->sent;
		received += run->received;
		for (size_t origin = 0; origin < run->origins.size; origin++) {
			if (!encode_is_first(source, at, at, origin))
				continue;
			if (count++)
				buf_add_text(out, ",");
			terminal_add_json(out, run->origins.data[origin]);
		}
	}
	buf_add_text(out, "]");
	encode_number(out, "requests", requests);
	encode_number(out, "received", received);
}

static void
encode_source(struct encode_source *source, struct buf *out)
{
	source->last = NULL;
	source->ran = false;
	for (size_t at = 0; at < source->account->runs.size; at++) {
		const struct account_run *run = &source->account->runs.data[at];
		if (!encode_is_of(source, run))
			continue;
		source->last = run;
		source->ran |= run->outcome == ACCOUNT_RAN && !encode_is_read(source->session, run);
	}
	if (source->island)
		source->found = source->island->found;
	else if (source->node != SIZE_MAX)
		source->found = plan_found(session_plan(source->session), source->node);
	cleanup_buf struct buf why = BUF(64 << 10);
	encode_why(source, &why);
	buf_add_text(out, "{\"source\":");
	terminal_add_json(out, source->name);
	encode_key(out, "why", buf_bytes(&why));
	if (source->last && source->last->realizer)
		encode_key(out, "by", bytes_text(source->last->realizer));
	encode_identities(source, out);
	encode_moved(source, out);
	encode_number(out, "reads", source->island ? source->island->reads : 0);
	if (source->island && source->island->is_read)
		encode_key(out, "read", BYTES_LITERAL("objects of git"));
	encode_runs(source, out);
	buf_add_text(out, "}");
}

static void
encode_sources(const struct account *account, struct session *session, struct buf *out)
{
	struct arena arena = ARENA;
	size_t count = 0;
	for (size_t at = 0; at < session_source_count(session); at++) {
		struct session_source island = session_source_at(session, at);
		struct encode_source source = {.account = account,
			.session = session,
			.name = island.text,
			.node = island.node,
			.island = &island};
		if (count++)
			buf_add_text(out, ",");
		encode_source(&source, out);
	}
	for (size_t node = 0; node < graph_size(session_graph(session)); node++) {
		const struct graph_node *graph = graph_node(session_graph(session), node);
		if (graph->derivation.fixed != DERIVATION_SELF || graph->island.size)
			continue;
		struct encode_source source = {
			.account = account, .session = session, .node = node};
		source.name = bytes_text(arena_format(
			&arena, "derivation:%.*s", BYTES_ARGS(graph->derivation.name)));
		if (count++)
			buf_add_text(out, ",");
		encode_source(&source, out);
	}
	arena_release(&arena);
}

void
account_encode(const struct account *account, struct session *session, const char *command,
	struct buf *out)
{
	time_t seconds = (time_t)account->time;
	struct tm parts = {0};
	char time[ENCODE_TIME] = "";
	if (gmtime_r(&seconds, &parts))
		(void)strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &parts);
	buf_format(out, "{\"version\":%d", ACCOUNT_VERSION);
	encode_key(out, "command", bytes_text(command));
	if (session_entry(session))
		encode_key(out, "entry", bytes_text(session_entry(session)));
	encode_key(out, "time", bytes_text(time));
	encode_number(out, "milliseconds", loop_now() - account->since);
	encode_number(out, "requests", account->requests);
	encode_number(out, "received", account->received);
	encode_number(out, "programs", account->programs);
	buf_add_text(out, ",\"sources\":[");
	encode_sources(account, session, out);
	buf_add_text(out, "]}\n");
}
