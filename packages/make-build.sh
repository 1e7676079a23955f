# SPDX-License-Identifier: MPL-2.0
# What makeBuild.cab runs, by `sh -e -c`, in an empty folder, without a network. The arguments are
# those of each make. In the environment: `source`, `targets`, `parallel`, and how it is installed:
# `programs` or `install`, else by the Makefile.

mkdir -p "$out" source
cp -R "$source/." source
chmod -R u+w source
cd source

[ -z "$parallel" ] || set -- "-j$(nproc)" "$@"
export SOURCE_DATE_EPOCH=1
make "$@" $targets

if [ "$install" ]; then
	eval "$install"
elif [ "$programs" ]; then
	mkdir -p "$out/bin"
	cp -R $programs "$out/bin/"
else
	make "$@" install DESTDIR= PREFIX="$out" prefix="$out"
fi
