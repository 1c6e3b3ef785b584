#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# top in a terminal and in batch mode; completion in bash and zsh; hvctl(1).
# shellcheck disable=SC2034,SC2154
. "${0%/*}/lib.sh"

### top, batch

create --name web
create --name a-name-that-is-much-longer-than-a-column-of-top-is
works top -b -n 2 -d 0.1
check "two looks" [ "$(grep -c '^hvctl top - ' "$dir/out")" -eq 2 ]
check "Domain-0 is there" grep -qE '^ +0 Domain-0 +running' "$dir/out"
check "so is the domain" grep -qE '^ +1 web +running +1 +0\.0 +64M' "$dir/out"
check "a long name is whole" grep -qE '^ +2 a-name-that-is-much-longer-than-a-column-of-top-is +running ' "$dir/out"
check "its column is as wide" [ "$(grep -cE '^ +(ID +NAME|[0-9]+ [A-Za-z0-9-]+) +(STATE|running) ' "$dir/out")" -eq 8 ]
check "no line is longer than that takes" [ "$(awk 'length > 110' "$dir/out" | wc -l)" -eq 0 ]
check "no control characters" [ -z "$(tr -d '\n -~' <"$dir/out")" ]
works top --json -n 2 -d 0.1
check "JSON: one object a look" [ "$(wc -l <"$dir/out")" -eq 2 ]
tail -n 1 "$dir/out" >"$dir/second.json"
check "JSON: the second look has an interval" json_is "$dir/second.json" \
	'[90e6 < r["interval_ns"] < 20e9 for r in d["domains"]]' '[True, True, True]'
works top -b -n 1 --sort id
check "--sort id" [ "$(sed -n '5,7p' "$dir/out" | awk '{print $1}' | tr '\n' ' ')" = "0 1 2 " ]
fails 2 "is not cpu, mem, exits or id" top --sort name
fails 2 "is not 0.1 seconds or more" top -d 0
fails 2 "is not a number from 1 on" top -n 0
fails 2 "this is no terminal that can" top
check "no terminal: the hint" says "--batch"
HVMOD_FAKE_ERRNO=2 fails 4 "module is not loaded" top -b

### top, on a screen of 24 lines and 80 columns

for ((i = 0; i < 25; i++)); do create --name "many$i"; done
"${0%/*}/screen.py" 80 24 "$HVCTL" top -d 0.2 >"$dir/out" 2>"$dir/err" <<<'wait:Domain-0
wait:EXITS/S
shot
key:M
wait:Domain-0
key:q'
status=$?
check "top ends with q" exits 0
sed -n 1,24p "$dir/out" >"$dir/screen"
check "the screen has 24 lines" [ "$(wc -l <"$dir/screen")" -eq 24 ]
check "its first line" grep -qE '^hvctl top - [0-9:]{8}, 27 domains beside Domain-0, 27 running *$' <(sed -n 1p "$dir/screen")
check "its heading" [ "$(sed -n '4s/ *$//p' "$dir/screen")" = "   ID NAME                   STATE    VCPUS    CPU%      MEM   EXITS/S      TIME" ]
check "20 domains below it" [ "$(sed -n '5,24p' "$dir/screen" | grep -cE '^ +[0-9]+ [A-Za-z0-9-]+ +running +[0-9]+ +[0-9.]+ +[0-9.]+[MG] +[0-9]+ +[0-9:]+ *$')" -eq 20 ]
check "a long name is cut" grep -q ' a-name-that-is-much-lo ' "$dir/screen"
check "the terminal is as it was" grep -qx restored "$dir/out"
for signal in TERM QUIT INT HUP; do
	"${0%/*}/screen.py" 80 24 "$HVCTL" top -d 20 >"$dir/out" 2>"$dir/err" <<<"wait:EXITS/S
signal:$signal"
	status=$?
	check "top, SIG$signal: it ends by it" exits $((256 - $(kill -l $signal)))
	check "top, SIG$signal: the terminal is as it was" grep -qx restored "$dir/out"
done
"${0%/*}/screen.py" 120 24 "$HVCTL" top -d 20 >"$dir/out" 2>"$dir/err" <<<'wait:EXITS/S
wait:a-name-that-is-much-longer-than-a-column-of-top-is
shot
key:q'
status=$?
check "a screen of 120 columns has room for a long name" exits 0

### completion, in bash

"$HVCTL" completion bash >"$dir/hvctl.bash"
mkdir "$dir/bin"
ln -s "$HVCTL" "$dir/bin/hvctl"
# completes LINE: what bash would offer behind it; as it does, it makes a word of = and of :
completes() {
	PATH=$dir/bin:$PATH bash --norc -c '. "$1"; set -f; line=${2//=/ = }; COMP_WORDS=(${line//:/ : }); [[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _hvctl; echo "${COMPREPLY[*]}"' - "$dir/hvctl.bash" "$1" 2>&1
}
check "bash: it loads" bash --norc -c '. "$1" && complete -p hvctl >/dev/null' - "$dir/hvctl.bash"
check "bash: verbs" [ "$(completes 'hvctl pa')" = pause ]
check "bash: every verb of help is one" [ "$(completes 'hvctl ' | tr ' ' '\n' | sort)" = "$("$HVCTL" help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | sort)" ]
check "bash: domains" [ "$(completes 'hvctl pause we')" = web ]
check "bash: domains where one may be named" [ "$(completes 'hvctl stats we')" = web ]
check "bash: behind a flag too" [ "$(completes 'hvctl -q pause we')" = web ]
check "bash: options" [ "$(completes 'hvctl create --on-cr')" = --on-crash= ]
check "bash: global flags" [ "$(completes 'hvctl list --js')" = --json ]
check "bash: words" [ "$(completes 'hvctl inject web n')" = nmi ]
check "bash: files" [ "$(completes "hvctl run $dir/kernel-i")" = "$dir/kernel-image" ]
check "bash: files behind a domain" [ "$(completes "hvctl dump-core web $dir/kernel-i")" = "$dir/kernel-image" ]
check "bash: verbs behind help" [ "$(completes 'hvctl help resi')" = "" ]
for line in '--timeout=5 pause' '--timeout 5 pause' '--color never -q pause' 'pause --timeout=5' 'pause --timeout 5' \
	'console --escape ^a' 'sched -w 200' 'sched --weight=200' 'sched -w200 -c 50' 'dump-core --force' resume inspect; do
	check "bash: a domain behind $line" [ "$(completes "hvctl $line we")" = web ]
done
check "bash: verbs behind a flag with an argument" [ "$(completes 'hvctl --timeout 5 pau')" = pause ]
check "bash: options of an alias" [ "$(completes 'hvctl ps --no')" = --noheadings ]
for line in 'create --on-crash ' 'create --on-crash=' 'create -p --on-crash ' 'create --name web on_crash='; do
	check "bash: actions behind $line" [ "$(completes "hvctl $line")" = "destroy restart preserve" ]
done
check "bash: one of them" [ "$(completes 'hvctl create --on-crash=pr')" = preserve ]
check "bash: words behind --color" [ "$(completes 'hvctl --color ')" = "auto always never" ]
check "bash: words behind top --sort" [ "$(completes 'hvctl top -s ')" = "cpu mem exits id" ]
for line in 'run -i' 'run --initrd' 'create --kernel' 'create --initrd=' 'create kernel=' 'create --name=web kernel='; do
	check "bash: files behind $line" [ "$(completes "hvctl ${line/%[a-z]/& } $dir/kernel-i" | tr -d ' ')" = "$dir/kernel-image" ]
done
for line in 'create --name' 'create --memory=' 'sched -w' '--timeout' 'run -m' 'create --vcpus'; do
	check "bash: nothing behind $line, where nobody knows" [ -z "$(cd "$dir" && completes "hvctl ${line} ")" ]
done
check "bash: nothing behind a domain that takes no more" [ -z "$(completes 'hvctl pause web x')" ]

### completion, in zsh

"$HVCTL" completion zsh >"$dir/_hvctl"
if command -v zsh >/dev/null; then
	check "zsh: it parses" zsh -f -n "$dir/_hvctl"
	check "zsh: it loads and is used" [ "$(zsh -f -c 'autoload -U compinit; compinit -u -d "$2"; . "$1"
		print -r -- $_comps[hvctl]' - "$dir/_hvctl" "$dir/zcompdump")" = _hvctl ]
	check "zsh: offers verbs, domains and options" "${0%/*}/zsh_complete.py" "$dir"
else
	skip 3 "zsh is not installed"
fi
fails 2 "is not bash or zsh" completion fish
fails 2 "no shell given" completion
finish
