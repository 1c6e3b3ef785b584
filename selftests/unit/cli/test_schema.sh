#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What hvctl prints under --json is what cli/schema says, and create takes it.
# shellcheck disable=SC2034,SC2154
. "${0%/*}/lib.sh"
mkdir "$dir/json"
serial=0

# printed SCHEMA ARG...: run hvctl --json; keep what it prints for the schema
printed() {
	local schema=$1

	shift
	run --json "$@"
	serial=$((serial + 1))
	if [ "$schema" = error ]; then
		cp "$dir/err" "$dir/json/error.$serial.json"
	else
		check "hvctl --json $*" exits 0
		cp "$dir/out" "$dir/json/$schema.$serial.json"
	fi
}

printed create create --kernel "$kernel" --initrd "$dir/initrd" --memory 64M --vcpus 2 --name web \
	cmdline='a "b" \ c' cpus=0 on_poweroff=destroy on_reboot=preserve on_crash=restart debug_exit=0xf4 disk="$dir/initrd,ro" vsock=cid=9 fs="tag=data,socket=$dir/initrd" cap=150 cpu_period_us=20000
printed create create --kernel "$kernel" --memory 64M
printed list list
printed info info web
cp "$dir/out" "$dir/web.json"
printed info info 0
printed info info dom1
printed vcpu-pin vcpu-pin web
printed mem-max mem-max web
printed sched sched web
printed vcpu-set vcpu-set web
printed mem-set mem-set web
printed version version
HVMOD_FAKE_ERRNO=2 printed version version
printed config create -n --kernel "$kernel" --memory 64M
printed config create -n "$dir/web.json"
printed config run -n "$kernel" --memory 64M
printed list list -q
run --json check
cp "$dir/out" "$dir/json/check.1.json"
printed top top -b -n 2 -d 0.1
printed vcpu-list vcpu-list
printed vcpu-list vcpu-list web
printed stats stats
printed stats stats web
printed stats stats --count 2 --interval 0.1
mkfifo "$dir/events"
exec {feed}<>"$dir/events"
printf '%s\n' 'created 1 7 x created' 'changed 2 7 x running' 'deleted 3 7 x' 'lost 9' >&"$feed"
HVMOD_FAKE_EVENTS=$dir/events printed events events --timeout 1
printed wait wait web --for state=running
printed error info nosuch
printed error rename web 7
printed error create --kernel "$dir/none"
HVMOD_FAKE_ERRNO=13 printed error list

# Of what info prints, create makes the same domain again, and info prints the same of it.
described() {
	python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))["domains"][0]
print({k: r.get(k) for k in ("name", "vcpus", "vcpus_max", "mem_max_bytes", "kernel", "ramdisk", "cmdline", "cpus",
	"on_poweroff", "on_reboot", "on_crash", "flat", "debug_exit", "disk", "net", "fs", "vsock", "cpu_cap_percent", "cpu_period_us")})' "$1"
}
(sleep 0.2; "$HVCTL" destroy web) &
printed wait wait web
until_true gone web
"$HVCTL" create - <"$dir/web.json" >/dev/null
check "create - takes what info --json printed" state_is web running
printed info info web
check "its cap too" json_is "$dir/out" '(d["domains"][0]["cpu_cap_percent"], d["domains"][0]["cpu_period_us"])' "(150, 20000)"
check "and it is the same domain" [ "$(described "$dir/out")" = "$(described "$dir/web.json")" ]
create --name talker --cmdline talks
printed info info talker
create --name sharing --cmdline lose
until_true logged sharing ready
printed info info sharing
"$HVCTL" destroy sharing
create --name broken --cmdline end=crash on_crash=preserve
until_true state_is broken crashed
printed list list -a
printed wait wait broken
printed info info broken
for file in "${0%/*}"/../../../cli/cmd_*.c; do
	verb=${file##*/cmd_}
	verb=${verb%.c}
	! grep -q 'print_json' "$file" ||
		check "${verb//_/-} prints JSON and has a schema" [ -f "${0%/*}/../../../cli/schema/${verb//_/-}.json" ]
done
if python3 -c 'import jsonschema' 2>/dev/null; then
	"${0%/*}/validate.py" "$dir/json" >"$dir/out" 2>"$dir/err"
	status=$?
	check "all of it is as cli/schema says, and every schema is used" exits 0
else
	skip 1 "python3-jsonschema is not installed"
fi
finish
