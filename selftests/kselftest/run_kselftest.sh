#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run_kselftest.sh [-l] [-s] [-o SECONDS] [-t hvmod:TEST]... [-c hvmod]
#
# Run these tests without a kernel tree, and report as KTAP. -l lists them, -s keeps each test's output in
# /tmp/hvmod-TEST.log, -o sets a time-out. Exit status: 0 unless a test failed.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
timeout=$(sed -n 's/^timeout=//p' "$here/settings")
list=''
keep=0

all() {
	if [ -f "$here/kselftest-list.txt" ]; then
		cat "$here/kselftest-list.txt"
	else
		make -s -C "$here" -f - <<-'EOF'
			include Makefile
			list: ; @printf 'hvmod:%s\n' $(TEST_GEN_PROGS) $(TEST_PROGS)
			.DEFAULT_GOAL := list
		EOF
	fi
}

usage() {
	sed -n '3,6s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

while getopts lso:t:c: option; do
	case $option in
	l) all && exit ;;
	s) keep=1 ;;
	o) timeout=$OPTARG ;;
	t) list="$list $OPTARG" ;;
	c) [ "$OPTARG" = hvmod ] || usage ;;
	*) usage ;;
	esac
done
[ -n "$list" ] || list=$(all)

# nested FILE TEST: the test's own lines, two blanks further in: they are subtests. KTAP wants to know first how
# many there are, which TAP tells last. What is no KTAP becomes a comment.
nested() {
	plan=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$1" | tail -n 1)
	# One that died has not told.
	[ -n "$plan" ] || plan=$(grep -cE '^(not )?ok ' "$1")
	if [ "$plan" = 0 ]; then
		sed 's/^/# /' "$1"
		return
	fi
	printf '  KTAP version 1\n  # Subtest: %s\n  1..%s\n' "$2" "$plan"
	sed -e '/^K\{0,1\}TAP version /d' -e '/^1\.\./d' \
		-e '/^\(ok \|not ok \|#\|  \)/!s/^/# /' -e 's/^/  /' "$1"
}

# one NUMBER TEST
one() {
	program=$here/${2#hvmod:}
	out=$(mktemp)
	if [ -x "$program" ]; then
		(cd "$here" && timeout "$timeout" "$program") >"$out" 2>&1 </dev/null
		status=$?
	else
		echo "# $program is not there: 'make' builds it" >"$out"
		status=1
	fi
	reason=$(sed -n 's/^1\.\.0 # SKIP *//p' "$out" | head -n 1)
	# A skipped test has no subtests, and no plan says so twice.
	[ "$status" = 4 ] || nested "$out" "$2"
	[ "$keep" = 0 ] || cp "$out" "/tmp/hvmod-${2#hvmod:}.log"
	rm -f "$out"
	case $status in
	0) echo "ok $1 $2" ;;
	4) echo "ok $1 $2 # SKIP ${reason:-no reason given}" ;;
	124) echo "not ok $1 $2 # TIMEOUT $timeout seconds" ;;
	*) echo "not ok $1 $2 # exit=$status" ;;
	esac
	[ "$status" = 0 ] || [ "$status" = 4 ]
}

echo 'KTAP version 1'
# shellcheck disable=SC2086
set -- $list
echo "1..$#"
number=0
failed=0
for test in "$@"; do
	number=$((number + 1))
	one $number "$test" || failed=1
done
exit $failed
