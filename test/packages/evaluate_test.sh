#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# evaluate_test GOLDEN PACKAGES FOLDER: evaluates FOLDER/NAME.cab with the real package library, on the
# islands in FOLDER/islands, and compares what reached the host, or the diagnostics, with
# FOLDER/NAME.expected; the scripts and texts of files, which have tests of their own, are left out. TAP.
# With CAB_BLESS set the expected texts are written instead.
set -eu

golden=$1
packages=$2
folder=$3
place=$(mktemp -d /tmp/cab-packages-XXXXXX)
trap 'rm -rf "$place"' EXIT

mkdir "$place/files"
cp -R "$packages" "$place/files/library"
cp -R "$folder/islands" "$place/islands"
cp "$folder"/*.cab "$place"
echo '{ system, root } => import ./library/default.cab { platform = { system, root, }, }' \
	>"$place/files/packages.cab"

count=0
for file in "$folder"/*.cab; do
	count=$((count + 1))
	name=$(basename "$file" .cab)
	CAB_BLESS=1 "$golden" "$place" "$name" >"$place/said" 2>&1 || true
	if [ -e "$place/$name.out" ]; then
		# Digests are those of the scripts too, and inputs stand in their order.
		grep -E '^("|\["|derivation|island)|^  (argument (stub|file|crate|git|member|[^ ]*$)|environment|feature)' \
			"$place/$name.out" | sed 's|/cull/store/[a-z2-7]*-|/cull/store/…-|g' >"$place/got"
	else
		grep -E '^(error|    = )' "$place/$name.err" >"$place/got" || cp "$place/said" "$place/got"
	fi
	[ -z "${CAB_BLESS:-}" ] || cp "$place/got" "$folder/$name.expected"
	if diff "$folder/$name.expected" "$place/got" >"$place/said" 2>&1; then
		echo "ok $count - $name"
	else
		sed 's/^/# /' "$place/said"
		echo "not ok $count - $name"
	fi
done
echo "1..$count"
