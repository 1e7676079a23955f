# SPDX-License-Identifier: MPL-2.0
# What cargoBuild.cab runs, by `sh -e -c`, in an empty folder, without a network. One argument each:
#
#   crate NAME-VERSION CHECKSUM PATH   a package of the registry, unpacked at PATH
#   git URL NAME PATH                  a package of a git repository, somewhere in the tree at PATH
#   file NAME<newline>TEXT             a file of the project: a manifest, the lock; a long one comes in
#                                      pieces, for an argument has at most 128 KiB
#   stub NAME                          a source file in which nothing is
#   member NAME                        a package of the project itself
#
# In the environment: `source`, the project, or empty where only its dependencies are built, from
# files and stubs; `dependencies`, what that made; `profile`; `flags`, for cargo build.

build=$PWD
newline='
'
mkdir -p "$out" source vendor git cargo-home

# Contents of the store may not be written to, and their times say nothing.
take() {
	cp -R --preserve=timestamps "$1" "$2"
	chmod -R u+w "$2"
}

# The folder of a repository in which the manifest of a package lies.
find_package() {
	find "$1" -name Cargo.toml | sort | while read -r manifest; do
		if sed -n '/^\[package\]/,/^\[[^p]/p' "$manifest" |
			grep -Eq "^name[[:space:]]*=[[:space:]]*[\"']$2[\"']"; then
			dirname "$manifest"
			break
		fi
	done
}

{
	echo '[source.crates-io]'
	echo 'replace-with = "vendor"'
	echo '[source.vendor]'
	echo "directory = \"$build/vendor\""
	echo '[net]'
	echo 'offline = true'
} > cargo-home/config.toml

[ -z "$source" ] || { cp -R "$source/." source && chmod -R u+w source; }

# NAME-VERSION CHECKSUM PATH
add_crate() {
	take "$3" "vendor/$1"
	printf '{"files":{},"package":"%s"}' "$2" > "vendor/$1/.cargo-checksum.json"
}

# URL NAME PATH. A repository's packages may be a workspace, which only a path keeps together.
add_repository() {
	repository=git/$(basename "$3")
	[ -e "$repository" ] || take "$3" "$repository"
	folder=$(find_package "$build/$repository" "$2")
	[ "$folder" ] || { echo "no package $2 in the repository $1" >&2; exit 1; }
	[ "$table" = "$1" ] || printf '[patch."%s"]\n' "$1" >> cargo-home/config.toml
	printf '%s = { path = "%s" }\n' "$2" "$folder" >> cargo-home/config.toml
	table=$1
	# The lock's entries lose their source by that: cargo must be allowed to write its copy of it.
	lock=--offline
}

lock=--frozen
table=
for argument do
	head=${argument%%"$newline"*}
	case $head in
	'crate '*) add_crate ${head#crate } ;;
	'git '*) add_repository ${head#git } ;;
	'file '*)
		mkdir -p "$(dirname "source/${head#file }")"
		printf '%s' "${argument#*"$newline"}" >> "source/${head#file }"
		;;
	'stub '*)
		mkdir -p "$(dirname "source/${head#stub }")"
		echo 'fn main() {}' > "source/${head#stub }"
		;;
	esac
done

if [ "$dependencies" ]; then
	take "$dependencies" target
fi
# What the store gave has the time 1; whatever was made beside it gets it too, for cargo compares
# times to learn what is stale. The project's own files are new, and so always are.
find vendor git -exec touch -h -d @1 {} +

export CARGO_HOME=$build/cargo-home CARGO_TARGET_DIR=$build/target CARGO_TERM_COLOR=never
export CARGO_INCREMENTAL=0 SOURCE_DATE_EPOCH=1
export RUSTFLAGS="--remap-path-prefix=$build/vendor=vendor --remap-path-prefix=$build/git=git --remap-path-prefix=$build/source=source --remap-path-prefix=$build=build $RUSTFLAGS"
export CFLAGS="-ffile-prefix-map=$build=build $CFLAGS" CXXFLAGS="-ffile-prefix-map=$build=build $CXXFLAGS"

cd source
cargo build $lock --profile "$profile" $flags
cd ..

made=target/$profile
[ "$profile" != dev ] || made=target/debug

if [ -z "$source" ]; then
	# What the stubs became must never be taken for the project.
	for argument do
		case $argument in
		'member '*)
			name=${argument#member }
			crate=$(printf %s "$name" | tr - _)
			hash='????????????????'
			rm -rf "$made"/.fingerprint/"$name"-$hash "$made"/build/"$name"-$hash
			rm -f "$made"/deps/"$crate"-$hash* "$made"/deps/lib"$crate"-$hash*
			;;
		esac
	done
	find "$made" -maxdepth 1 -type f ! -name '.*' -exec rm {} +
	rm -rf "$made/examples" "$made/incremental"
	cp -R --preserve=timestamps target/. "$out"
	exit
fi

for file in "$made"/*; do
	[ -f "$file" ] || continue
	case $file in
	*.d | *.rlib) ;;
	*.so | *.a) mkdir -p "$out/lib" && cp "$file" "$out/lib/" ;;
	*) [ ! -x "$file" ] || { mkdir -p "$out/bin" && cp "$file" "$out/bin/"; } ;;
	esac
done
if [ ! -e "$out/bin" ] && [ ! -e "$out/lib" ]; then
	echo "cargo made no program and no C library" >&2
	exit 1
fi
