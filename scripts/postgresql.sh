#!/bin/sh
# Makes sure that the programs of a PostgreSQL server are there, for tests to start a
# private one from: initdb and pg_ctl, wherever pg_config or Debian keep them.
#
# If they are missing they are installed as scripts/needs.sh does it. Debian would set
# up a server of the machine's own along with them and start it; it is told not to.
set -eu
cd "$(dirname "$0")/.."

there() {
	for folder in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin; do
		[ -x "$folder/initdb" ] && return 0
	done
	command -v initdb >/dev/null 2>&1
}

there && exit 0
scripts/needs.sh pg_createcluster:postgresql-common
conf=/etc/postgresql-common/createcluster.conf
if [ -w "$conf" ]; then
	sed -i 's/^#\{0,1\}create_main_cluster.*/create_main_cluster = false/' "$conf"
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "Missing: the server of PostgreSQL. Please install it; on Debian: sudo apt-get install postgresql" >&2
	exit 1
fi
echo "Missing: the server of PostgreSQL. Installing the Debian package: postgresql"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends postgresql
there
