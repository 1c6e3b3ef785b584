#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Domain-0's kernel can't reach ring -1: reads and writes of each of its pages
# end in a fault, so do writes to MSRs that reach memory past the EPT, an event tells
# of it, and the core goes on. Root, hvmod.ko loaded.
here=$(dirname "$0")
modules=${HVMOD_TEST_MODULES:-/lib/hvmod}
n=0
failed=0

report()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

echo "TAP version 13"
if [ ! -e /dev/hvmod ] || [ ! -e "$modules/hvmod_protect.ko" ]; then
	echo "1..0 # SKIP hvmod.ko is not loaded or $modules/hvmod_protect.ko is missing"
	exit 4
fi
pages=$("$here/core_pages")
insmod "$modules/hvmod_protect.ko" expect="${pages%% *}"
report $? "each of ${pages%% *} pages of ring -1 ends a read and a write in a fault, and the last word of what is before it"
dmesg | grep hvmod_protect: | tail -n 3 | sed 's/^/# /'
dmesg | grep -q 'hvmod_protect: of the writes to [0-9]* MSRs that name physical memory 0 went the wrong way'
report $? "no MSR moves or makes the processor's own accesses to physical memory"
rmmod hvmod_protect 2>/dev/null
insmod "$modules/hvmod_protect.ko" expect=1 2>/dev/null
test $? -ne 0
report $? "the test notices a wrong number of protected pages"
sleep 2
dmesg | grep -q "tried to reach ring -1: physical address"
report $? "the driver tells of the attempt"
"$here/core_pages" >/dev/null
report $? "ring -1 still answers"
echo "1..$n"
exit $failed
