#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# hvctl from outside, with a fake device and a fake VMM: every exit status and
# every message that a user can meet. HVCTL is the program.
# shellcheck disable=SC2034,SC2154,SC2094

. "${0%/*}/lib.sh"

### usage

fails 2 "no verb given"
fails 2 "unknown verb 'lst'" lst
check "did you mean" says "did you mean 'list'?"
fails 2 "unrecognized option '--foo'" list --foo
fails 2 "unrecognized option '--foo'" --foo list
fails 2 "invalid option -- 'Z'" info -Z
fails 2 "no domain given" info
fails 2 "no domain given" pause
fails 2 "Too many arguments" pause a b
fails 2 "Too many arguments" version x
fails 2 "not a number of seconds" wait --timeout x y
fails 2 "is not auto, always or never" --color=pink list
fails 2 "does not know --dry-run" -n destroy x
for line in list 'create x' 'run x' 'destroy x' 'mem-max x' 'sched x' top stats vcpu-list check report version help 'completion bash'; do
	# shellcheck disable=SC2086
	fails 2 "does not know --timeout" $line --timeout 5
done
fails 2 "does not know --timeout" --timeout 0 list
fails 2 "is not state=" wait x --for running
fails 2 "is not state=" wait x --for state=sleeping
fails 2 "is no key" console x --escape foo
fails 2 "unknown verb 'dance'" help dance
works help
check "help lists the verbs" prints "unpause    Let a paused domain go on"
check "help hides aliases" [ "${out/resume/}" = "$out" ]
for verb in check report create run list info console pause unpause shutdown destroy wait mem-max mem-set sched version; do
	works help $verb
	check "help $verb shows its usage" prints "Usage: hvctl $verb"
	works "$verb" --help
done
works --help
check "--help is help" prints "Exit status:"
works --version
check "--version" prints "hvctl 0.0.test"
works list --usage
for line in --help --version help version 'list --help' 'list --usage' 'list -V' list; do
	# shellcheck disable=SC2086
	"$HVCTL" $line >/dev/full 2>"$dir/err"
	status=$? err=$(<"$dir/err")
	check "hvctl $line to a full disk: 1" exits 1
	check "hvctl $line to a full disk: says so" says "cannot write output: No space left"
	# shellcheck disable=SC2086
	"$HVCTL" $line >&- 2>"$dir/err"
	status=$? err=$(<"$dir/err")
	check "hvctl $line without a standard output: 1" exits 1
	check "hvctl $line without a standard output: says so" says "cannot write output: Bad file descriptor"
done

### configuration

fails 2 "no kernel given" create
fails 2 "no kernel given" run
fails 2 "vcpus: cannot use '0': a domain has at least one vCPU" create --kernel "$kernel" --vcpus 0
fails 2 "at least one vCPU" create "kernel=$kernel" vcpus=0
fails 2 "at least one vCPU" run "$kernel" -c 0
fails 2 "at most 64" create --kernel "$kernel" --vcpus 65
fails 2 "at most 64" create --kernel "$kernel" --vcpus 9999999999
fails 2 "not a number" create --kernel "$kernel" --vcpus 9x
fails 2 "memory: cannot use '512': a size needs a suffix" create --kernel "$kernel" --memory 512
check "the hint writes it right" says "hint: write memory=512M"
fails 2 "a size needs a suffix" run "$kernel" -m 512
fails 2 "not a size" create --kernel "$kernel" --memory lots
fails 2 "name: cannot use 'a/b': a name has no slash" create --kernel "$kernel" --name a/b
fails 2 "no slash" run "$kernel" --name a/b
fails 2 "begins with a letter" create --kernel "$kernel" --name 7up
fails 2 "flat: cannot use '0x7c00': an address, a comma and a mode are expected" run "$kernel" --flat 0x7c00
check "flat: the hint" says "flat=0x7c00,real is one"
fails 2 "the mode is not real, protected or long" run "$kernel" --flat 0x7c00,16
fails 2 "an address, a comma" create --kernel "$kernel" --flat=-1,real
fails 2 "an address, a comma" create --kernel "$kernel" flat=real
fails 2 "an address, a comma" create --kernel "$kernel" --flat 0x10000000000000000,long
fails 2 "debug_exit: cannot use 'x': not a port number" run "$kernel" --debug-exit=x
fails 2 "a port is between 1 and 0xfffc" run "$kernel" --debug-exit=0
fails 2 "a port is between 1 and 0xfffc" create --kernel "$kernel" debug_exit=0xfffd
fails 2 "not a port number" create --kernel "$kernel" --debug-exit=1x
fails 2 "unknown key 'kernal'" create kernal=x
check "did you mean, for keys" says "did you mean 'kernel'?"
fails 2 "network devices are 'net' here" create "kernel=$kernel" vif=x
fails 1 "$dir/none: cannot open the disk: No such file" create "kernel=$kernel" --disk "$dir/none,ro"
check "disk: the hint" says "truncate -s 10G FILE"
fails 2 "disk: cannot use 'x,raw': behind the path come ro, direct or serial=S" run "$kernel" -d x,raw
fails 1 "$dir/none: cannot connect to passt: No such file" create "kernel=$kernel" --net "passt=$dir/none"
check "passt: the hint" says "passt --socket PATH"
fails 1 "cannot use descriptor 99: it is not open" create "kernel=$kernel" net=fd=99
fails 2 "net: cannot use 'br0': it begins with tap=NAME" run "$kernel" --net br0
fails 2 "vsock: cannot use 'cid=2': the CID is reserved" create "kernel=$kernel" --vsock cid=2
fails 2 "vsock: cannot use '7': cid=N is expected" run "$kernel" --vsock 7
fails 2 "more than one file" create a.cfg b.cfg
fails 1 "this machine has" create --kernel "$kernel" --memory 1000000T
fails 1 "$dir/none: cannot open the kernel: No such file" create --kernel "$dir/none"
fails 1 "cannot open the initrd" create --kernel "$kernel" --initrd "$dir/none"
fails 1 "the file is empty" create --kernel "$dir/empty"
fails 1 "not a regular file" create --kernel "$dir"
fails 1 "cannot read the configuration" create "$dir/none.cfg"
fails 1 "web: cannot create: kernel $dir/text: not a bzImage" create --kernel "$dir/text" --name web
check "the VMM's hint comes through" says "hint: give a bzImage"
fails 1 "not a bzImage" create --kernel "$dir/short" --name web
fails 1 "not a bzImage" run "$dir/short"
check "nothing is left behind" no_files
works create -n --kernel "$kernel" --vcpus 2 --name web
check "dry run shows the memory" prints 'memory = "512M"'
check "dry run makes nothing" gone web
cp "$dir/out" "$dir/web.cfg"
works create -n "$dir/web.cfg" memory=128M
check "what it shows can be read, and overridden" prints 'memory = "128M"'
check "and the rest stays" prints "vcpus = 2"
works create -n --json "$dir/web.cfg"
check "dry run as JSON" json_is "$dir/out" 'd["vcpus"]' 2
run run -n "$kernel" --name x
check "run --dry-run" prints 'name = "x"'

works run -n --json "$kernel" --vcpus 2 --name x
check "run --dry-run --json" json_is "$dir/out" '(d["name"], d["vcpus"])' "('x', 2)"
works -n run "$kernel"
check "run, -n before the verb" prints 'memory = "512M"'
works run "$kernel" -n
check "and behind it" prints 'memory = "512M"'
fails 2 "Too many arguments" run "$kernel" -n web
for verb in $("$HVCTL" help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'); do
	"$HVCTL" help "$verb" >"$dir/out"
	[ "$verb" = top ] ||
		check "$verb: -n is --dry-run" [ "$(grep -oE -- '-n, --[a-z-]+' "$dir/out")" = "-n, --dry-run" ]
done
check "help says where it is not" [ "$("$HVCTL" help | grep -c 'behind top, --iterations')" = 1 ]

### the device

export HVMOD_FAKE_ERRNO=2
fails 4 "the hvmod module is not loaded" list
check "not loaded: the hint" says "modprobe hvmod"
fails 4 "the hvmod module is not loaded" create --kernel "$kernel"
fails 4 "the hvmod module is not loaded" run "$kernel"
fails 4 "the hvmod module is not loaded" pause web
run --json list
check "not loaded, as JSON: status" exits 4
check "not loaded, as JSON: code" json_is "$dir/err" 'd["error"]["code"]' ENOENT
check "not loaded, as JSON: hint" json_is "$dir/err" '"modprobe" in d["error"]["hint"]' True
works version
check "version without a module" prints "not loaded"
works version --json
check "version --json without a module" json_is "$dir/out" 'd["module"]' None
export HVMOD_FAKE_ERRNO=13
fails 5 "no permission" list
check "no permission: the hint" says "join the group"
fails 5 "no permission" create --kernel "$kernel"
unset HVMOD_FAKE_ERRNO
export HVMOD_FAKE_ABI=9
fails 4 "another ABI" list
works version
check "version tells the other ABI" prints "ABI 9"
unset HVMOD_FAKE_ABI
for pair in 19:4 13:5 12:1 28:1 17:1; do
	HVMOD_FAKE_CREATE_ERRNO=${pair%:*} run create --kernel "$kernel" --name web
	check "the kernel's errno ${pair%:*}: exit status ${pair#*:}" exits "${pair#*:}"
	check "the kernel's errno ${pair%:*}: says so" says "web: cannot create: the kernel refuses"
done
works version --json
check "version --json has the schema" json_is "$dir/out" 'd["schema"]' 1

### create, list, info

works create --kernel "$kernel" --initrd "$dir/initrd" --cmdline 'console=ttyS0 a="b"' --vcpus 2 --memory 64M --name web
check "create prints the id" [ "$out" = 1 ]
check "it runs" state_is web running
fails 1 "web: cannot create: the name is in use by domain 1" create --kernel "$kernel" --name web
fails 1 "the name is in use" run "$kernel" --name web
fails 1 "the name is in use" create --kernel "$kernel" --name Domain-0
works create -v --kernel "$kernel" --memory 64M
check "create -v prints the name too; the default one" [ "$out" = "2 dom1" ]
works create --json --kernel "$kernel" --memory 64M
check "create --json" json_is "$dir/out" 'd["domains"][0]["name"]' dom2
pid=$(vmm_pid web)
check "the VMM process has its name" [ "$(cat "/proc/$pid/comm")" = hvmod:web ]
check "it leads a session of its own" [ "$(cut -d' ' -f6 "/proc/$pid/stat")" = "$pid" ]
check "it is nobody's child here" [ "$(cut -d' ' -f4 "/proc/$pid/stat")" != $$ ]
check "its stdin is /dev/null" [ "$(readlink "/proc/$pid/fd/0")" = /dev/null ]
check "its stdout is /dev/null" [ "$(readlink "/proc/$pid/fd/1")" = /dev/null ]
check "its directory is /" [ "$(readlink "/proc/$pid/cwd")" = / ]
check "its socket is its user's" [ "$(stat -c %a "$HVMOD_RUNTIME_DIR/1.sock")" = 600 ]
check "its log is its user's" [ "$(stat -c %a "$HVMOD_RUNTIME_DIR/1.log")" = 600 ]
works list
check "list has a heading" [ "$(head -1 "$dir/out" | tr -s ' ')" = "ID NAME STATE VCPUS MEM CPU% UPTIME" ]
check "Domain-0 is the first row" [ "$(sed -n 2p "$dir/out" | tr -s ' ' | cut -d' ' -f2-4)" = "0 Domain-0 running" ]
check "list has the domain" prints "web"
works ls
works ps -a
works list -q
check "list -q has ids alone" [ "$(echo "$out" | tr '\n' ' ')" = "0 1 2 3 " ]
for line in 'list -q --json' '-q -j list'; do
	# shellcheck disable=SC2086
	works $line
	check "hvctl $line: JSON" json_is "$dir/out" '[r["id"] for r in d["domains"]]' "[0, 1, 2, 3]"
done
works list --noheadings --raw -o name,vcpus
check "list -o, --raw, --noheadings" [ "$(sed -n 2p "$dir/out")" = "web 2" ]
works list -o +PID
check "list -o + adds" [ "$(head -1 "$dir/out" | tr -s ' ')" = "ID NAME STATE VCPUS MEM CPU% UPTIME PID" ]
fails 2 "unknown column 'XYZ'" list -o ID,XYZ
works list --json
check "list --json" json_is "$dir/out" '[d["domains"][1][k] for k in ("id","name","state","vcpus","mem_max_bytes")]' "[1, 'web', 'running', 2, 67108864]"
works --json list -a
works --color=always list
check "--color=always colours" prints $'\033['
works --color=never list
check "--color=never does not" [ "${out/$'\033['/}" = "$out" ]
# colours TERMINAL ARG...: does hvctl colour its output there
colours() {
	env -u NO_COLOR TERM="$1" script -qec "$HVCTL ${*:2}" /dev/null </dev/null >"$dir/out" 2>&1
	grep -q $'\033\[' "$dir/out"
}
check "a terminal gets colours" colours xterm list
check "a dumb one does not" eval '! colours dumb list'
check "one without a name does not" eval '! colours "" list'
check "check obeys too" eval '! colours dumb check'
check "and has colours elsewhere" colours xterm check
works info web
check "info has the kernel" prints "Kernel:         $kernel"
check "info has the command line" prints 'console=ttyS0 a="b"'
works info 1
works inspect web
works info 0
works info --json web
cp "$dir/out" "$dir/web.json"
check "info --json" json_is "$dir/out" 'd["domains"][0]["ramdisk"]' "$dir/initrd"
works create -p --kernel "$kernel" --memory 64M --name raw --flat 0x100000,long --debug-exit=1281
works info --json raw
cp "$dir/out" "$dir/raw.json"
check "info --json has flat and debug_exit" json_is "$dir/raw.json" '(d["domains"][0]["flat"], d["domains"][0]["debug_exit"])' "('0x100000,long', '0x501')"
works create -n "$dir/raw.json"
check "create takes them back" prints 'debug_exit = "0x501"'
check "and the flat binary's address and mode" prints 'flat = "0x100000,long"'
works destroy raw
: >"$dir/a,b"
works create -p --kernel "$kernel" --memory 64M --name disky --disk "$dir/a,,b,ro" disk="$dir/initrd,serial=S1"
works info disky
check "info has the disks" prints "Disk:           $dir/a,,b,ro"
works info --json disky
cp "$dir/out" "$dir/disky.json"
check "info --json has them" json_is "$dir/disky.json" 'd["domains"][0]["disk"]' "['$dir/a,,b,ro', '$dir/initrd,serial=S1']"
works create -n "$dir/disky.json"
check "create takes them back" prints "disk = [ \"$dir/a,,b,ro\", \"$dir/initrd,serial=S1\" ]"
works destroy disky
exec 9</dev/null
works create -p --kernel "$kernel" --memory 64M --name wired --net tap=tap0,mac=52:54:00:12:34:56,vhost=on net=passt net=fd=9
exec 9<&-
works info --json wired
check "info --json has networks; a descriptor has a number of its own" json_is "$dir/out" 'd["domains"][0]["net"][:2] + [d["domains"][0]["net"][2][:3]]' "['tap=tap0,mac=52:54:00:12:34:56,vhost=on', 'passt', 'fd=']"
works destroy wired
: >"$dir/d,1"
works create --kernel "$kernel" --memory 64M --name sharing --fs "tag=data,socket=$dir/d,,1" fs="socket=$dir/initrd,tag=b" cmdline=lose
works info sharing
check "info has the directories" prints "Directory:      tag=data,socket=$dir/d,,1"
until_true logged sharing ready
works info sharing
check "and that one has failed" prints "Failed:         fs /run/data.socket: virtiofsd has gone"
works info --json sharing
cp "$dir/out" "$dir/sharing.json"
check "info --json has it too" json_is "$dir/out" 'd["domains"][0]["failed_devices"]' "['fs /run/data.socket: virtiofsd has gone']"
works create -n "$dir/sharing.json"
check "create takes the directories back" prints "fs = [ \"tag=data,socket=$dir/d,,1\", \"tag=b,socket=$dir/initrd\" ]"
works destroy sharing
fails 2 "fs: cannot use 'tag=a': it has no socket=PATH" create "kernel=$kernel" --fs tag=a
fails 2 "another directory has the same tag" create "kernel=$kernel" --fs "tag=a,socket=$kernel" "fs=tag=a,socket=$dir/initrd"
fails 1 "$dir/none: cannot connect to virtiofsd: No such file" create "kernel=$kernel" --fs "tag=a,socket=$dir/none"
check "and says how to start one" says "hint: start virtiofsd"
works create -p --kernel "$kernel" --memory 64M --name near --vsock auto
works info near
check "info has the CID that was chosen" prints "Vsock:          cid=7"
works info --json near
cp "$dir/out" "$dir/near.json"
works create -n "$dir/near.json" vsock=cid=8
check "create takes it back, or another" prints 'vsock = "cid=8"'
works destroy near
fails 3 "nosuch: no such domain" info nosuch
fails 3 "wev: no such domain" info wev
check "did you mean, for domains" says "did you mean 'web'?"
fails 3 "no such domain" pause 99
fails 3 "no such domain" pause 99999999999
fails 3 "no such domain" destroy a/b
for verb in pause unpause shutdown destroy wait console mem-max mem-set sched; do
	fails 1 "this machine's own Linux" $verb 0
done
run --json info nosuch
check "no such domain, as JSON" json_is "$dir/err" '(d["error"]["code"], d["error"]["message"])' "('ENOENT', 'nosuch: no such domain')"

### mem-max, sched

works mem-max web
check "it shows the memory" prints "at most"
works mem-max web 96M
works mem-max web --json
check "what was set is shown" prints '"mem_max_bytes":100663296'
check "with a UUID" prints '"uuid":"00000000-0000-0000-0000-000000000000"'
fails 2 "'96'" mem-max web 96
fails 2 "not a multiple of 4k" mem-max web 1k
fails 2 "not a multiple of 4k" mem-max web 0M
fails 2 "Too many arguments" mem-max web 96M 97M
works sched web
check "no cap at first" prints "no cap"
works sched web --cap 150
works sched web
check "the cap, and the usual period" prints "cap 150% of a processor, period 100 ms"
works sched web --period 20
works sched web
check "the period alone" prints "cap 150% of a processor, period 20 ms"
works sched web --json
check "the same in JSON" prints '"cpu_cap_percent":150'
works sched web --cap none
works sched web
check "no cap any more" prints "no cap"
fails 2 "--cap: '0' is not a number" sched web --cap 0
fails 2 "--cap: '6401' is not a number" sched web --cap 6401
fails 2 "--cap: '10x' is not a number" sched web --cap 10x
fails 2 "--period: '0' is not a number" sched web --period 0
fails 2 "--period: '1001' is not a number" sched web --period 1001
fails 2 "Too many arguments" sched web 10
works mem-set web
check "what it has, may have, and makes the host hold" prints "64M; 96M at most, the host holds 32M for it"
works mem-set web 48M
works mem-set web --json
check "what was set" json_is "$dir/out" '(d["mem_current_bytes"] >> 20, d["mem_target_bytes"] >> 20)' "(48, 48)"
works mem-set web 64M --wait
works mem-set web 40M --timeout 5
works info web
check "info shows both" prints "Memory wanted:  40M"
works list --noheadings --raw -o NAME,MEM,MEM-MAX
check "list too" prints "web 40M 96M"
fails 1 "web: cannot set its memory to 65M: it can have 64M at most" mem-set web 65M
check "and the key" says "hint: maxmem="
fails 1 "web: cannot set its memory to 97M: it can have 96M at most" mem-set web 97M
check "and the other verb" says "hint: 'hvctl mem-max'"
fails 2 "'96'" mem-set web 96
fails 2 "whole mebibytes" mem-set web 1k
fails 2 "whole mebibytes" mem-set web 0M
fails 2 "Too many arguments" mem-set web 32M 33M
create --name stiff --cmdline stiff
fails 6 "stiff: has 64M after 0.2 s" mem-set stiff 32M --timeout 0.2
check "and the driver" says "virtio_balloon"
works mem-set stiff
check "it is on its way" prints "64M, on its way to 32M"
works destroy stiff
create --name talker --cmdline talks
works info talker
check "what its guest has" prints "Guest has:      60M"
check "and can use" prints "Guest can use:  20M"
check "and has free" prints "Guest has free: 10M"
check "as of now" prints "Guest told:     0.0 s ago"
works destroy talker
create --name mumbler --cmdline mumbles
works info mumbler
check "a guest that tells no more" prints "Guest can use:  20M"
works info --json mumbler
check "what it did not tell is not there" json_is "$dir/out" '[k for k in d["domains"][0] if "guest" in k]' "['mem_guest_total_bytes', 'mem_guest_available_bytes', 'mem_guest_told_ns']"
works destroy mumbler
create --name less maxmem=128M
works mem-set less
check "made with more, it has less" prints "64M; 128M at most"
works destroy less
export HVMOD_FAKE_QUOTA_ERRNO=1
fails 5 "web: cannot set its memory: not permitted" mem-max web 64M
fails 5 "web: cannot set its processor time: not permitted" sched web --cap 5
export HVMOD_FAKE_QUOTA_ERRNO=16
fails 7 "web: cannot set its memory: it has more than that already" mem-max web 64M
export HVMOD_FAKE_QUOTA_ERRNO=12
fails 1 "the machine has not that much for domains" mem-max web 64M
export HVMOD_FAKE_QUOTA_ERRNO=122
fails 1 "its user may not have that much" mem-max web 64M
export HVMOD_FAKE_QUOTA_ERRNO=2
fails 3 "it is gone" mem-max web 64M
export HVMOD_FAKE_QUOTA_ERRNO=25
fails 4 "the loaded module has no quotas" sched web --cap 5
fails 4 "capped: cannot create: cannot set its processor time: the loaded module has no quotas" \
	create --name capped --kernel "$kernel" --memory 64M --cap 5
check "a domain whose cap can't be set is none" gone capped
works create --name free --kernel "$kernel" --memory 64M cap=0
unset HVMOD_FAKE_QUOTA_ERRNO
works destroy free
create --name capped --cap 50 cpu_period_us=10000
works sched capped
check "create --cap 50" prints "cap 50% of a processor, period 10 ms"
works destroy capped

### pause, unpause

works pause web
check "it is paused" state_is web paused
fails 7 "web: cannot pause: it is paused" pause web
fails 7 "cannot shut down: it is paused" shutdown web
works unpause web
check "it runs again" state_is web running
fails 7 "web: cannot unpause: it is running" unpause web
works pause 1
works resume 1
works create -p --kernel "$kernel" --memory 64M --name late
check "create -p leaves it paused" state_is late paused
check "and the guest has not run" [ -z "$("$HVCTL" console --log late)" ]
works unpause late
check "unpause starts it" until_true logged late ready

### console

check "console --log has what was printed before" until_true logged web "guest web booted"
works console --log web
check "console --log ends" prints ready
mkfifo "$dir/in"
"$HVCTL" console web <"$dir/in" >"$dir/console" 2>/dev/null &
console=$!
exec 7>"$dir/in"
echo typed >&7
check "what is typed gets to the guest" until_true grep -q typed "$dir/console"
check "the scroll-back came first" grep -q "guest web booted" "$dir/console"
fails 1 "cannot attach the console: it is in use" console web
check "in use: the hint" says "--force takes it over"
"$HVCTL" console --readonly web >"$dir/watch" 2>/dev/null </dev/null &
watch=$!
check "a second may watch" until_true grep -q typed "$dir/watch"
"$HVCTL" console --force web </dev/null >"$dir/stolen" 2>/dev/null &
thief=$!
check "--force takes it over" until_true grep -q "taken over" "$dir/console"
wait $console
check "and the other ends" [ $? -eq 0 ]
exec 7>&-
kill $thief
wait $thief
check "a signal ends a console" [ $? -eq 143 ]
check "the watcher stays" kill -0 $watch
works destroy web
wait $watch
check "its console ends with the domain" [ $? -eq 0 ]

# A terminal: what stty says before and after, and the escape key.
raw() { stty -F "$(cat "$dir/tty")" -a 2>/dev/null | grep -q -- '-icanon'; }
pty() {
	local keys=$1

	shift
	: >"$dir/out"
	rm -f "$dir/tty"
	# The banner, the terminal's raw mode, the keys, the end.
	(until_true grep -aqE 'detaches|ends it' "$dir/out"; until_true raw; printf '%b' "$keys"
	 until_true [ -s "$dir/stty2" ]) |
		timeout 60 script -qec "tty >$dir/tty; stty -a >$dir/stty1; rm -f $dir/stty2; $*; \
			echo status \$?; stty -a >$dir/stty2" /dev/null >"$dir/out" 2>&1
	out=$(cat "$dir/out")
}
pty '\035' "$HVCTL" console late
check "the escape key detaches" prints Detached
check "detaching is no failure" prints "status 0"
check "the banner names the key" prints "^] detaches"
check "the terminal is as it was" cmp -s "$dir/stty1" "$dir/stty2"
pty 'x\001' "$HVCTL" console --escape ^a late
check "--escape sets the key" prints "status 0"
check "what is before the key is typed" until_true logged late x
pty '\003' "$HVCTL" console --readonly late
check "^C detaches who only watches" prints "status 0"
pty 'crash\r' "$HVCTL" run "$kernel" -m 64M
check "run on a terminal: the guest's outcome" prints "status 33"
check "run on a terminal: it is as it was" cmp -s "$dir/stty1" "$dir/stty2"
pty '\035' "$HVCTL" run "$kernel" -m 64M --name keyed
check "the escape key ends run" prints "status 37"
check "and the domain" gone keyed
pty 'abc\035' "$HVCTL" create -c --kernel "$kernel" --memory 64M --name attached
check "create -c attaches" prints "guest attached booted"
check "create -c detaches" prints "status 0"
check "and the domain stays" state_is attached running
works destroy attached

# stdin, stdout and stderr may be closed, SIGCHLD may be ignored.
timeout 20 "$HVCTL" run "$kernel" -m 64M -a end=reset >"$dir/out" 2>"$dir/err" <&-
status=$?
check "run without stdin" exits 32
(exec 0<&- 1>&- 2>&-; exec "$HVCTL" create --kernel "$kernel" --memory 64M --name bare)
check "create without stdio: makes a domain" state_is bare running
works destroy bare
python3 -c 'import os,signal,sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])' \
	"$HVCTL" run "$kernel" -m 64M -a end=panic >/dev/null 2>&1 </dev/null
check "run with SIGCHLD ignored: the outcome" [ $? -eq 34 ]

# What one command prints another reads.
"$HVCTL" create - <"$dir/web.json" >"$dir/out" 2>"$dir/err"
status=$?
check "create - takes what info --json printed" exits 0
works info --json web
check "it is the same domain" json_is "$dir/out" \
	'[d["domains"][0][k] for k in ("name","vcpus_max","mem_max_bytes","ramdisk","cmdline")]' \
	"['web', 2, 67108864, '$dir/initrd', 'console=ttyS0 a=\"b\"']"
works destroy web
printf 'name="web" # text\nkernel="%s"; memory="64M"\n' "$kernel" | "$HVCTL" create - >/dev/null
check "create - takes text" state_is web running
works destroy web
works create "$dir/web.cfg" memory=64M
check "create FILE, with a key that overrides it" state_is web running
works destroy web

### scroll-back

create --name noisy --cmdline flood=3000000
check "three megabytes are written at once" until_true logged noisy ready
works console --log noisy
check "one is kept" [ "$(stat -c %s "$dir/out")" -eq 1048576 ]
works info noisy
check "info counts all" grep -qE 'Console output: +[23][0-9]{6} bytes' "$dir/out"
works destroy noisy

### run

for pair in poweroff:0 reset:32 crash:33 panic:34 watchdog:36 destroyed:37 fail:1; do
	run run "$kernel" -m 64M --rm -a "end=${pair%:*}"
	check "run, the guest ends with ${pair%:*}: ${pair#*:}" exits "${pair#*:}"
	check "run, ${pair%:*}: its last line is there" prints ready
	[ "${pair%:*}" = poweroff ] || check "run, ${pair%:*}: says how it ended" [ -n "$err" ]
done
run run "$kernel" -m 64M -a end=reset
check "run: and how" says "the guest ended: reset (by what the test said)"
run run "$kernel" -m 64M -a end=debug --debug-exit
check "run --debug-exit: the guest's own exit status" exits 43
check "run --debug-exit: says so" says "the guest ended: debug-exit 43"
run run "$kernel" -m 64M --flat 0x7c00,real --debug-exit=0xf4 --name flat -a end=debug
check "run --flat --debug-exit=PORT" exits 43
run create -F -p --kernel "$kernel" --memory 64M --debug-exit --cmdline end=debug --dry-run
check "create --debug-exit has the usual port" prints 'debug_exit = "0x501"'
run run "$kernel" -m 64M -a end=fail
check "run, fail: why" says "instruction 0f 0b"
check "run, fail: control characters are made visible" says 'hint: \x1b[31mreport it'
run run "$kernel" -m 64M -a "flood=900000 end=poweroff"
check "run: nothing is lost of 900000 bytes" [ "$(stat -c %s "$dir/out")" -gt 899000 ]
check "run: not even the first line" prints "booted"
(echo hello; until_true grep -q hello "$dir/out"; echo panic) | timeout 20 "$HVCTL" run "$kernel" -m 64M >"$dir/out" 2>"$dir/err"
status=$?
check "run types its standard input" grep -q hello "$dir/out"
check "run from a pipe: outcome" exits 34
timeout 20 "$HVCTL" run "$kernel" -m 64M --name victim >/dev/null 2>&1 </dev/null &
check "run makes a domain" until_true state_is victim running
works destroy victim
wait $!
check "run, destroyed from outside: 37" [ $? -eq 37 ]
"$HVCTL" run "$kernel" -m 64M --name leashed >/dev/null 2>&1 </dev/null &
runner=$!
until_true state_is leashed running
kill -TERM $runner
wait $runner
check "run, SIGTERM: 37" [ $? -eq 37 ]
check "and the domain is gone" gone leashed
"$HVCTL" run "$kernel" -m 64M --name leashed >/dev/null 2>&1 </dev/null &
runner=$!
until_true state_is leashed running
kill -KILL $runner
wait $runner 2>/dev/null
check "run, SIGKILL: the domain goes too" until_true gone leashed
"$HVCTL" run "$kernel" -m 64M --name orphan >/dev/null 2>"$dir/err" </dev/null &
runner=$!
until_true state_is orphan running
kill -KILL "$(vmm_pid orphan)"
wait $runner
status=$?
err=$(cat "$dir/err")
check "run, the VMM process killed: 1" exits 1
check "and says so" says "killed by signal 9"
"$HVCTL" run "$kernel" -m 64M -a flood=500000 --name broken </dev/null 2>"$dir/err" | head -1 >"$dir/out"
status=${PIPESTATUS[0]}
err=$(cat "$dir/err")
check "run, nobody reads: 1" exits 1
check "run, nobody reads: says so" says "cannot write output: Broken pipe"
check "and the domain is gone" gone broken
run run "$kernel" -m 64M -a die
check "run, the VMM dies at the start: 1" exits 1
run create --kernel "$kernel" --memory 64M --cmdline die --name dies
check "create, the VMM dies at the start: no domain stays" until_true gone dies

### create -F

run create -F --kernel "$kernel" --memory 64M --cmdline end=watchdog
check "create -F exits with the outcome" exits 36
check "create -F prints the id" [ "$out" -gt 0 ]
"$HVCTL" create -F --kernel "$kernel" --memory 64M --name front >/dev/null 2>&1 </dev/null &
front=$!
until_true state_is front running
check "create -F is the VMM process itself" [ "$(vmm_pid front)" = $front ]
works shutdown -w front
wait $front
check "create -F, shut down: 0" [ $? -eq 0 ]
"$HVCTL" create -F --kernel "$kernel" --memory 64M --name front >/dev/null 2>&1 </dev/null &
front=$!
until_true state_is front running
kill -TERM $front
wait $front
check "create -F, SIGTERM: 37" [ $? -eq 37 ]
# notified ADDRESS: what a service manager hears of a "create -F"
notified() {
	python3 - "$1" "$dir/heard" <<-'EOF' &
		import socket, sys
		name = sys.argv[1].replace('@', '\0', 1)
		listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		listener.bind(name)
		listener.settimeout(20)
		open(sys.argv[2], 'wb').close()
		data = listener.recv(4096)
		open(sys.argv[2], 'wb').write(data)
	EOF
	listener=$!
	rm -f "$dir/heard"
	until_true [ -e "$dir/heard" ]
	NOTIFY_SOCKET=$1 "$HVCTL" create -F --kernel "$kernel" --memory 64M --name told >/dev/null 2>&1 </dev/null &
	wait $listener
	"$HVCTL" destroy told
	wait $!
	grep -qx 'READY=1' "$dir/heard" && grep -q '^STATUS=domain [0-9]*, told$' "$dir/heard"
}
check "create -F tells its service manager" notified "$dir/notify"
check "at an abstract address too" notified "@hvctl-test-$$"
NOTIFY_SOCKET=$dir/nobody run create -F --kernel "$kernel" --memory 64M --cmdline end=watchdog
check "create -F does without one" exits 36
run create -F -c --kernel "$kernel" --memory 64M --cmdline end=reset
check "create -F -c is run" exits 32
check "create -F -c shows the console" prints ready
fails 1 "not a bzImage" create -F --kernel "$dir/text" --name web

### wait, shutdown, destroy

create --name a
"$HVCTL" wait a >"$dir/waited" &
waiter=$!
"$HVCTL" wait a --json >"$dir/waited.json" &
waiter2=$!
until_true asking wait a 2
works shutdown a
wait $waiter
check "wait: 0" [ $? -eq 0 ]
check "wait prints the outcome" [ "$(cat "$dir/waited")" = poweroff ]
wait $waiter2
check "wait --json" json_is "$dir/waited.json" '(d["outcome"], d["status"], d["how"])' "('poweroff', 0, 'by what the test said')"
create --name exits --debug-exit=0x600
"$HVCTL" wait exits >"$dir/waited" &
waiter=$!
"$HVCTL" wait exits --json >"$dir/waited.json" &
waiter2=$!
until_true asking wait exits 2
echo debug | "$HVCTL" console exits >"$dir/console"
wait $waiter
check "wait prints a debug exit and its status" [ "$(cat "$dir/waited")" = "debug-exit 43" ]
wait $waiter2
check "wait --json has them apart" json_is "$dir/waited.json" '(d["outcome"], d["status"])' "('debug-exit', 43)"
check "it is gone when wait returns" gone a
create --name tardy --cmdline slow
"$HVCTL" wait tardy --json >"$dir/waited.json" &
waiter=$!
until_true asking wait tardy
works shutdown tardy
wait $waiter
check "wait gives a busy VMM process its time to tell how it ended" \
	json_is "$dir/waited.json" '(d["outcome"], d["how"])' "('poweroff', 'by what the test said')"
create --name b --cmdline deaf
fails 6 "still running after 0.2 s" wait b --timeout 0.2
fails 6 "still running after 0.2 s" --timeout 0.2 wait b
fails 6 "cannot shut down: still there after 3 s" shutdown b --timeout 3
check "timed out: the hint" says "--force"
works shutdown b
check "shutdown alone does not wait" state_is b running
run shutdown b --timeout 3 --force
check "shutdown --force destroys it in the end" exits 0
check "and says so" says "destroyed"
check "and it is gone" gone b
create --name c
works shutdown -w c
check "shutdown -w: gone on return" gone c
create --name d
works wait d --for state=running
check "wait --for a state that it is in" [ "$out" = running ]
(until_true asking wait d; "$HVCTL" pause d) &
works wait d --for state=paused
(until_true asking wait d; "$HVCTL" destroy d) &
works wait d --for state=shutdown
create --name e
(until_true asking wait e; "$HVCTL" destroy e) &
fails 7 "was never crashed" wait e --for state=crashed
create --name f
(until_true asking wait f; kill -9 "$(vmm_pid f)") &
run wait f
check "wait, the VMM process killed: 0" exits 0
check "wait, the VMM process killed: says that nobody knows" [ "$out" = unknown ]
create --name g
pid=$(vmm_pid g)
works destroy g
check "destroy: gone on return" gone g
check "its process goes" until_true no_process "$pid"
create --name h --cmdline immortal
start=$(date +%s%N)
works destroy h
took=$((($(date +%s%N) - start) / 1000000))
check "destroy kills a VMM that does not end its guest, after two seconds" [ $took -ge 1900 ]
check "not much later" [ $took -lt 15000 ]
check "gone on return" gone h
create --name i --cmdline stuck
"$HVCTL" pause i 2>/dev/null &
until_true asking pause i
kill $!
start=$(date +%s%N)
works destroy i
took=$((($(date +%s%N) - start) / 1000000))
check "destroy kills a VMM that does not answer" [ $took -ge 1900 ]
check "gone on return" gone i
create --name m --cmdline immortal
(ulimit -n 6 && exec "$HVCTL" destroy m) >"$dir/out" 2>"$dir/err" </dev/null
status=$? err=$(<"$dir/err")
check "destroy that can't get hold of the VMM process says why" says "cannot destroy: Too many open files"
works destroy m
create --name j --cmdline stuck
fails 6 "its VMM process does not answer" --timeout 2 pause j
"$HVCTL" destroy j
create --name k
kill -STOP "$(vmm_pid k)"
works info k
check "info of a VMM that does not answer has the kernel's part" prints "State:          running"
works list
# quickly STATUS ARG...: within a second and a half, though it is stopped
quickly() {
	local wanted=$1 start

	shift
	start=$(date +%s%N)
	run "$@"
	check "hvctl $*: exit status $wanted" exits "$wanted"
	check "hvctl $*: does not wait longer" [ $((($(date +%s%N) - start) / 1000000)) -lt 1500 ]
}
quickly 0 --timeout 0.2 info k
quickly 0 --timeout 0.2 vcpu-set k
quickly 0 mem-set --timeout 0.2 k
quickly 6 console --timeout 0.2 k
check "console --timeout: says so" says "cannot attach the console: its VMM process does not answer"
quickly 6 reset --timeout 0.2 k
run shutdown --force --timeout 0.2 k
check "shutdown --force of one that can't be asked: 0" exits 0
check "and says so" says "k: cannot be asked, destroyed"
check "it is gone" gone k
create --name k
kill -STOP "$(vmm_pid k)"
works destroy k
check "destroy kills a stopped VMM" gone k
create --name l
id=$("$HVCTL" info --json l | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
rm "$HVMOD_RUNTIME_DIR/$id.sock"
fails 1 "no control socket here" pause l
works destroy l
check "destroy works without a socket" gone l
check "and the VMM process has tidied up" [ ! -e "$HVMOD_RUNTIME_DIR/$id.log" ]

### the runtime directory

works create --kernel "$kernel" --memory 64M --name tidy
kill -9 "$(vmm_pid tidy)"
until_true gone tidy
check "a killed VMM leaves its socket" [ -n "$(ls "$HVMOD_RUNTIME_DIR"/*.sock 2>/dev/null)" ]
touch -d '2 days ago' "$HVMOD_RUNTIME_DIR"/*.log
touch "$HVMOD_RUNTIME_DIR/other" "$HVMOD_RUNTIME_DIR/5.sock.bak"
for id in $("$HVCTL" list -q); do [ "$id" = 0 ] || "$HVCTL" destroy "$id"; done
works create --kernel "$kernel" --memory 64M --name sweeper
works destroy sweeper
check "the next one sweeps, and touches nothing else" [ "$(find "$HVMOD_RUNTIME_DIR" -type f -o -type s | sed 's|.*/||' | sort | tr '\n' ' ')" = "5.sock.bak other " ]
chmod 777 "$HVMOD_RUNTIME_DIR"
fails 5 "cannot use the runtime directory $HVMOD_RUNTIME_DIR" create --kernel "$kernel" --name web
chmod 700 "$HVMOD_RUNTIME_DIR"
HVMOD_RUNTIME_DIR=$dir/none/there run create --kernel "$kernel" --name web
check "a runtime directory that can't be made: 1" exits 1
check "and what it has to be" says "hint: HVMOD_RUNTIME_DIR has to be a directory of yours"
for directory in rel ./rel ../rel; do
	for line in "create --kernel $kernel" "create -F --kernel $kernel" "run $kernel" 'pause 1' 'console 1' 'info 1'; do
		# shellcheck disable=SC2086
		HVMOD_RUNTIME_DIR=$directory fails 2 "HVMOD_RUNTIME_DIR: cannot use '$directory': it is not a whole path" $line
	done
done
check "no directory is made for it" [ ! -e rel ]
check "nor in /" [ ! -e /rel ]
HVMOD_RUNTIME_DIR=rel works list
if [ "$(id -u)" = 0 ] && [ ! -e /run/user/65534 ]; then
	chmod 755 "$dir"
	chmod 777 "$HVMOD_FAKE_DIR"
	# setpriv last: it may still go where only root may, as to a clone in /root.
	env -u HVMOD_RUNTIME_DIR -u XDG_RUNTIME_DIR setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$HVCTL" create --kernel "$kernel" --memory 64M >"$dir/out" 2>"$dir/err" </dev/null
	status=$? err=$(<"$dir/err")
	check "a user without a runtime directory: 1" exits 1
	check "which one" says "cannot use the runtime directory /run/user/65534/hvmod: No such file"
	check "and what to do" says "hint: log in properly, or set HVMOD_RUNTIME_DIR to a directory of yours"
else
	skip 3 "a user without a runtime directory: not root, or there is /run/user/65534"
fi
run create --kernel "$kernel" --memory 64M --cmdline end=crash --name crashes
until_true gone crashes
check "a crash leaves its log" grep -q "ended: crashed" "$HVMOD_RUNTIME_DIR"/*.log

### other users

chmod 755 "$dir" "$HVMOD_RUNTIME_DIR"
chmod 777 "$HVMOD_FAKE_DIR"
if [ "$(id -u)" = 0 ]; then
	create --name mine
	until_true logged mine ready
	chmod 666 "$HVMOD_RUNTIME_DIR"/*.sock
	other() {
		setpriv --reuid 65534 --regid 65534 --clear-groups "$HVCTL" "$@" \
			>"$dir/out" 2>"$dir/err" </dev/null
		status=$?
		out=$(cat "$dir/out")
		err=$(cat "$dir/err")
	}
	chmod 644 "$HVMOD_FAKE_DIR"/[0-9]*
	other pause mine
	check "another user is not served, whatever the socket's mode" [ $status -ne 0 ]
	check "it still runs" state_is mine running
	chmod 600 "$HVMOD_RUNTIME_DIR"/*.sock
	other destroy mine
	check "another user may not destroy: 5" exits 5
	check "and is told why" says "only root and the user who made the domain"
	check "it still runs" state_is mine running
	other info mine
	check "another user may look" exits 0
	works destroy mine
else
	for what in 1 2 3 4 5 6; do
		count=$((count + 1))
		echo "ok $count - another user # SKIP not root"
	done
fi

### many at once

for ((i = 0; i < 12; i++)); do
	"$HVCTL" create -v --kernel "$kernel" --memory 64M >"$dir/many.$i" 2>&1 &
	pids[i]=$!
done
good=0
for ((i = 0; i < 12; i++)); do
	wait "${pids[i]}" && good=$((good + 1))
done
check "twelve creates at once" [ $good -eq 12 ]
check "have twelve names" [ "$(cat "$dir"/many.* | cut -d' ' -f2 | sort -u | wc -l)" -eq 12 ]
good=0
for ((i = 1; i <= 40; i++)); do
	"$HVCTL" create --kernel "$kernel" --memory 64M --name "race$i" >/dev/null &
	creator=$!
	until_true listed "race$i"
	"$HVCTL" pause "race$i" >/dev/null 2>"$dir/race" || grep -q 'it is created' "$dir/race" &&
		good=$((good + 1))
	wait $creator
	"$HVCTL" destroy "race$i"
done
check "a domain that is just being made can be asked: 40 times" [ $good -eq 40 ]

finish
