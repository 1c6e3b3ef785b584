#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# events, stats, vcpu-list: what comes over netlink.
# shellcheck disable=SC2034,SC2154
. "${0%/*}/lib.sh"

create --name web --vcpus 2
create --name db
mkfifo "$dir/fifo"
exec {feed}<>"$dir/fifo"
export HVMOD_FAKE_EVENTS=$dir/fifo

# happens LINE...: what fake_netlink.c is to tell
happens() { printf '%s\n' "$@" >&"$feed"; }
lines() { [ "$(wc -l <"$dir/out")" -eq "$1" ]; }
# each_is EXPRESSION LIST: of each line's object
each_is() {
	[ "$(python3 -c "import json,sys; print([$1 for d in map(json.loads, open(sys.argv[1]))])" "$dir/out")" = "$2" ]
}

### events

happens 'created 1 7 x created' 'changed 2 7 x running' 'deleted 3 7 x'
works events --json --count 3
check "the start, and each event" each_is 'd["event"]' "['start', 'created', 'changed', 'deleted']"
check "their numbers" each_is 'd["seq"]' "[0, 1, 2, 3]"
check "the start has the domains" each_is '[r["name"] for r in d.get("domains", [])]' \
	"[['Domain-0', 'web', 'db'], [], [], []]"
check "the records have what list has" each_is 'd.get("state")' "[None, 'created', 'running', None]"
check "a deleted one has its reason" each_is 'd.get("reason")' "[None, 'none', 'none', 'poweroff']"
happens 'created 1 7 x created' 'changed 2 7 x running' 'deleted 3 7 x'
works events --count 3
check "for people: three lines" lines 3
check "with a time" grep -qE '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{3} created      7 x +created$' "$dir/out"
check "and how it ended" grep -qE 'deleted      7 x +poweroff$' "$dir/out"

happens 'created 1 7 x created' 'changed 2 7 x running' 'lost 8' 'changed 9 1 web paused' 'changed 10 2 db paused'
works events --json --count 3
check "lost ones: what was there before is told, then the loss" each_is 'd["event"]' \
	"['start', 'created', 'changed', 'overrun', 'changed']"
check "how many" each_is 'd.get("lost")' "[None, None, None, 7, None]"
check "the domains as they are now" each_is 'len(d.get("domains", []))' "[3, 0, 0, 3, 0]"
check "then it goes on behind them" each_is 'd["seq"]' "[0, 1, 2, 9, 10]"
happens 'changed 1 1 web paused' 'changed 5 1 web running' 'changed 5 1 web running' 'changed 6 1 web paused'
works events --json --count 2
check "a gap in the numbers is a loss" each_is 'd["event"]' "['start', 'changed', 'overrun', 'changed']"
check "of four" each_is 'd.get("lost")' "[None, None, 4, None]"
happens 'changed 1 1 web paused' 'lost 3' 'changed 5 1 web running' 'changed 6 1 web paused' 'dropped 9'
works events --json --timeout 0.2
check "lost ones, a gap behind them, and what the full socket does not tell of" each_is '(d["event"], d["seq"], d.get("lost"))' \
	"[('start', 0, None), ('changed', 1, None), ('overrun', 5, 4), ('changed', 6, None), ('overrun', 9, 3)]"
happens 'lost 5'
works events --timeout 0.2
check "for people: a loss" grep -q ' overrun  5 events were lost; the domains now:$' "$dir/out"
check "and what there is" grep -qE ' is +1 web +running$' "$dir/out"
happens garbage 'changed 1 1 web paused'
works events --json --count 1
check "a message that is none is passed over" each_is 'd["event"]' "['start', 'changed']"
HVMOD_FAKE_OVERTAKEN=3 works events --json --timeout 0.1
check "a dump that was overtaken is repeated" each_is '[r["id"] for r in d["domains"]]' "[[0, 1, 2]]"
HVMOD_FAKE_OVERTAKEN=1000 works events --json --timeout 3
check "always overtaken: there is nothing to tell" lines 0

happens 'created 1 7 x created' 'deleted 2 7 x' 'created 3 8 x created'
works events --type created --json --count 2
check "--type: those alone" each_is '(d["event"], d["id"])' "[('created', 7), ('created', 8)]"
happens 'lost 4'
works events --type deleted --json --timeout 0.2
check "--type: a loss is told all the same" each_is 'd["event"]' "['overrun']"
happens 'changed 1 2 db paused' 'changed 2 1 web paused' 'deleted 3 1 web'
works events --json web
check "DOMAIN: it alone, until it is gone" each_is '(d["event"], d.get("id"))' \
	"[('start', None), ('changed', 1), ('deleted', 1)]"
check "DOMAIN: no other at the start" each_is 'len(d.get("domains", []))' "[1, 0, 0]"
happens 'changed 1 1 web paused'
works events 1 --count 1
check "DOMAIN: by its id" lines 1
fails 3 "no such domain" events nosuch
fails 3 "did you mean 'web'" events wob
fails 3 "no such domain" events 99999999999999
fails 2 "is not created, changed, deleted or start" events --type overrun
fails 2 "is not a number from 1 on" events --count 0
fails 6 "2 more events were wanted" events --timeout 0.2 --count 2
HVMOD_FAKE_ERRNO=2 fails 4 "module is not loaded" events
happens unload
run events
check "the module is unloaded: exit status 4" exits 4
check "and says so" says "has been unloaded"

# Each line is there at once, and who stops reading ends it.
"$HVCTL" events --json >"$dir/out" 2>"$dir/err" &
follower=$!
check "the start is written at once" until_true lines 1
happens 'changed 1 1 web paused'
check "an event is written at once" until_true lines 2
kill $follower
wait $follower 2>/dev/null
"$HVCTL" events --json 2>"$dir/err" | head -n 1 >"$dir/out" &
check "a pipe whose reader went away ends it, without an event" until_true eval '! jobs -r | grep -q .'
check "quietly" [ ! -s "$dir/err" ]
(trap '' PIPE; exec "$HVCTL" events --json 2>"$dir/err") | head -n 1 >"$dir/out" &
check "also where SIGPIPE was ignored" until_true eval '! jobs -r | grep -q .'
check "quietly, too" [ ! -s "$dir/err" ]
unset HVMOD_FAKE_EVENTS

### stats

works stats
check "stats: a line for each, Domain-0 first" [ "$(awk '{print $2}' "$dir/out" | tr '\n' ' ')" = "NAME Domain-0 web db " ]
check "stats: times, exits, memory" grep -qE '^ +1 web +1\.50 +2\.00 +0\.00 +0\.00 +1053 +3 +50 +11 +10M$' "$dir/out"
works stats web
check "stats of one: memory by kind" prints "guest memory 1M, tables memory 2M, core memory 3M, driver memory 4M; NMIs 1, MSIs 3"
check "stats of one: exits by reason" grep -qE '^cpuid +1000 +2 +0$' "$dir/out"
check "stats of one: a reason without a name" grep -qE '^exit-100 +0 +1 +0$' "$dir/out"
works stats --json web
check "stats: JSON" json_is "$dir/out" '[(r["id"], r["exits"], r["run_ns"], r["memory"]["core_bytes"]) for r in d["domains"]]' \
	'[(1, 1053, 1500000001, 3145728)]'
check "stats: JSON, reasons" json_is "$dir/out" '[(e["reason"], e["code"]) for e in d["domains"][0]["exits_by_reason"]]' \
	"[('cpuid', 10), ('io', 30), ('exit-100', 100)]"
works stats --format json --count 3 --interval 0.1
check "stats: one object a look" lines 3
HVMOD_FAKE_OVERTAKEN=3 works stats
check "stats: a dump that was overtaken is repeated" lines 4
HVMOD_FAKE_OVERTAKEN=1000 fails 1 "change faster than they can be listed" stats
fails 3 "no such domain" stats nosuch
fails 2 "is not table, json or prometheus" stats --format xml
fails 2 "is not 0.1 seconds or more" stats --interval 0
fails 2 "is not a number from 1 on" stats --count 0
fails 2 "prints one look" stats --format prometheus --count 2
HVMOD_FAKE_ERRNO=2 fails 4 "module is not loaded" stats
HVMOD_FAKE_ERRNO=2 fails 4 "module is not loaded" vcpu-list

works stats --format prometheus
check "Prometheus: a counter in seconds" grep -qxF 'hvmod_domain_run_seconds_total{id="1",domain="web"} 1.500000001' "$dir/out"
check "Prometheus: exits by reason and outcome" grep -qxF 'hvmod_domain_exits_total{id="2",domain="db",reason="cpuid",outcome="resumed"} 1000' "$dir/out"
check "Prometheus: memory is a gauge in bytes" grep -qxF 'hvmod_domain_memory_bytes{id="0",domain="Domain-0",kind="tables"} 2097152' "$dir/out"
if /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null; then
	/usr/bin/python3 - "$dir/out" >"$dir/parsed" 2>&1 <<'END'
import sys
from prometheus_client.parser import text_string_to_metric_families
text = open(sys.argv[1]).read()
families = list(text_string_to_metric_families(text))
samples = sum(len(f.samples) for f in families)
assert len({f.name for f in families}) == len(families) == 9, [f.name for f in families]
assert samples == len([l for l in text.splitlines() if not l.startswith("#")]), samples
for f in families:
    assert f.documentation and f.name.startswith("hvmod_domain_")
    assert f.type == ("gauge" if f.name.endswith("_bytes") else "counter"), f
    assert len({tuple(sorted(s.labels.items())) for s in f.samples}) == len(f.samples), f.name
    assert {s.labels["domain"] for s in f.samples} == {"Domain-0", "web", "db"}
END
	check "Prometheus: its own parser takes all of it: $(cat "$dir/parsed")" [ ! -s "$dir/parsed" ]
else
	skip 1 "python3-prometheus-client is not installed"
fi

### vcpu-list

works vcpu-list
check "vcpu-list: all vCPUs" [ "$(awk '{print $2, $3}' "$dir/out" | tr '\n' ',')" = "NAME VCPU,Domain-0 0,Domain-0 1,web 0,web 1,db 0," ]
works vcpu-list web
check "vcpu-list: state, processor, times" grep -qE '^ +1 web +1 halted +1 [0-9,-]+ +1\.25 +0\.00 +0\.00 +0\.00 +7$' "$dir/out"
works vcpu-list --json web
check "vcpu-list: where its thread may run" json_is "$dir/out" \
	'[sorted(v["cpus"]) == sorted(__import__("os").sched_getaffinity(v["tid"])) for v in d["vcpus"]]' '[True, True]'
works vcpu-list --json 0
check "vcpu-list: Domain-0's are the processors" json_is "$dir/out" '[(v["vcpu"], v["cpus"], v["tid"]) for v in d["vcpus"]]' \
	'[(0, [0], None), (1, [1], None)]'
create --name idle --paused
works vcpu-list --json idle
check "vcpu-list: one that never ran has neither processor nor thread" json_is "$dir/out" \
	'[(v["state"], v["cpu"], v["cpus"]) for v in d["vcpus"]]' "[('stopped', None, None)]"
works vcpu-list idle
check "vcpu-list: which is a hyphen" grep -qE '^ +3 idle +0 stopped +- +- ' "$dir/out"
create --name grows maxvcpus=3
works vcpu-list grows
check "vcpu-list: those that are not plugged in are marked" [ "$(awk '{print $3, $4}' "$dir/out" | tr '\n' ',')" = "VCPU STATE,0 halted,1 unplugged,2 unplugged," ]
works vcpu-set grows 3
works vcpu-list --json grows
check "vcpu-list: until they are" json_is "$dir/out" '[v["state"] for v in d["vcpus"]]' "['halted', 'halted', 'halted']"
fails 3 "no such domain" vcpu-list nosuch
finish
