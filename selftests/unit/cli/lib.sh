# SPDX-License-Identifier: GPL-2.0-only
# For tests of hvctl from outside, with a fake device and a fake VMM. HVCTL is the program.
# shellcheck shell=bash disable=SC2034,SC2154

HVCTL=${HVCTL:?}
dir=$(mktemp -d /tmp/hvctl-test-XXXXXX) || exit 1
export HVMOD_FAKE_DIR=$dir/kernel HVMOD_RUNTIME_DIR=$dir/run NO_COLOR=1
export ASAN_OPTIONS=detect_leaks=0
count=0
failed=0

cleanup() {
	local id

	for id in $("$HVCTL" list -aq 2>/dev/null); do
		[ "$id" = 0 ] || "$HVCTL" destroy "$id" 2>/dev/null
	done
	rm -rf "$dir"
}
trap cleanup EXIT
mkdir "$HVMOD_FAKE_DIR"
printf 'KERNEL\n%0100d' 0 >"$dir/kernel-image"
printf 'initrd' >"$dir/initrd"
printf 'no kernel at all' >"$dir/text"
printf 'KER' >"$dir/short"
: >"$dir/empty"
kernel=$dir/kernel-image

# check WHAT CONDITION...
check() {
	local what=$1

	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $what"
	else
		echo "not ok $count - $what"
		failed=$((failed + 1))
		printf '# status %s\n' "$status"
		sed 's/^/# out: /' "$dir/out"
		sed 's/^/# err: /' "$dir/err"
	fi
}

# skip COUNT WHAT
skip() {
	local i

	for ((i = 0; i < $1; i++)); do
		count=$((count + 1))
		echo "ok $count - # SKIP $2"
	done
}

# run ARG...: run hvctl; $status, $out and $err are what came of it
run() {
	timeout 30 "$HVCTL" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	out=$(cat "$dir/out")
	err=$(cat "$dir/err")
}

exits() { [ "$status" -eq "$1" ]; }
says() { [[ $err == *"$1"* ]]; }
prints() { [[ $out == *"$1"* ]]; }

# fails STATUS TEXT ARG...: both of them, and nothing on stdout
fails() {
	local wanted=$1 text=$2

	shift 2
	run "$@"
	check "hvctl $*: exit status $wanted" exits "$wanted"
	check "hvctl $*: says: $text" says "$text"
	check "hvctl $*: stdout is empty" [ -z "$out" ]
}

works() {
	run "$@"
	check "hvctl $*: works" exits 0
	check "hvctl $*: says nothing" [ -z "$err" ]
}

# until_true CONDITION...: within twenty seconds
until_true() {
	local i

	for ((i = 0; i < 1000; i++)); do
		"$@" && return 0
		sleep 0.02
	done
	return 1
}

# asking VERB NAME [COUNT]: so many "hvctl VERB NAME" have asked the VMM process and wait for it
asking() {
	local process words count=0

	for process in /proc/[0-9]*; do
		mapfile -d '' -t words 2>/dev/null <"$process/cmdline" || continue
		[ "${words[*]:0:3}" = "$HVCTL $1 $2" ] || continue
		find "$process/fd" -lname 'socket:*' 2>/dev/null | grep -q . &&
			grep -q '^State:.S' "$process/status" 2>/dev/null &&
			count=$((count + 1))
	done
	[ $count -ge "${3:-1}" ]
}

state_is() { [ "$("$HVCTL" list -a --noheadings --raw -o NAME,STATE | sed -n "s/^$1 //p")" = "$2" ]; }
listed() { "$HVCTL" list -a --noheadings --raw -o NAME | grep -qx "$1"; }
gone() { ! "$HVCTL" list -a --noheadings --raw -o NAME | grep -qx "$1"; }
vmm_pid() { "$HVCTL" list -a --noheadings --raw -o NAME,PID | sed -n "s/^$1 //p"; }
no_process() { ! kill -0 "$1" 2>/dev/null; }
logged() { "$HVCTL" console --log "$1" 2>&1 | grep -q "$2"; }
no_files() { [ -z "$(ls "$HVMOD_RUNTIME_DIR")" ]; }
json_ok() { python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$1"; }
json_is() { [ "$(python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print($2)" "$1")" = "$3" ]; }
create() { "$HVCTL" create --kernel "$kernel" --memory 64M "$@" >/dev/null || check "create $*" false; }

finish() {
	echo "1..$count"
	[ $failed -eq 0 ]
	exit
}
