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

# The tests' own lines, two blanks further in: they are subtests. What is no KTAP becomes a comment.
nested() {
	sed -e 's/^TAP version 13/KTAP version 1/' \
		-e '/^\(ok \|not ok \|1\.\.\|KTAP version \|#\|  \)/!s/^/# /' -e 's/^/  /'
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
	[ "$status" = 4 ] || nested <"$out"
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
