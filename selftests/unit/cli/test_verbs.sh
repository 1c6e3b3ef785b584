#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# start, reset, reboot, rename, inject, vcpu-pin, dump-core, and what follows when a guest ends itself.
# shellcheck disable=SC2154
. "${0%/*}/lib.sh"

has_restarts() { [ "$("$HVCTL" info --json "$1" | grep -o '"restarts":[0-9]*')" = "\"restarts\":$2" ]; }
type_at() { printf '%s\n' "$2" | timeout 1 "$HVCTL" console "$1" >/dev/null 2>&1; }

### start

create --name web -p
fails 7 "cannot reboot: it is paused" reboot web
works start web
check "start: it runs" state_is web running
check "start: the guest has begun" until_true logged web ready
fails 7 "web: cannot start: it is running" start web
works pause web
fails 7 "web: cannot start: it is so already" start web
works unpause web
fails 3 "no such domain" start nosuch
for verb in start reset reboot dump-core\ -f inject\ nmi rename\ x; do
	# shellcheck disable=SC2086
	set -- $verb
	fails 1 "this machine's own Linux" "$1" 0 ${2:+"${2#-}"}
done

### reset, reboot

works reset web
check "reset: it begins again" until_true logged web "guest web began again"
check "reset: the domain is the same" state_is web running
check "info counts it" has_restarts web 1
works pause web
works reset web
check "a paused domain that is reset stays paused" state_is web paused
works unpause web
works reboot web
check "reboot: the power button, and it begins again" until_true has_restarts web 3
check "reboot: it runs" state_is web running
works shutdown -w web
check "the next power off is one" gone web
create --name web --cmdline deaf
works reboot web
works shutdown web
type_at web poweroff
check "a shutdown takes back a reboot that the guest did not hear" until_true gone web

### on_poweroff, on_reboot, on_crash

create --name web --cmdline end=reset
check "on_reboot is restart in the background" until_true has_restarts web 1
check "it runs" state_is web running
works destroy web
run create -F --kernel "$kernel" --memory 64M --cmdline end=reset
check "and destroy in the foreground" exits 32
"$HVCTL" create -F --kernel "$kernel" --memory 64M --cmdline end=reset on_reboot=preserve --name kept >/dev/null 2>&1 &
check "unless told otherwise" until_true state_is kept shutdown
works destroy kept
wait
create --name web on_reboot=destroy --cmdline end=reset
check "on_reboot=destroy" until_true gone web
create --name web --on-poweroff restart --cmdline end=poweroff
check "--on-poweroff restart" until_true has_restarts web 1
works destroy web
create --name web --on-crash preserve --cmdline end=crash
check "--on-crash preserve: it is there" until_true state_is web crashed
run wait web
check "wait: it has ended" exits 0
check "wait: how" [ "$out" = crashed ]
works wait web --for state=crashed
fails 7 "web: cannot pause: it is crashed" pause web
fails 7 "web: cannot reset: it is crashed" reset web
check "the hint says what can be done" says "'hvctl destroy' ends it"
fails 7 "web: cannot inject: it is crashed" inject web nmi
works info web
check "info says why" prints "Reason:"
works dump-core web "$dir/crash.core"
check "a preserved domain is dumped" grep -q "a core of web" "$dir/crash.core"
check "list does not show it" [ -z "$("$HVCTL" list --noheadings --raw -o NAME | grep -x web)" ]
check "list -a does" listed web
works destroy web
check "destroy ends it" gone web
create --name web --on-poweroff preserve
works shutdown --wait web
check "shutdown --wait: until it is gone or preserved" state_is web shutdown
fails 7 "web: cannot shut down: it is shutdown" shutdown web
check "the hint says what lets it go" says "'hvctl destroy' lets it go"
run shutdown --force web
check "shutdown --force of a preserved one: 0" exits 0
check "and says so" says "web: is not running, destroyed"
check "it is gone" gone web
create --name web --on-poweroff preserve
run shutdown --force web
check "shutdown --force of one that will be preserved: 0" exits 0
check "and says so" says "web: is preserved, destroyed"
check "it is gone" gone web
create --name web -p
fails 7 "web: cannot shut down: it is paused" shutdown web
check "the hint says what lets it go on" says "'hvctl unpause' lets it go on"
run shutdown --force web
check "shutdown --force of a paused one: 0" exits 0
check "it is gone" gone web
create --name web --cmdline loop
rm "$HVMOD_RUNTIME_DIR/$("$HVCTL" info --json web | sed -n 's/.*"id":\([0-9]*\).*/\1/p').sock"
fails 1 "web: cannot shut down: its VMM process has no control socket here" shutdown web
run shutdown --force web
check "shutdown --force of one whose socket has gone: 0" exits 0
check "and says so" says "web: cannot be asked, destroyed"
check "it is gone" gone web
create --name web --cmdline loop
works reset web
check "a guest that only resets itself is given up" until_true gone web
for key in on_poweroff on_reboot on_crash; do
	fails 2 "$key: cannot use 'rename-restart': it is destroy, restart or preserve" create --kernel "$kernel" $key=rename-restart
done
create --name web on_crash=restart cpus=0
works info --json web
check "info --json has the actions" json_is "$dir/out" \
	'[d["domains"][0].get(k) for k in ("on_crash","on_reboot","cpus","restarts")]' "['restart', None, '0', 0]"
cp "$dir/out" "$dir/web.json"
works destroy web
"$HVCTL" create -n --json - <"$dir/web.json" >"$dir/out"
check "and create - takes them" json_is "$dir/out" '(d["on_crash"], d["cpus"])' "('restart', '0')"

### rename

create --name web
works rename web www
check "rename: it has the new name" state_is www running
check "rename: not the old one" gone web
check "its process too" [ "$(cat "/proc/$(vmm_pid www)/comm")" = hvmod:www ]
works reset www
check "its console stays" until_true logged www "guest web booted"
fails 1 "www: cannot rename: the name 'taken' is in use" rename www taken
fails 2 "cannot rename to '7': " rename www 7
fails 2 "cannot rename to '': " rename www ''
fails 2 "no new name given" rename www
fails 2 "Too many arguments" rename www a b
fails 3 "no such domain" rename web x

### inject

works inject www nmi
check "an NMI arrives" until_true logged www NMI
works -v inject www sysrq:t 2>/dev/null
check "a SysRq key arrives" until_true logged www "sysrq: t"
fails 2 "is not nmi, and not sysrq:" inject www smi
fails 2 "is not nmi, and not sysrq:" inject www sysrq:
fails 2 "is not nmi, and not sysrq:" inject www sysrq:tt
fails 2 "nothing to inject given" inject www

### vcpu-pin

works destroy www
create --name web --vcpus 3
works vcpu-pin web
check "vcpu-pin shows all" [ "$(tr -s ' ' <"$dir/out" | sed 's/^ //' | tr '\n' ';')" = "VCPU CPUS;0 0;1 0;2 0;" ]
works vcpu-pin web 1 2-4,6
works vcpu-pin web
check "one is pinned" prints "1 2-4,6"
works vcpu-pin --json web
check "vcpu-pin --json" json_is "$dir/out" '[(v["vcpu"], v["cpus"]) for v in d["vcpus"]]' "[(0, [0]), (1, [2, 3, 4, 6]), (2, [0])]"
works vcpu-pin web all 1,0
works vcpu-pin --json web
check "all are pinned" json_is "$dir/out" '{tuple(v["cpus"]) for v in d["vcpus"]}' "{(0, 1)}"
fails 1 "web: cannot pin vCPU 3: the last one is 2" vcpu-pin web 3 0
fails 1 "cannot pin: Invalid argument" vcpu-pin web 0 9
fails 2 "no processors given" vcpu-pin web 0
fails 2 "is not the number of a vCPU" vcpu-pin web first 0
fails 2 "is not the number of a vCPU" vcpu-pin web 64 0
for list in x 1- 3-1 1,,2 '1,' 1-2-3 ' 1'; do
	fails 2 "not a" vcpu-pin web 0 "$list"
done
for list in 1024 9999999999 0-1024 1-99999999999999999999; do
	fails 2 "a processor's number is at most 1023" vcpu-pin web 0 "$list"
done
fails 2 "cpus: cannot use '99999': a processor's number is at most 1023" create --kernel "$kernel" cpus=99999
fails 2 "cpus: cannot use 'x': not a list" create --kernel "$kernel" cpus=x
fails 1 "cpus: cannot use '1023': the processors here are" create --kernel "$kernel" cpus=1023

### vcpu-set

vcpus() { [ "$("$HVCTL" list --raw --noheadings -o NAME,VCPUS,VCPUS-MAX | sed -n "s/^$1 //p")" = "$2" ]; }
create --name hot vcpus=2 maxvcpus=6
check "it has 2 of 6 vCPUs" vcpus hot "2 6"
works vcpu-set hot
check "vcpu-set says so" prints "2 of 6 vCPUs"
works vcpu-set --wait hot 4
check "then it has 4" vcpus hot "4 6"
works vcpu-set -w hot 1
check "then it has one" vcpus hot "1 6"
works vcpu-set --json hot
check "vcpu-set --json" json_is "$dir/out" '(d["vcpus"], d["vcpus_wanted"], d["vcpus_max"])' "(1, 1, 6)"
fails 1 "hot: cannot have 7 vCPUs: it has at most 6" vcpu-set hot 7
fails 1 "hot: cannot have 6 vCPUs: its quota allows fewer" vcpu-set hot 6
for number in 0 65 -1 x 1.5 ''; do
	fails 2 "" vcpu-set -- hot "$number"
done
fails 3 "no such domain" vcpu-set nosuch 1
fails 1 "this machine's own Linux" vcpu-set 0 1
fails 2 "does not know --dry-run" vcpu-set -n hot 1
works info --json hot
check "info --json has them" json_is "$dir/out" \
	'[d["domains"][0].get(k) for k in ("vcpus","vcpus_max","vcpus_wanted")]' "[1, 6, 1]"
"$HVCTL" create -n --json - <"$dir/out" >"$dir/again"
check "and create - takes them" json_is "$dir/again" '(d["vcpus"], d["maxvcpus"])' "(1, 6)"
"$HVCTL" create -n - <"$dir/out" >"$dir/again.cfg"
works create -n --json "$dir/again.cfg"
check "as a file too" json_is "$dir/out" '(d["vcpus"], d["maxvcpus"])' "(1, 6)"
works destroy hot
create --name deaf --cmdline deaf vcpus=3
works vcpu-set deaf 2
works vcpu-set deaf
check "a guest that keeps them" prints "3 of 3 vCPUs, the guest has been asked to do with 2"
fails 6 "deaf: cannot set its vCPUs: still 3 of them after 0.2 s" --timeout 0.2 vcpu-set -w deaf 2
works info --json deaf
"$HVCTL" create -n --json - vcpus=4 <"$dir/out" >"$dir/again"
check "as many as at most, and another number: both" json_is "$dir/again" '(d["vcpus"], d.get("maxvcpus"))' "(4, None)"
works destroy deaf
create --name frail --cmdline deaf vcpus=2 --on-crash preserve
asked_for_one() { "$HVCTL" info --json frail | grep -q '"vcpus_wanted":1,'; }
(until_true asked_for_one; echo crash | "$HVCTL" console frail >/dev/null) &
fails 3 "cannot set its vCPUs: the domain has just ended" vcpu-set frail 1 --wait
works destroy frail
fails 2 "maxvcpus: cannot use '2': it has 3 vCPUs at the beginning" create --kernel "$kernel" vcpus=3 maxvcpus=2
fails 2 "at most 64" create --kernel "$kernel" maxvcpus=65

### dump-core

mkdir "$dir/work"
works dump-core web "$dir/core"
check "a core is written" [ "$(cat "$dir/core")" = "a core of web" ]
check "nobody else may read it" [ "$(stat -c %a "$dir/core")" = 600 ]
fails 1 "$dir/core: cannot open: File exists" dump-core web "$dir/core"
check "the hint" says "--force replaces it"
echo old >"$dir/core"
chmod 644 "$dir/core"
ln -s core "$dir/link"
works dump-core --force web "$dir/link"
check "--force: it is replaced, where a link leads to" [ "$(cat "$dir/core")" = "a core of web" ]
check "--force: the link stays" [ -L "$dir/link" ]
check "--force: nobody else may read the new one" [ "$(stat -c %a "$dir/core")" = 600 ]
check "nothing is left beside it" [ "$(echo "$dir"/core* "$dir"/link*)" = "$dir/core $dir/link" ]
check "--force: a pipe behind a link is written" [ "$("$HVCTL" dump-core --force web /dev/stdout | cat)" = "a core of web" ]
ln -s nowhere "$dir/dangling"
fails 1 "dangling: cannot open: No such file" dump-core --force web "$dir/dangling"
fails 1 "work: cannot open: Is a directory" dump-core --force web "$dir/work"
kill -STOP "$(vmm_pid web)"
fails 6 "cannot dump: not done after 0.5 s" dump-core --force --timeout 0.5 web "$dir/core"
kill -CONT "$(vmm_pid web)"
check "--force: a dump that failed leaves the old one" [ "$(cat "$dir/core")" = "a core of web" ]
check "and nothing beside it" [ "$(echo "$dir"/core*)" = "$dir/core" ]
works dump-core web -
check "to standard output" [ "$out" = "a core of web" ]
fails 1 "$dir/none/core: cannot open: No such file" dump-core web "$dir/none/core"
fails 2 "no file given" dump-core web
fails 2 "does not know --dry-run" dump-core -n web "$dir/x"
if mknod "$dir/full" c 1 7 2>/dev/null; then
	fails 1 "full: cannot write: No space left" dump-core web "$dir/full" --force
	check "a device is not removed" [ -c "$dir/full" ]
else
	skip 4 "a full device: not root"
fi
works destroy web
being_written() { [ "$(find "$dir" -name 'slow.??????' | wc -l)" -eq "${1:-1}" ]; }
create --name slow --cmdline lazy
fails 6 "cannot dump: not done after 0.3 s" --timeout 0.3 dump-core slow "$dir/slow"
check "what was written is removed" being_written 0
check "who hung up is not written for" until_true grep -q "core: Operation canceled" "$HVMOD_RUNTIME_DIR"/*.log
"$HVCTL" dump-core slow "$dir/slow" 2>"$dir/dumped" &
dumper=$!
until_true being_written
sleep 0.3
fails 7 "cannot reset: its memory is being dumped" reset slow
fails 7 "cannot dump: its memory is being dumped" dump-core slow "$dir/second"
fails 7 "cannot dump: its memory is being dumped" dump-core --force slow "$dir/slow"
check "another one does not touch what the first writes" being_written
works list
kill -INT $dumper
wait $dumper
check "interrupted: so it ends" [ $? -eq 130 ]
check "interrupted: says so" grep -q "cannot dump: interrupted" "$dir/dumped"
check "interrupted: no file stays" being_written 0
twice_cancelled() { [ "$(cat "$HVMOD_RUNTIME_DIR"/*.log | grep -c canceled)" -ge 2 ]; }
check "interrupted: it is not written for" until_true twice_cancelled
"$HVCTL" dump-core slow "$dir/slow" 2>/dev/null &
dumper=$!
until_true being_written
sleep 0.3
works destroy slow
wait $dumper
check "destroyed meanwhile: 3" [ $? -eq 3 ]
check "destroyed meanwhile: no file stays" [ -z "$(find "$dir" -name 'slow*')" ]
create --name brief --cmdline 'lazy=5'
"$HVCTL" dump-core brief "$dir/slow" 2>"$dir/dumped" &
dumper=$!
until_true being_written
echo mine >"$dir/slow"
wait $dumper
check "a file that came meanwhile stays: 1" [ $? -eq 1 ]
check "and that is told" grep -q "slow: cannot open: File exists" "$dir/dumped"
check "and it is what it was" [ "$(cat "$dir/slow")" = mine ]
"$HVCTL" dump-core --force brief "$dir/slow" &
dumper=$!
until_true being_written
check "until the end the old one is there" grep -qx mine "$dir/slow"
wait $dumper
check "then the new one" [ "$(cat "$dir/slow")" = "a core of brief" ]
check "and nothing beside it" being_written 0

finish
