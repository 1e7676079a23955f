#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# build_test PACKAGES: runs what cargoBuild and makeBuild run, as they run it, on a store of its own:
# folders whose files have the time 1 and may not be written to. TAP.
set -eu

packages=$(cd "$1" && pwd)
place=$(mktemp -d /tmp/cab-packages-XXXXXX)
trap 'chmod -R u+w "$place"; rm -rf "$place"' EXIT
count=0
newline='
'

check() { # NAME COMMAND…
	count=$((count + 1))
	name=$1
	shift
	if "$@" >"$place/said" 2>&1; then
		echo "ok $count - $name"
	else
		sed 's/^/# /' "$place/said"
		echo "not ok $count - $name"
	fi
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# As the store leaves it.
seal() {
	find "$1" -exec touch -h -d @1 {} +
	chmod -R a-w "$1"
}

# step OUT SCRIPT NAME=VALUE… -- ARGUMENT…: in an empty folder, always the same, and no environment.
step() {
	out=$1
	script=$2
	shift 2
	rm -rf "$place/build"
	mkdir "$place/build"
	variables=
	while [ "$1" != -- ]; do
		variables="$variables $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # no value here has a space
	(cd "$place/build" && env -i PATH=/usr/bin:/bin HOME="$place/build" out="$out" $variables \
		sh -e -c "$(cat "$packages/$script")" "$script" "$@")
}

# A crate with a build script that is run again when a file of it is newer than its last run.
make_crate() {
	mkdir -p "$place/store/grow-1.0.0/src"
	cat >"$place/store/grow-1.0.0/Cargo.toml" <<-'END'
		[package]
		name = "grow"
		version = "1.0.0"
		edition = "2021"
	END
	cat >"$place/store/grow-1.0.0/build.rs" <<-'END'
		fn main() {
		    println!("cargo:rerun-if-changed=src/lib.rs");
		    println!("cargo:rustc-env=GROWN=twice");
		}
	END
	cat >"$place/store/grow-1.0.0/src/lib.rs" <<-'END'
		pub fn grow(number: u32) -> u32 {
		    assert!(number < 1000, "{} is too much in {}", number, file!());
		    let _ = env!("GROWN");
		    2 * number
		}
	END
	seal "$place/store/grow-1.0.0"
}

make_project() {
	mkdir -p "$place/project/src"
	cat >"$place/project/Cargo.toml" <<-'END'
		[package]
		name = "grown-up"
		version = "0.1.0"
		edition = "2021"
		[dependencies]
		grow = "1"
	END
	echo 'fn main() { println!("{}", grow::grow(21)); }' >"$place/project/src/main.rs"
}

# As `cargo generate-lockfile` writes it, the crate taken from a folder.
lock_project() {
	mkdir -p "$place/home" "$place/vendor"
	cp -R "$place/store/grow-1.0.0" "$place/vendor/grow"
	chmod -R u+w "$place/vendor"
	printf '{"files":{},"package":"%s"}' "$checksum" >"$place/vendor/grow/.cargo-checksum.json"
	printf '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "%s"\n' "$place/vendor" \
		>"$place/home/config.toml"
	(cd "$place/project" && PATH=/usr/bin:/bin CARGO_HOME="$place/home" \
		cargo generate-lockfile --offline) &&
		grep -q "$checksum" "$place/project/Cargo.lock"
}

checksum=abababababababababababababababababababababababababababababababab
crate="crate grow-1.0.0 $checksum $place/store/grow-1.0.0"

build_dependencies() {
	step "$place/dependencies" cargo-build.sh source= dependencies= profile=release flags= -- "$crate" \
		"file Cargo.toml$newline$(cat "$place/project/Cargo.toml")" \
		"file Cargo.lock$newline$(cut -c1-9 "$place/project/Cargo.lock" | head -n 1)" \
		"file Cargo.lock$newline$(cut -c10- "$place/project/Cargo.lock" | head -n 1)$newline$(tail -n +2 "$place/project/Cargo.lock")" \
		"stub src/lib.rs" "stub src/main.rs" "member grown-up" &&
		seal "$place/dependencies"
}

build_project() { # SOURCE OUT
	step "$2" cargo-build.sh source="$1" dependencies="$place/dependencies" profile=release flags= -- \
		"$crate" >"$place/log" 2>&1 || {
		cat "$place/log"
		return 1
	}
}

names_none_of() { # FOLDERS OUT
	[ -d "$2" ] && ! grep -rlE "$place/($1)" "$2"
}

only_project_compiled() {
	grep -q 'Compiling grown-up' "$place/log" && ! grep -q 'Compiling grow v' "$place/log"
}

prints() { # PROGRAM TEXT
	[ "$("$1")" = "$2" ]
}

make_crate
make_project
if [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ]; then
	check "cargo locks the project" lock_project
	cp -R "$place/project" "$place/first"
	seal "$place/first"
	check "dependencies are built from manifests and stubs" build_dependencies
	check "the result of that has no trace of the stubs" \
		sh -c "find '$place/dependencies' | grep -q grow- && ! find '$place/dependencies' -name '*grown*up*' | grep ."
	check "the project is built from them" build_project "$place/first" "$place/one"
	check "only the project was compiled" only_project_compiled
	check "its program runs" prints "$place/one/bin/grown-up" 42
	check "the result names no source" names_none_of "store|project|first|build|dependencies" "$place/one"
	check "nor do the dependencies" names_none_of "store|project|first" "$place/dependencies"
	sed -i 's/21/4/' "$place/project/src/main.rs"
	seal "$place/project"
	check "an edited project is built again" build_project "$place/project" "$place/two"
	check "and it alone" only_project_compiled
	check "with another program" prints "$place/two/bin/grown-up" 8
	check "the first is built anew" build_project "$place/first" "$place/again"
	check "and has the same bytes" cmp "$place/one/bin/grown-up" "$place/again/bin/grown-up"
else
	skip "cargoBuild" "no cargo and rustc in /usr/bin"
fi

mkdir "$place/made"
printf 'greet: greet.c\n\t$(CC) -o greet greet.c\ninstall: greet\n\tmkdir -p $(PREFIX)/bin\n\tcp greet $(PREFIX)/bin/\n' \
	>"$place/made/Makefile"
printf '#include <stdio.h>\nint main(void) { return puts("%s") < 0; }\n' hello >"$place/made/greet.c"
seal "$place/made"

make_with() { # OUT NAME=VALUE…
	out=$1
	shift
	step "$out" make-build.sh source="$place/made" parallel=yes "$@" -- CC=cc
}
check "make installs" make_with "$place/by-make" targets= programs= install=
check "what it installed runs" prints "$place/by-make/bin/greet" hello
check "programs are installed where the Makefile installs none" \
	make_with "$place/by-list" targets=greet programs=greet install=
check "and run" prints "$place/by-list/bin/greet" hello
check "a text installs" make_with "$place/by-text" targets= programs= 'install=cp${IFS}greet${IFS}$out'
check "what it says" prints "$place/by-text/greet" hello
echo "1..$count"
