/* SPDX-License-Identifier: MPL-2.0 */
#include "network/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#define reach_set(reach, option, value)                                                            \
	must(curl_easy_setopt((reach)->easy, option, value) == CURLE_OK, "libcurl takes " #option)

static curl_socket_t
reach_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct reach *reach = (struct reach *)context;
	(void)purpose;
	if (!reach->is_proxied && !reach->is_named) {
		struct err err = {0};
		if (!policy_permits(&reach->config->policy, &address->addr, &err)) {
			reach->failure = err;
			return CURL_SOCKET_BAD;
		}
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void
reach_set_all(struct reach *reach, const struct url *url, const char *text)
{
	const char *proxy = reach->config->proxies[url->tls];
	reach->is_proxied = proxy && !policy_is_loopback(url_host(url));
	reach_set(reach, CURLOPT_URL, text);
	reach_set(reach, CURLOPT_CONNECT_ONLY, 1L);
	reach_set(reach, CURLOPT_FRESH_CONNECT, 1L);
	reach_set(reach, CURLOPT_PRIVATE, &reach->owner);
	reach_set(reach, CURLOPT_ERRORBUFFER, reach->text);
	reach_set(reach, CURLOPT_OPENSOCKETFUNCTION, reach_socket);
	reach_set(reach, CURLOPT_OPENSOCKETDATA, reach);
	reach_set(reach, CURLOPT_PROXY, reach->is_proxied ? proxy : "");
	reach_set(reach, CURLOPT_NOPROXY, "");
	reach_set(reach, CURLOPT_HTTPPROXYTUNNEL, 1L);
	reach_set(reach, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	reach_set(reach, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	reach_set(reach, CURLOPT_PROTOCOLS_STR, "http");
	reach_set(reach, CURLOPT_NOSIGNAL, 1L);
	reach_set(reach, CURLOPT_TCP_KEEPALIVE, 1L);
	reach_set(reach, CURLOPT_CONNECTTIMEOUT, (long)reach->config->connect_seconds);
}

bool
reach_start(struct reach *reach, CURLM *multi, const struct config *config, const struct url *url,
	bool is_named, struct hop_easy easy, struct err *err)
{
	/* To libcurl it is http: whatever it is, what goes through is not libcurl's affair. */
	cleanup_buf struct buf text = BUF((size_t)2 * URL_LIMIT);
	struct bytes host = url_host(url);
	bool is_six = bytes_find(host, ':') != SIZE_MAX;
	buf_format(&text, "http://%s%.*s%s:%u/", is_six ? "[" : "", BYTES_ARGS(host),
		is_six ? "]" : "", (unsigned)url->port);
	*reach = (struct reach){
		.config = config, .owner = easy, .easy = curl_easy_init(), .is_named = is_named};
	must(reach->easy, "there is memory for a connection");
	reach_set_all(reach, url, buf_text(&text));
	/* Behind a proxy the address is not seen: one that is stated is judged here. */
	if (!is_named && !policy_permits_text(&config->policy, host, err))
		return false;
	CURLMcode code = curl_multi_add_handle(multi, reach->easy);
	if (code != CURLM_OK)
		return err_set(err, ERR_SYSTEM, "libcurl: %s", curl_multi_strerror(code));
	reach->multi = multi;
	return true;
}

static bool
reach_explain(const struct reach *reach, CURLcode code, struct err *err)
{
	long number = 0;
	if (reach->failure.kind) {
		*err = reach->failure;
		return false;
	}
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_limit(err, ERR_LIMIT_TIME, "no connection within %u seconds",
			reach->config->connect_seconds);
	if (code == CURLE_COULDNT_CONNECT &&
		curl_easy_getinfo(reach->easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number)
		return err_system(err, (int)number, "connect");
	return hop_quote(reach->text, code, ERR_SYSTEM, err);
}

int
reach_finish(struct reach *reach, CURLcode code, struct err *err)
{
	curl_socket_t socket = CURL_SOCKET_BAD;
	if (code != CURLE_OK) {
		(void)reach_explain(reach, code, err);
		return -1;
	}
	(void)curl_easy_getinfo(reach->easy, CURLINFO_ACTIVESOCKET, &socket);
	/* libcurl closes its own when the handle goes. */
	int fd = socket == CURL_SOCKET_BAD ? -1 : fcntl(socket, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		(void)err_system(err, errno, "keep the connection");
	return fd;
}

void
reach_release(struct reach *reach)
{
	if (reach->multi)
		(void)curl_multi_remove_handle(reach->multi, reach->easy);
	curl_easy_cleanup(reach->easy);
	*reach = (struct reach){0};
}
