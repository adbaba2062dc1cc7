#!/bin/sh
# Unpack Debian's packages of MySQL into a folder, without installing them:
#   unpack_mysql.sh FOLDER
# They are in the suite sid, whose lists are kept apart from those of this machine, and
# come from the archive that this machine's own sources name. About 45 MB are downloaded,
# 160 MB stay.
set -eu
folder=$(realpath -m "$1")
partial=$folder.partial
rm -rf "$partial"
mkdir -p "$partial/debs" "$partial/lists/partial"
archive=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  sed -nE 's/^URIs: *([^ ]+\/debian\/?) *$/\1/p; s/^deb (\[.*\] )?([^ ]+\/debian\/?) .*/\2/p' |
  head -n 1)
[ -n "$archive" ] || { echo "Expected an archive of Debian in /etc/apt; found none." >&2; exit 1; }
key=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$key] $archive sid main" >"$partial/sid.list"
get() {
  apt-get -qq -o "Dir::Etc::SourceList=$partial/sid.list" -o Dir::Etc::SourceParts=/dev/null \
    -o "Dir::State::Lists=$partial/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    -o APT::Sandbox::User=root "$@"
}
get update
cd "$partial/debs"
get download mysql-server-core libc6 libstdc++6 libgcc-s1 libaio1t64 libgoogle-perftools4t64 \
  libtcmalloc-minimal4t64 libunwind8 libicu78 liblz4-1 liblzma5 libnuma1 libprotobuf-lite32t64 \
  libssl3t64 libxxhash0 libzstd1 zlib1g
for package in ./*.deb; do dpkg -x "$package" "$partial/tree"; done
rm -rf "$partial/tree/usr/bin" "$partial"/tree/usr/share/doc "$partial"/tree/usr/share/man \
  "$partial"/tree/usr/share/locale "$partial"/tree/usr/lib/*/gconv
mv "$partial/tree" "$folder"
rm -rf "$partial"
