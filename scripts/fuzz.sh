#!/bin/sh
# Runs every fuzz target of the module for FUZZTIME, one after the other: Go
# fuzzes one target at a time. An argument names the targets to run, as a regular
# expression. What is found is kept in the package's testdata/fuzz: commit it
# with the fix.
set -eu
cd "$(dirname "$0")/.."

targets=$(git grep --untracked -E '^func Fuzz[A-Za-z0-9_]*\(' -- '*_test.go' |
	sed -E 's|^(.*/)?[^/]*_test\.go:func (Fuzz[A-Za-z0-9_]*).*|./\1 \2|')
if [ -z "$targets" ]; then
	echo "There are no fuzz targets."
	exit 0
fi

failed=0
while read -r dir target; do
	echo "$target" | grep -qE "${1:-.}" || continue
	echo "== $dir $target"
	"${GO:-go}" test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "$dir" </dev/null || failed=1
done <<END
$targets
END
exit $failed
