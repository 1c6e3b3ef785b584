# SPDX-License-Identifier: GPL-2.0-only
# For tests that run in the lab's machine: TAP, domains, memory.
# shellcheck shell=sh
export NO_COLOR=1 TERM=dumb

MODULE=/lib/hvmod/hvmod.ko
tests=0
failures=0

# report STATUS TEXT
report() {
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests - $2"
	else
		echo "not ok $tests - $2"
		failures=$((failures + 1))
	fi
}

# check TEXT COMMAND...: a test that COMMAND succeeds. It runs in this shell.
check() {
	check_text=$1
	shift
	if "$@"; then
		report 0 "$check_text"
	else
		echo "# failed: $*"
		report 1 "$check_text"
	fi
}

# fails STATUS PATTERN COMMAND...: a test that COMMAND ends with STATUS and says PATTERN.
fails() {
	want_status=$1
	want_text=$2
	shift 2
	status=0
	"$@" >/tmp/said 2>&1 </dev/null || status=$?
	sed 's/^/# /' /tmp/said
	if [ "$status" = "$want_status" ] && grep -qiE -- "$want_text" /tmp/said; then
		report 0 "refused with $want_status: $*"
	else
		echo "# status $status, wanted $want_status and '$want_text'"
		report 1 "refused with $want_status: $*"
	fi
}

# program COMMAND...: what it reports as TAP, and that it ends well.
program() {
	program_status=0
	"$@" >/tmp/reported 2>&1 </dev/null || program_status=$?
	while read -r program_line; do
		case $program_line in
		'ok '*) report 0 "${program_line#* - }" ;;
		'not ok '*) report 1 "${program_line#* - }" ;;
		*) echo "# $program_line" ;;
		esac
	done </tmp/reported
	check "${1##*/} ends well" test $program_status = 0
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

finish() {
	echo "1..$tests"
	[ "$failures" = 0 ]
	exit
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	limit=$1
	shift
	waited=0
	until "$@"; do
		[ $waited -lt "$((limit * 4))" ] || return 1
		sleep 0.25
		waited=$((waited + 1))
	done
}

# domain NAME [HV.DO [ARGUMENT...]]: a domain with Debian's kernel. It boots in a third of the time when
# it neither writes every message to its serial port nor tests its own ciphers.
domain() {
	domain_name=$1
	domain_do=${2:-idle}
	shift
	[ $# = 0 ] || shift
	hvctl create --name "$domain_name" --memory 128M --kernel /guests/vmlinuz --initrd /guests/initrd.img \
		--cmdline "console=ttyS0 quiet cryptomgr.notests hv.do=$domain_do" "$@" >/dev/null
}

# guest_script FILE [PROGRAM...]: an initrd whose small guest runs FILE (hv.do=script) and finds each PROGRAM
# beside it, in /. Prints its path. GUEST_INITRD may be another file than the machine's.
guest_script() {
	guest_initrd=$1.initrd
	rm -rf /tmp/script
	mkdir -p /tmp/script
	cp "$1" /tmp/script/script
	shift
	[ $# = 0 ] || cp "$@" /tmp/script/
	# A second archive begins at a multiple of 4.
	dd if="${GUEST_INITRD:-/guests/initrd.img}" of="$guest_initrd" bs=512 conv=sync 2>/dev/null
	(cd /tmp/script && find . -type f | cpio -o -H newc 2>/dev/null) >>"$guest_initrd"
	echo "$guest_initrd"
}

# tell_lab WORD...: a report to the lab, as its init's. Waits until the line has sent it.
tell_lab() {
	# shellcheck disable=SC1091
	. /lab/env
	printf '\n@@%s %s\n' "$TOKEN" "$*"
	stty -F /dev/ttyS1 raw -echo
}

# next_initrd FILE [PROGRAM...]: as guest_script(), for the kernel that comes after this machine's own. There FILE goes
# on with this test, and when it ends the run does.
next_initrd() {
	{
		cat <<'END'
exec </dev/null >/dev/ttyS1 2>&1
stty -F /dev/ttyS1 115200 raw -echo
mkdir /lab
mv /env /lab/env
. /lib.sh
tell_lab booted "$(cut -d' ' -f1 /proc/uptime)"
END
		echo "tests=$tests failures=$failures"
		echo '('
		cat "$1"
		printf '%s\n' finish ')' "tell_lab exit \$?"
	} >"$1.next"
	next_file=$1.next
	shift
	guest_script "$next_file" /check/lib.sh /lab/env "$@"
}

# next_kernel --load|--load-panic INITRD [WORD...]: load this machine's own kernel as the next one, or end the test.
# What comes on the console from here on is its boot.
next_kernel() {
	next_how=$1 next_initrd=$2
	shift 2
	next_image=/guests/vmlinuz-host
	[ -e $next_image ] || next_image=/guests/vmlinuz
	next_words=$(tr ' ' '\n' </proc/cmdline | grep -vE '^(BOOT_IMAGE|initrd|crashkernel)=' | tr '\n' ' ')
	kexec --kexec-syscall "$next_how" --no-checks $next_image --initrd="$next_initrd" \
		--append="$next_words hv.do=script $*" || {
		report 1 'the next kernel is loaded'
		finish
	}
	tell_lab next
}

# exits_of DOMAIN: "REASON RESUMED DRIVER VMM" a line, who dealt with so many; "all" for their sums, "msis" for the
# number of messages.
exits_of() {
	hvctl stats "$1" | awk '
		/; NMIs [0-9]*, MSIs / { print "msis", 0, 0, $NF }
		rows { print; ring1 += $2; driver += $3; vmm += $4 }
		$1 == "EXIT" { rows = 1 }
		END { print "all", ring1, driver, vmm }'
}

said() {
	hvctl console --log "$1" 2>/dev/null | grep -q "$2"
}

exists() {
	hvctl list -q >/tmp/ids && hvctl info "$1" >/dev/null 2>&1
}

gone() {
	! exists "$1"
}

# will_say NAME TEXT [SECONDS]: wait until the domain said it; show what it said if it doesn't.
will_say() {
	domain_waited=0
	until said "$1" "$2"; do
		if [ $domain_waited -ge "${3:-300}" ] || gone "$1"; then
			echo "# $1 did not say '$2':"
			hvctl list -a | sed 's/^/# /'
			hvctl console --log "$1" 2>&1 | tail -n 20 | tr -d '\r' | sed 's/^/# /'
			return 1
		fi
		sleep 1
		domain_waited=$((domain_waited + 1))
	done
}

# user_space NAME: wait until the guest's own programs run.
user_space() {
	will_say "$1" '^GUEST-USERSPACE-OK'
}

# vmm_pid NAME: its VMM process.
vmm_pid() {
	hvctl list --noheadings --raw -o NAME,PID | sed -n "s/^$1 //p"
}

# exits_vmm NAME: how often it came to its VMM.
exits_vmm() {
	hvctl info "$1" | sed -n 's/^VM exits: .* \([0-9]*\) to the VMM.*/\1/p'
}

# watch_host_work PID: have host_work count, for the vCPU threads of that VMM process, which are there.
watch_host_work() {
	host_workers=$(grep -l '^vcpu' /proc/"$1"/task/*/comm | sed 's,.*/task/\([0-9]*\)/comm,-\1 ,')
	[ -n "$host_workers" ] || return 1
	# Not there before Linux 6.4, and from 6.19 on nobody returns for it.
	echo 'p:host_work task_mm_cid_work' >/sys/kernel/tracing/kprobe_events 2>/dev/null || return 0
	echo 1 >/sys/kernel/tracing/events/kprobes/host_work/enable
}

# host_work: how often they came to their VMM for HVMOD_WHY_HOST_WORK, and nothing of the guest's.
host_work() {
	grep host_work: /sys/kernel/tracing/trace | grep -cF -e "$host_workers"
}

# between LEAST NUMBER MOST
between() {
	[ "$1" -le "$2" ] && [ "$2" -le "$3" ] || {
		echo "# got $2, wanted $1 to $3"
		return 1
	}
}

# state NAME
state() {
	hvctl list --noheadings --raw -o NAME,STATE | sed -n "s/^$1 //p"
}

is() {
	[ "$1" = "$2" ] || {
		echo "# got '$1', wanted '$2'"
		return 1
	}
}

# listed: kB of pages that are free but lie on the lists of a processor, tens of MB at times, which
# MemAvailable does not count.
listed() {
	listed_kb=0
	for listed_pages in $(sed -n 's/^ *count: *//p' /proc/zoneinfo); do
		listed_kb=$((listed_kb + listed_pages * 4))
	done
	echo "$listed_kb"
}

# available: kB of memory, once what can be dropped was dropped and what is freed late is free.
available() {
	memory_now=0
	memory_before=-1000
	memory_tries=0
	while [ $((memory_now - memory_before)) -gt 256 ] && [ $memory_tries -lt 10 ]; do
		memory_before=$memory_now
		memory_tries=$((memory_tries + 1))
		sync
		echo 3 >/proc/sys/vm/drop_caches
		sleep 1
		echo 1 >/proc/sys/vm/stat_refresh
		memory_now=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
		memory_now=$((memory_now + $(listed)))
	done
	echo "$memory_now"
}

# no_less NOW BEFORE SLACK, in kB
no_less() {
	echo "# memory available: $1 kB, before $2 kB, $3 kB of difference are allowed"
	[ "$1" -ge $(($2 - $3)) ]
}

load() {
	insmod "$MODULE"
}

unload() {
	rmmod hvmod && [ ! -e /sys/module/hvmod ] && [ ! -e /dev/hvmod ]
}

# guest NAME ARGUMENT...: run a guest of ours. Its TAP becomes ours, its exit status comes by the debug-exit port:
# 65 when all is well.
guest() {
	guest_name=$1
	[ -n "${guest_files:-}" ] || guest_files=$(mktemp -d)
	shift
	guest_status=0
	hvctl run -m 16M --debug-exit "$@" >"$guest_files/says" 2>"$guest_files/error" </dev/null || guest_status=$?
	guest_lines=0
	while IFS= read -r line; do
		line=$(printf '%s' "$line" | tr -d '\r')
		text=${line#* - }
		case $line in
		'ok '*'# SKIP'*) skip "$guest_name: ${text%% # SKIP*}" "${text##*# SKIP }" ;;
		'ok '*) report 0 "$guest_name: $text" ;;
		'not ok '*) report 1 "$guest_name: $text" ;;
		1..*) guest_plan=${line#1..} && continue ;;
		*) echo "# $line" && continue ;;
		esac
		guest_lines=$((guest_lines + 1))
	done <"$guest_files/says"
	sed 's/^/# /' "$guest_files/error"
	check "$guest_name: exit status" is "$guest_status" 65
	check "$guest_name: its plan is kept" is "$guest_lines" "${guest_plan:-no plan}"
	check "$guest_name: hvctl says that it was a debug exit" grep -q 'debug-exit 65' "$guest_files/error"
	guest_plan=
}
