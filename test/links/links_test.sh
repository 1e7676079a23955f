#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# links_test CAB CAB-NETWORK CAB-GUEST: which program is linked with what. Each shared library costs a start its
# relocation, and what is not there cannot be reached by a mistake in what is.
set -u
number=0
failed=0

# expect PROGRAM LIBRARY yes|no
expect() {
	found=no
	if readelf -d "$1" | grep -q "(NEEDED).*\[$2\."; then
		found=yes
	fi
	number=$((number + 1))
	if [ "$found" = "$3" ]; then
		echo "ok $number - $(basename "$1"): $2, $3"
	else
		echo "not ok $number - $(basename "$1"): $2, $found instead of $3"
		failed=1
	fi
}

expect "$1" libc yes
expect "$1" libcurl no
expect "$1" libcrypto no
expect "$1" libgcc_s no
expect "$2" libcurl yes
expect "$2" libsqlite3 no
expect "$3" libcurl no
expect "$3" libcrypto no
expect "$3" libsqlite3 no
for program in "$1" "$2"; do
	number=$((number + 1))
	if readelf -sW "$program" | grep -q 'wasmtime_'; then
		echo "not ok $number - $(basename "$program"): the engine is in it"
		failed=1
	else
		echo "ok $number - $(basename "$program"): no engine"
	fi
done
echo "1..$number"
exit $failed
