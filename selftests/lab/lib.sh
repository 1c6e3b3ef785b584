# SPDX-License-Identifier: GPL-2.0-only
# What the lab's shell scripts share: where things are, how to fail, how to fill the cache.
# shellcheck shell=bash

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$LAB/../.." && pwd)
CACHE=${HVMOD_CACHE:-$HOME/.cache/hvmod}
# Of the second CD, which brings what changes from run to run. A kernel that found a CD of this size before
# its state was saved has to find one of this size after; it is all hole.
PAYLOAD_SIZE=67108864
export LAB REPO CACHE PAYLOAD_SIZE

say() {
	echo "lab: $*" >&2
}

# die WHAT: the lab itself failed; 125 is what `run` promises for that.
die() {
	echo "lab: error: $*" >&2
	exit 125
}

need_root() {
	[ "$(id -u)" = 0 ] || die "$1 needs root; run it with sudo"
}

# nested_kvm: does KVM here give its guests VMX?
nested_kvm() {
	grep -qw vmx /proc/cpuinfo && [ -r /dev/kvm ] && [ -w /dev/kvm ] &&
		grep -q '^[Y1]' /sys/module/kvm_intel/parameters/nested 2>/dev/null
}

# with_lock NAME COMMAND...: one at a time over all runs that share the cache.
with_lock() {
	local name=$1
	shift
	mkdir -p "$CACHE/locks"
	(
		if ! flock -n 9; then
			say "waiting for another run that holds the lock '$name'"
			flock 9
		fi
		"$@" 9>&-
	) 9>"$CACHE/locks/$name"
}

# quietly LOG COMMAND...: output goes to LOG, and to the user only on failure.
quietly() {
	local log=$1
	shift
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 40 "$log" >&2
		return 1
	fi
}

# fetch DIR PACKAGE...: download and unpack without installing.
fetch() {
	local dir=$1
	shift
	mkdir -p "$dir/.debs"
	(cd "$dir/.debs" && apt-get download -q "$@")
	local deb
	for deb in "$dir"/.debs/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -r "$dir/.debs"
}
