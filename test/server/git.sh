#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# git.sh: serves git repositories on loopback by git's own http-backend behind nginx and fcgiwrap, or behind apache.
#
#     test/server/git.sh start STATE REPOSITORIES [apache | [tls] [user=NAME:PASSWORD]]   prints the port once it answers
#     test/server/git.sh stop STATE
#     test/server/git.sh log STATE [WORDS]                  the requests so far that hold WORDS
#     test/server/git.sh count STATE [WORDS]                how many they are
#     test/server/git.sh forget STATE                       begins the log anew
#
#   http://127.0.0.1:PORT/OWNER/REPO[.git]/…   smart HTTP, all versions of the protocol, of the
#                                              repository REPOSITORIES/OWNER/REPO[.git]
#   http://127.0.0.1:PORT/-/NAME               the plain file REPOSITORIES/-/NAME
#
# With `tls` it also serves the same over https and HTTP/2, on the port in STATE/tls-port, as
# "localhost" and 127.0.0.1, with a certificate signed by STATE/authority.pem, made for the occasion.
#
# With `user=` it serves nothing but to that user (basic authentication).
#
# With `apache` it is apache with mod_cgi that does all this, a process of the backend for each request. As root it runs
# in a user namespace, as an ordinary user who owns what root owns: apache serves nothing as root.
#
# STATE is a folder of its own for each server: port, log, process ids, configuration. A line of the
# log: METHOD URI STATUS BYTES-SENT BYTES-RECEIVED HTTP-VERSION GIT-PROTOCOL CONNECTION (a number; - of apache). Serves what REPOSITORIES
# holds at the time of each request, whoever owns it. Needs git, nginx, fcgiwrap (or apache2), python3, curl;
# openssl for tls.
set -eu

usage() {
	sed -n 's/^# \{0,1\}//p' "$0" | sed -n '2,8p' >&2
	exit 2
}

certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
		-subj '/CN=an authority for tests' -keyout "$state/authority.key" -out "$state/authority.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=localhost' \
		-keyout "$state/server.key" -out "$state/server.csr" 2>/dev/null
	printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$state/server.ext"
	openssl x509 -req -in "$state/server.csr" -CA "$state/authority.pem" -CAkey "$state/authority.key" \
		-CAcreateserial -days 30 -extfile "$state/server.ext" -out "$state/server.pem" 2>/dev/null
}

# Its sockets are bound before nginx starts, which inherits them: so port 0 can be asked for.
nginx_configuration() {
	port=$1 tls_port=$2
	[ "$(id -u)" -ne 0 ] || echo 'user root;'
	cat <<NGINX
daemon off;
worker_processes 1;
pid $state/nginx.pid;
error_log $state/error.log warn;
events { worker_connections 512; }
http {
	log_format requests '\$request_method \$request_uri \$status \$bytes_sent \$request_length \$server_protocol \$http_git_protocol \$connection';
	access_log $state/log requests;
	client_body_temp_path $state/temporary; fastcgi_temp_path $state/temporary;
	proxy_temp_path $state/temporary; uwsgi_temp_path $state/temporary; scgi_temp_path $state/temporary;
	default_type application/octet-stream;
	keepalive_timeout 60;
	keepalive_requests 100000;
	client_max_body_size 0;
	server {
		listen 127.0.0.1:$port;
NGINX
	if [ -n "$tls_port" ]; then
		cat <<NGINX
		listen 127.0.0.1:$tls_port ssl http2;
		ssl_certificate $state/server.pem;
		ssl_certificate_key $state/server.key;
NGINX
	fi
	cat <<NGINX
		$demand
		location = /-/sync { auth_basic off; return 204; }
		location /-/ { root $repositories; }
		location / {
			fastcgi_pass unix:$state/cgi;
			fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend;
			fastcgi_param GIT_PROJECT_ROOT $repositories;
			fastcgi_param GIT_HTTP_EXPORT_ALL 1;
			fastcgi_param GIT_CONFIG_COUNT 2;
			fastcgi_param GIT_CONFIG_KEY_0 safe.directory;
			fastcgi_param GIT_CONFIG_VALUE_0 *;
			fastcgi_param GIT_CONFIG_KEY_1 uploadpack.allowFilter;
			fastcgi_param GIT_CONFIG_VALUE_1 true;
			fastcgi_param PATH_INFO \$uri;
			fastcgi_param QUERY_STRING \$query_string;
			fastcgi_param REQUEST_METHOD \$request_method;
			fastcgi_param CONTENT_TYPE \$content_type;
			fastcgi_param CONTENT_LENGTH \$content_length;
			fastcgi_param REMOTE_ADDR \$remote_addr;
			fastcgi_buffering off;
			fastcgi_read_timeout 600;
		}
	}
}
NGINX
}

# Of modules, what serves files and runs a CGI. One process, and a connection for each request: a line is written
# before the next request is taken up.
apache_configuration() {
	apache_modules=$(dirname "$(find /usr/lib/apache2 /usr/lib64/httpd /usr/libexec -name mod_cgi.so 2>/dev/null | head -n 1)")
	cat <<APACHE
ServerRoot $state
ServerName 127.0.0.1
Listen 127.0.0.1:$1
PidFile $state/apache.pid
ErrorLog $state/error.log
Mutex file:$state/temporary
LoadModule mpm_prefork_module $apache_modules/mod_mpm_prefork.so
LoadModule authz_core_module $apache_modules/mod_authz_core.so
LoadModule alias_module $apache_modules/mod_alias.so
LoadModule env_module $apache_modules/mod_env.so
LoadModule cgi_module $apache_modules/mod_cgi.so
LogFormat "%m %U%q %>s %O %I %H %{Git-Protocol}i -" requests
CustomLog $state/log requests
ServerLimit 1
MaxRequestWorkers 1
StartServers 1
KeepAlive Off
DocumentRoot $repositories
<Directory />
	Require all granted
</Directory>
SetEnv GIT_PROJECT_ROOT $repositories
SetEnv GIT_HTTP_EXPORT_ALL 1
SetEnv GIT_CONFIG_COUNT 2
SetEnv GIT_CONFIG_KEY_0 safe.directory
SetEnv GIT_CONFIG_VALUE_0 *
SetEnv GIT_CONFIG_KEY_1 uploadpack.allowFilter
SetEnv GIT_CONFIG_VALUE_1 true
RedirectMatch 204 ^/-/sync$
Alias /-/ $repositories/-/
ScriptAlias / $(git --exec-path)/git-http-backend/
APACHE
}

# The port is bound, not listened to, by a socket that apache is left with: so port 0 can be asked for, and nobody else
# gets it until apache, which does not inherit sockets, listens.
start_apache() {
	as=
	[ "$(id -u)" -ne 0 ] || as='unshare --user --map-user=1000 --map-group=1000'
	# shellcheck disable=SC2016 # Python's, not the shell's
	setsid $as python3 -c '
import os, socket, sys, time
state = sys.argv[1]
one = socket.socket()
one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
one.bind(("127.0.0.1", 0))
one.set_inheritable(True)
with open(state + "/ports.new", "w") as out:
    out.write("%d\n" % one.getsockname()[1])
os.rename(state + "/ports.new", state + "/ports")
while not os.path.exists(state + "/apache.conf"):
    time.sleep(0.01)
os.execvp("apache2", ["apache2", "-f", state + "/apache.conf", "-D", "FOREGROUND"])
' "$state" >"$state/apache.out" 2>&1 </dev/null &
	echo $! >"$state/apache.leader"
}

start_nginx() {
	# shellcheck disable=SC2016 # Python's, not the shell's
	setsid python3 -c '
import os, socket, sys, time
state, ports = sys.argv[1], int(sys.argv[2])
held = []
for _ in range(ports):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", 0))
    one.listen(512)
    one.set_inheritable(True)
    held.append(one)
numbers = [str(one.getsockname()[1]) for one in held]
with open(state + "/ports.new", "w") as out:
    out.write(" ".join(numbers) + "\n")
os.rename(state + "/ports.new", state + "/ports")
while not os.path.exists(state + "/nginx.conf"):
    time.sleep(0.01)
os.environ["NGINX"] = "".join("%d;" % one.fileno() for one in held)
os.execvp("nginx", ["nginx", "-c", state + "/nginx.conf", "-e", state + "/error.log"])
' "$state" "$1" >"$state/nginx.out" 2>&1 </dev/null &
	echo $! >"$state/nginx.leader"
}

wait_for() {
	tries=0
	until [ -e "$1" ]; do
		tries=$((tries + 1))
		if [ "$tries" -gt 500 ]; then
			echo "git.sh: $2 did not start" >&2
			cat "$state"/*.out "$state/error.log" >&2 2>/dev/null || :
			stop
			exit 1
		fi
		sleep 0.02
	done
}

start() {
	stop
	rm -rf "$state/temporary" "$state/log" "$state/cgi" "$state/ports" "$state"/*.conf
	mkdir -p "$state/temporary"
	# A start that fails leaves nothing running.
	trap stop EXIT
	: >"$state/log"
	count=1
	demand=
	server=nginx
	for word; do
		case $word in
		apache) server=apache ;;
		tls)
			certificates
			count=2
			;;
		user=*)
			word=${word#user=}
			printf '%s:%s\n' "${word%%:*}" "$(openssl passwd -apr1 "${word#*:}")" >"$state/users"
			demand="auth_basic test; auth_basic_user_file $state/users;"
			;;
		*) usage ;;
		esac
	done
	if [ "$server" = apache ]; then
		[ $# -eq 1 ] || usage
		start_apache
	else
		env -i PATH="$PATH" HOME="$state" setsid fcgiwrap -c 4 -f -s "unix:$state/cgi" >"$state/cgi.out" 2>&1 </dev/null &
		echo $! >"$state/cgi.leader"
		start_nginx "$count"
	fi
	wait_for "$state/ports" python3
	read -r port tls_port <"$state/ports" || :
	"${server}_configuration" "$port" "${tls_port:-}" >"$state/$server.conf.new"
	mv "$state/$server.conf.new" "$state/$server.conf"
	[ "$server" = apache ] || wait_for "$state/cgi" fcgiwrap
	wait_for "$state/$server.pid" "$server"
	curl --noproxy '*' -sf --retry 5 --retry-connrefused -o /dev/null "http://127.0.0.1:$port/-/sync"
	echo "$port" >"$state/port"
	[ -z "${tls_port:-}" ] || echo "$tls_port" >"$state/tls-port"
	forget
	trap - EXIT
	echo "$port"
}

# Both lead sessions of their own: their children end with them.
stop() {
	for name in nginx apache cgi; do
		[ -s "$state/$name.leader" ] || continue
		kill -s TERM -- "-$(cat "$state/$name.leader")" 2>/dev/null || :
		rm -f "$state/$name.leader"
	done
	rm -f "$state/nginx.pid" "$state/apache.pid" "$state/port" "$state/tls-port"
}

# One worker writes a line when a request has ended: what a client has seen the end of stands before this one's own line.
settle() {
	curl --noproxy '*' -sf -o /dev/null "http://127.0.0.1:$(cat "$state/port")/-/sync?$1"
	tries=0
	until grep -qF "/-/sync?$1 " "$state/log"; do
		tries=$((tries + 1))
		if [ "$tries" -gt 3000 ]; then
			echo "git.sh: the log is not written" >&2
			exit 1
		fi
		sleep 0.01
	done
}

show() {
	grep -v ' /-/sync' "$state/log" | grep -F -- "${1:-}" || :
}

forget() {
	settle "forget-$$"
	: >"$state/log"
}

[ $# -ge 2 ] || usage
what=$1
mkdir -p "$2"
state=$(cd "$2" && pwd)
shift 2
case $what in
start)
	[ $# -ge 1 ] || usage
	repositories=$(cd "$1" && pwd)
	shift
	start "$@"
	;;
stop) stop ;;
log)
	settle "$$"
	show "${1:-}"
	;;
count)
	settle "$$"
	show "${1:-}" | wc -l
	;;
forget) forget ;;
*) usage ;;
esac
