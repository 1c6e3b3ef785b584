#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A domain's control group, in a cgroup v2 that nobody else sees, with VMM processes in the VMM's sandbox.
# shellcheck disable=SC2154
if [ "${1-}" != inside ]; then
	unshare --mount sh -c 'mount -t cgroup2 none /sys/fs/cgroup' 2>/dev/null || {
		echo 'ok 1 - # SKIP no mount of cgroup v2 is possible here'
		echo 1..1
		exit 0
	}
	exec unshare --mount sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec "$0" inside' "$0"
fi
HVCTL=${HVCTL:?}_grouped
. "${0%/*}/lib.sh"
slice=/sys/fs/cgroup/hvmod.slice
before=$(sed -n 's/^0:://p' /proc/self/cgroup)
existed=$([ -d $slice ] && echo yes)

group_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
no_group() { [ ! -e "$slice/$1" ]; }
groups() { find $slice -mindepth 1 -maxdepth 1 -type d -name "$1" | wc -l; }

create --name unit-web
pid=$(vmm_pid unit-web)
check "a VMM process is in a group with its name" [ "$(group_of "$pid")" = /hvmod.slice/unit-web ]
check "with its threads" [ "$(wc -l <"$slice/unit-web/cgroup.threads")" -ge 2 ]
check "hvctl itself stays where it was" [ "$(group_of $$)" = "$before" ]
if [ -e "$slice/unit-web/cpu.weight" ]; then
	works sched unit-web
	check "its weight is the usual one" prints "weight 100, no cap"
	works sched unit-web --weight 250 --cap 50
	check "a weight goes to its group" [ "$(cat "$slice/unit-web/cpu.weight")" = 250 ]
	works sched unit-web
	check "sched shows it" prints "weight 250, cap 50% of a processor"
	works info --json unit-web
	check "info --json has it" grep -q '"cpu_weight": *250' "$dir/out"
	cp "$dir/out" "$dir/weighty.json"
	works create -n - name=other <"$dir/weighty.json"
	check "and create - takes it" prints "cpu_weight = 250"
	create --name unit-heavy cpu_weight=700
	check "create cpu_weight=700" [ "$(cat "$slice/unit-heavy/cpu.weight")" = 700 ]
	works destroy unit-heavy
else
	skip 9 "the controller cpu is not to be had here"
fi
works destroy unit-web
check "the group goes with the domain" until_true no_group unit-web
create --name unit-web
works rename unit-web unit-other
create --name unit-web
check "a second one of that name gets another group" [ "$(groups 'unit-web*')" = 2 ]
works destroy unit-web
works destroy unit-other
check "both go" until_true no_group unit-web
create --name unit-web
kill -9 "$(vmm_pid unit-web)"
until_true gone unit-web
check "the group of a killed one stays" [ -d $slice/unit-web ]
create --name unit-next
check "until the next domain is made" no_group unit-web
works shutdown -w unit-next
check "that one's goes too" until_true no_group unit-next
run run "$kernel" -m 64M --name unit-run -a end=reset
check "run: the outcome as ever" exits 32
check "run: no group stays" until_true no_group unit-run
run create --name unit-bad --kernel "$dir/text"
check "no domain, no group" no_group unit-bad
mkdir -p $slice/unit-service
"$HVCTL" create -F --name unit-front --kernel "$kernel" --memory 64M >/dev/null 2>&1 </dev/null &
front=$!
until_true state_is unit-front running
check "create -F: moves itself" [ "$(group_of $front)" = /hvmod.slice/unit-front ]
works destroy unit-front
wait $front
check "create -F: no group stays" no_group unit-front
mkdir -p $slice/unit-service
(echo "$BASHPID" >$slice/unit-service/cgroup.procs && exec "$HVCTL" create --name unit-in --kernel "$kernel" --memory 64M >/dev/null)
check "one that is in the slice already stays" [ "$(group_of "$(vmm_pid unit-in)")" = /hvmod.slice/unit-service ]
works destroy unit-in
until_true rmdir $slice/unit-service 2>/dev/null
[ "$existed" ] || rmdir $slice
mount -o remount,bind,ro /sys/fs/cgroup
fails 4 "cannot use cpu_weight=200: /sys/fs/cgroup is read-only here" create --kernel "$kernel" --memory 64M cpu_weight=200
check "read-only: the hint" says "ProtectControlGroups=no"
create --name unit-plain
check "a domain without a weight works all the same" state_is unit-plain running
works destroy unit-plain
finish
