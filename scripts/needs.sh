#!/bin/sh
# Makes sure that programs are there: needs.sh PROGRAM:DEBIAN-PACKAGE ...
#
# One that is missing is installed with apt-get where that can be done without
# asking (as root, on Debian or its kin), and said so; else this says what to
# install and fails. An argument PROGRAM alone has no package and is only looked for.
set -eu

missing=
packages=
for need in "$@"; do
	program=${need%%:*}
	command -v "$program" >/dev/null 2>&1 && continue
	missing="$missing $program"
	case $need in
	*:*) packages="$packages ${need#*:}" ;;
	*)
		echo "Missing: $program. Please install it; no Debian package is known to hold it." >&2
		exit 1
		;;
	esac
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "Missing:$missing. Please install it; on Debian: sudo apt-get install$packages" >&2
	exit 1
fi

echo "Missing:$missing. Installing the Debian packages:$packages"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# The names are split into words on purpose.
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $packages

for need in "$@"; do
	command -v "${need%%:*}" >/dev/null 2>&1 || {
		echo "The package ${need#*:} is installed, but there is still no ${need%%:*}." >&2
		exit 1
	}
done
