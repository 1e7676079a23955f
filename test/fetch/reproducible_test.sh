#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# reproducible_test.sh SOURCE MODULE: a copy of the sources, built in another folder by the same
# commands, gives the same bytes.
set -eu
source=$1 module=$(realpath "$2")
copy=$(mktemp -d)/elsewhere/deep
mkdir -p "$copy"
trap 'rm -rf "${copy%/elsewhere/deep}"' EXIT
cp -r "$source/guest" "$copy/guest"
mkdir -p "$copy/src"
cp -r "$source/src/island" "$source/src/base" "$copy/src/"
ln -s "$source/engine" "$copy/engine"
cat >"$copy/meson.build" <<'MESON'
project('island', 'c', default_options: ['c_std=gnu17'])
source_root = include_directories('src')
hashes_dep = declare_dependency(include_directories: include_directories('engine'))
zlib_dep = dependency('zlib', static: true)
subdir('guest')
MESON
meson setup "$copy/build" "$copy" >"$copy/log" 2>&1 || { cat "$copy/log"; exit 1; }
ninja -C "$copy/build" guest/island.wasm >"$copy/log" 2>&1 || { cat "$copy/log"; exit 1; }
cmp "$copy/build/guest/island.wasm" "$module"
size=$(wc -c <"$module")
echo "island.wasm: $size bytes"
