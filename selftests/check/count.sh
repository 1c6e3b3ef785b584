# SPDX-License-Identifier: GPL-2.0-only
# Counting what the tests' logs say; run has the rules.
# shellcheck shell=bash

skip_pattern='^ok .*# SKIP'

# count_log LOG STATUS: print "PASSED FAILED SKIPPED".
count_log() {
	local log=$1 status=$2 passed failed skipped
	skipped=$(grep -ac "$skip_pattern" "$log")
	passed=$(($(grep -ac '^ok ' "$log") - skipped))
	failed=$(grep -ac '^not ok ' "$log")
	if [ $((passed + failed + skipped)) = 0 ]; then
		case $status in
		0) passed=1 ;;
		4) skipped=1 ;;
		*) failed=1 ;;
		esac
	elif [ "$status" -ne 0 ] && [ "$failed" = 0 ]; then
		# It broke off, or something outside of the cases went wrong.
		failed=1
	fi
	echo "$passed $failed $skipped"
}

# verdict "PASSED FAILED SKIPPED"
verdict() {
	local passed failed skipped text
	read -r passed failed skipped <<<"$1"
	if [ "$failed" -gt 0 ]; then
		text=FAILED
	elif [ "$passed" -gt 0 ]; then
		text=ok
	else
		text=skipped
	fi
	[ $((passed + failed + skipped)) -le 1 ] || text="$text, $passed passed"
	[ "$failed" -le 1 ] || text="$text, $failed failed"
	[ "$passed" = 0 ] || [ "$skipped" = 0 ] || text="$text, $skipped skipped"
	echo "$text"
}

# show_trouble LOG STATUS COUNTS: what failed and why; what was skipped and why.
show_trouble() {
	local log=$1 status=$2 passed failed skipped
	read -r passed failed skipped <<<"$3"
	if [ "$failed" -gt 0 ]; then
		echo "          status $status; the log: $log"
		grep -a '^not ok ' "$log" | head -n 20 | sed 's/^/          /'
		tail -n 12 "$log" | tr -cd '\11\12\40-\176' | cut -c1-200 | sed 's/^/          | /'
	fi
	if [ "$skipped" -gt 0 ]; then
		if grep -aq "$skip_pattern" "$log"; then
			grep -a "$skip_pattern" "$log"
		else
			tail -n 1 "$log"
		fi | head -n 20 | sed 's/^/          /'
	fi
}

# summary RESULTS: the last line; fails if anything did.
summary() {
	local name p f s passed=0 failed=0 skipped=0
	while read -r name p f s; do
		passed=$((passed + p))
		failed=$((failed + f))
		skipped=$((skipped + s))
		[ "$f" = 0 ] || echo "failed: $name"
	done <"$1"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}
