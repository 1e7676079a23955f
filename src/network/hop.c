/* SPDX-License-Identifier: MPL-2.0 */
#include "network/hop.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RECEIVE_BUFFER = 128 << 10 };

static size_t
hop_header(char *data, size_t size, size_t count, void *context)
{
	struct hop *hop = (struct hop *)context;
	if (hop->failure.kind)
		return 0;
	if (!response_add(&hop->response, bytes_of(data, size * count), &hop->failure))
		return 0;
	return size * count;
}

static size_t
hop_body(char *data, size_t size, size_t count, void *context)
{
	struct hop *hop = (struct hop *)context;
	if (hop->failure.kind)
		return 0;
	switch (hop->spec.body(hop->spec.context, bytes_of(data, size * count))) {
	case HOP_TAKEN:
		return size * count;
	case HOP_FULL:
		return CURL_WRITEFUNC_PAUSE;
	case HOP_ENOUGH:
		break;
	}
	hop->had_enough = true;
	return 0;
}

static curl_socket_t
hop_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct hop *hop = (struct hop *)context;
	(void)purpose;
	if (!hop->is_proxied && !hop->is_named) {
		struct err err = {0};
		if (!policy_permits(&hop->spec.config->policy, &address->addr, &err)) {
			hop->failure = err;
			return CURL_SOCKET_BAD;
		}
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A name has many addresses: one that was refused does not matter once another has answered. A
 * connection made earlier is judged here, by the rules of this request. */
static int
hop_before(void *context, char *address, char *local, int port, int from) /* NOLINT: as libcurl's */
{
	struct hop *hop = (struct hop *)context;
	(void)local;
	(void)port;
	(void)from;
	err_clear(&hop->failure);
	if (!hop->is_proxied && !hop->is_named &&
		!policy_permits_text(&hop->spec.config->policy, bytes_text(address), &hop->failure))
		return CURL_PREREQFUNC_ABORT;
	hop->spec.reached(hop->spec.context, hop->was_reached);
	hop->was_reached = true;
	return CURL_PREREQFUNC_OK;
}

/* libcurl drops what stands behind a body's stated end; here it is counted before that. */
static int
hop_seen(CURL *easy, curl_infotype type, char *data, size_t size, void *context) /* NOLINT: ditto */
{
	struct hop *hop = (struct hop *)context;
	(void)easy;
	(void)data;
	if (type == CURLINFO_DATA_IN)
		hop->raw += size;
	return 0;
}

static void
hop_add_field(struct hop *hop, const char *line)
{
	struct curl_slist *longer = curl_slist_append(hop->fields, line);
	must(longer, "there is memory for a header");
	hop->fields = longer;
}

static void
hop_add_fields(struct hop *hop)
{
	const struct request *request = hop->spec.request;
	bool personal = false;
	for (size_t at = 0; at < request->fields.size; at++) {
		const struct request_field *field = &request->fields.data[at];
		if (field->is_personal && hop->spec.is_foreign)
			continue;
		personal |= field->is_personal;
		hop_add_field(hop, field->line);
	}
	for (size_t at = 0; at < HOP_LINES && hop->spec.lines[at]; at++)
		hop_add_field(hop, hop->spec.lines[at]);
	hop_add_field(hop, "Accept-Encoding: identity");
	hop_add_field(hop, "Expect:");
	if (!request_has_field(request, "user-agent"))
		hop_add_field(hop, "User-Agent: cab/" CAB_VERSION);
	if (!request_has_field(request, "content-type"))
		hop_add_field(hop, "Content-Type:");
	if (hop->spec.authorization && !personal)
		hop_add_field(hop, hop->spec.authorization);
}

/* An option that this libcurl lacks would be a policy that does not hold. */
#define hop_set(hop, option, value)                                                                \
	must(curl_easy_setopt((hop)->easy, option, value) == CURLE_OK, "libcurl takes " #option)

static void
hop_set_callbacks(struct hop *hop)
{
	hop_set(hop, CURLOPT_PRIVATE, &hop->spec.easy);
	hop_set(hop, CURLOPT_ERRORBUFFER, hop->text);
	hop_set(hop, CURLOPT_HEADERFUNCTION, hop_header);
	hop_set(hop, CURLOPT_HEADERDATA, hop);
	hop_set(hop, CURLOPT_WRITEFUNCTION, hop_body);
	hop_set(hop, CURLOPT_WRITEDATA, hop);
	hop_set(hop, CURLOPT_OPENSOCKETFUNCTION, hop_socket);
	hop_set(hop, CURLOPT_OPENSOCKETDATA, hop);
	hop_set(hop, CURLOPT_PREREQFUNCTION, hop_before);
	hop_set(hop, CURLOPT_PREREQDATA, hop);
	hop_set(hop, CURLOPT_DEBUGFUNCTION, hop_seen);
	hop_set(hop, CURLOPT_DEBUGDATA, hop);
	hop_set(hop, CURLOPT_VERBOSE, 1L);
}

static void
hop_set_connection(struct hop *hop)
{
	const struct config *config = hop->spec.config;
	const char *proxy = config->proxies[hop->spec.url->tls];
	hop->is_proxied = proxy && !policy_is_loopback(url_host(hop->spec.url));
	hop_set(hop, CURLOPT_PROXY, hop->is_proxied ? proxy : "");
	hop_set(hop, CURLOPT_NOPROXY, "");
	hop_set(hop, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	hop_set(hop, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	hop_set(hop, CURLOPT_PROTOCOLS_STR, "http,https");
	hop_set(hop, CURLOPT_FOLLOWLOCATION, 0L);
	hop_set(hop, CURLOPT_NOSIGNAL, 1L);
	hop_set(hop, CURLOPT_TCP_KEEPALIVE, 1L);
	hop_set(hop, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
	hop_set(hop, CURLOPT_CONNECTTIMEOUT, (long)config->connect_seconds);
	/* Servers that prepare a pack say so with five bytes each five seconds. */
	hop_set(hop, CURLOPT_LOW_SPEED_LIMIT, 1L);
	hop_set(hop, CURLOPT_LOW_SPEED_TIME, (long)config->stall_seconds);

	hop_set(hop, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	hop_set(hop, CURLOPT_SSL_VERIFYPEER, 1L);
	hop_set(hop, CURLOPT_SSL_VERIFYHOST, 2L);
	const char *authorities = getenv("SSL_CERT_FILE");
	if (config->authorities) {
		/* The system's folder of certificates is still looked into. */
		hop_set(hop, CURLOPT_CAINFO, config->authorities);
	} else if (authorities && *authorities) {
		hop_set(hop, CURLOPT_CAINFO, authorities);
		hop_set(hop, CURLOPT_CAPATH, NULL);
	}
	if (hop->spec.certificate.certificate) {
		hop_set(hop, CURLOPT_SSLCERT, hop->spec.certificate.certificate);
		hop_set(hop, CURLOPT_SSLKEY, hop->spec.certificate.key);
		/* Without one OpenSSL would ask on the terminal. */
		hop_set(hop, CURLOPT_KEYPASSWD, "");
	}
	hop_set(hop, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/* Requests for a host that turns out to speak HTTP/2 share its one connection. */
	hop_set(hop, CURLOPT_PIPEWAIT, (long)hop->spec.url->tls);
}

static void
hop_set_request(struct hop *hop)
{
	const struct request *request = hop->spec.request;
	hop_set(hop, CURLOPT_URL, hop->spec.url->text);
	hop_set(hop, CURLOPT_PATH_AS_IS, 1L);
	hop_add_fields(hop);
	hop_set(hop, CURLOPT_HTTPHEADER, hop->fields);
	switch (request->method) {
	case METHOD_GET:
		hop_set(hop, CURLOPT_HTTPGET, 1L);
		break;
	case METHOD_HEAD:
		hop_set(hop, CURLOPT_NOBODY, 1L);
		break;
	case METHOD_POST:
		hop_set(hop, CURLOPT_POST, 1L);
		hop_set(hop, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
		hop_set(hop, CURLOPT_POSTFIELDS,
			request->body.size ? (const char *)request->body.data : "");
		break;
	}
}

bool
hop_start(struct hop *hop, CURLM *multi, const struct hop_spec *spec, struct err *err)
{
	*hop = (struct hop){.spec = *spec, .easy = curl_easy_init()};
	must(hop->easy, "there is memory for a request");
	response_init(&hop->response);
	hop->is_named = config_names(spec->config, url_origin(spec->url));
	hop_set_callbacks(hop);
	hop_set_connection(hop);
	hop_set_request(hop);
	/* Behind a proxy the address is not seen: one that the URL states is judged here. */
	if (!hop->is_named && !policy_permits_text(&spec->config->policy, url_host(spec->url), err))
		return false;
	CURLMcode code = curl_multi_add_handle(multi, hop->easy);
	if (code != CURLM_OK)
		return err_set(err, ERR_SYSTEM, "libcurl: %s", curl_multi_strerror(code));
	hop->multi = multi;
	return true;
}

void
hop_pause(struct hop *hop, bool pause)
{
	if (hop->multi)
		(void)curl_easy_pause(hop->easy, pause ? CURLPAUSE_RECV : CURLPAUSE_CONT);
}

uint64_t
hop_retry_after(const struct hop *hop)
{
	curl_off_t seconds = 0;
	if (curl_easy_getinfo(hop->easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds < 0)
		return 0;
	return (uint64_t)seconds;
}

bool
hop_quote(const char *words, CURLcode code, enum err_kind kind, struct err *err)
{
	const char *text = words[0] ? words : curl_easy_strerror(code);
	bool is_name = false;
	for (const char *at = text; *at && *at != ' '; at++)
		is_name |= at > text && isupper((unsigned char)*at);
	char first = (char)(is_name ? text[0] : tolower((unsigned char)text[0]));
	return err_set(err, kind, "%c%s", first, text[0] ? text + 1 : "");
}

static bool
hop_timed_out(const struct hop *hop, struct err *err)
{
	if (!hop->was_reached)
		return err_limit(err, ERR_LIMIT_TIME, "no connection within %u seconds",
			hop->spec.config->connect_seconds);
	return err_limit(err, ERR_LIMIT_TIME, "nothing came for %u seconds",
		hop->spec.config->stall_seconds);
}

static bool
hop_unconnected(const struct hop *hop, CURLcode code, struct err *err)
{
	long number = 0;
	if (curl_easy_getinfo(hop->easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number)
		return err_system(err, (int)number, "connect");
	return hop_quote(hop->text, code, ERR_SYSTEM, err);
}

/* What the user can mend is said: not a certificate that is itself wrong, but one that nobody vouches for. */
static bool
hop_unproved(const struct hop *hop, CURLcode code, struct err *err)
{
	(void)hop_quote(hop->text, code, ERR_CORRUPT, err);
	if (!strstr(err->text, "self-signed") && !strstr(err->text, "local issuer"))
		return false;
	struct err quoted = *err;
	return err_set(err, ERR_CORRUPT,
		"%s; an authority of one's own is believed where network.ca names its file",
		quoted.text);
}

/* CURLcode has no end of values; the few that mean something here are named. */
static bool
hop_explain(const struct hop *hop, CURLcode code, struct err *err)
{
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		return hop_timed_out(hop, err);
	case CURLE_COULDNT_CONNECT:
		return hop_unconnected(hop, code, err);
	case CURLE_PEER_FAILED_VERIFICATION:
		return hop_unproved(hop, code, err);
	case CURLE_PARTIAL_FILE:
		return err_set(err, ERR_SYSTEM, "the body ended too early");
	case CURLE_GOT_NOTHING:
		return err_set(err, ERR_SYSTEM, "the connection was closed without a response");
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return hop_quote(hop->text, code, ERR_SYSTEM, err);
	default:
		return hop_quote(hop->text, code, ERR_CORRUPT, err);
	}
}

bool
hop_finish(struct hop *hop, CURLcode code, struct err *err)
{
	curl_off_t body = 0;
	long head = 0;
	(void)curl_easy_getinfo(hop->easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
	(void)curl_easy_getinfo(hop->easy, CURLINFO_HEADER_SIZE, &head);
	hop->received = (uint64_t)(body > 0 ? body : 0) + (uint64_t)(head > 0 ? head : 0);
	must(curl_multi_remove_handle(hop->multi, hop->easy) == CURLM_OK, "the handle was added");
	hop->multi = NULL;

	if (hop->failure.kind) {
		*err = hop->failure;
		return false;
	}
	if (hop->had_enough)
		return true;
	if (code != CURLE_OK)
		return hop_explain(hop, code, err);
	if (!hop->response.whole)
		return err_set(err, ERR_CORRUPT, "the response has no final status");
	if (hop->response.has_length && hop->spec.request->method != METHOD_HEAD &&
		hop->raw > hop->response.length)
		return err_set(err, ERR_CORRUPT,
			"the server sent more than the %llu bytes of its Content-Length",
			(unsigned long long)hop->response.length);
	return true;
}

void
hop_release(struct hop *hop)
{
	if (hop->multi)
		(void)curl_multi_remove_handle(hop->multi, hop->easy);
	hop->multi = NULL;
	curl_easy_cleanup(hop->easy);
	curl_slist_free_all(hop->fields);
	response_release(&hop->response);
	*hop = (struct hop){0};
}
