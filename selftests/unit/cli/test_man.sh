#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The manual pages: they are well-formed, say all that there is, and their examples work.
# shellcheck disable=SC2034,SC2154
. "${0%/*}/lib.sh"
top=${0%/*}/../../..
man=$top/docs/man

# As cli/Makefile makes it, but with this program; where it is made is its own matter, not what O= says for the tests.
unset O MAKEFLAGS MAKEOVERRIDES
mkdir -p "$dir/tree/cli" "$dir/tree/docs/man"
cp "$top/VERSION" "$dir/tree/"
cp "$top/cli/Makefile" "$dir/tree/cli/"
cp "$man/hvctl.1.in" "$dir/tree/docs/man/"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$(realpath "$HVCTL")" >"$dir/tree/cli/hvctl"
chmod 755 "$dir/tree/cli/hvctl"
make -C "$dir/tree/cli" -o hvctl man >"$dir/out" 2>"$dir/err"
status=$?
check "make -C cli man makes hvctl(1)" exits 0
check "with the verbs" grep -q 'Cm vcpu-set' "$dir/tree/cli/hvctl.1"
cp "$dir/tree/cli/hvctl.1" "$dir/"
printf '#!/bin/sh\nexit 1\n' >"$dir/tree/cli/hvctl"
touch "$dir/tree/docs/man/hvctl.1.in"
rm "$dir/tree/cli/hvctl.1"
make -C "$dir/tree/cli" -o hvctl man >"$dir/out" 2>"$dir/err"
status=$?
check "and fails if they are not to be had" [ $status -ne 0 ]
check "without a page that lacks them" [ ! -e "$dir/tree/cli/hvctl.1" ]
pages=("$dir/hvctl.1" "$man/hvctl.cfg.5" "$man/hvmod.4" "$man/hvmod.7")
for page in "${pages[@]}"; do
	name=${page##*/}
	if command -v mandoc >/dev/null; then
		mandoc -Tlint -W warning "$page" >"$dir/out" 2>"$dir/err"
		status=$?
		check "$name: mandoc has no warning" [ ! -s "$dir/out" ]
	else
		skip 1 "mandoc is not installed"
	fi
	if command -v man >/dev/null; then
		MANROFFSEQ='' man --warnings -E UTF-8 -l "$page" >"$dir/out" 2>"$dir/err"
		status=$?
		check "$name: man has no warning" [ ! -s "$dir/err" ]
	else
		skip 1 "man is not installed"
	fi
done

if command -v man >/dev/null; then
	MANROFFSEQ='' MANWIDTH=200 man -l "$dir/hvctl.1" 2>/dev/null | sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' >"$dir/out"
	check "hvctl(1): it has syntax lines" grep -q '^ *hvctl shutdown \[options\] DOMAIN$' "$dir/out"
	check "hvctl(1): what is behind [options] is not optional by it" [ -z "$(grep -E '\[options +[^ ]' "$dir/out")" ]
else
	skip 2 "man is not installed"
fi

# has_all PAGE WORD...: it has each, or those are told that it lacks
has_all() {
	local page=$1 word status=0

	shift
	for word in "$@"; do
		grep -qE "(^|[^A-Za-z0-9_])$word([^A-Za-z0-9_]|\$)" "$page" && continue
		echo "# ${page##*/} lacks $word"
		status=1
	done
	return $status
}
mapfile -t words < <("$HVCTL" help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
check "hvctl(1) has every verb" has_all "$dir/hvctl.1" "${words[@]}"
mapfile -t words < <(sed -n 's/^	KEY(\([a-z_]*\),.*/\1/p' "$top/cli/config.c")
check "there are keys" [ ${#words[@]} -gt 10 ]
check "hvctl.cfg(5) has every key" has_all "$man/hvctl.cfg.5" "${words[@]}"
mapfile -t words < <(sed -n 's/^#define \(HVMOD_[A-Z_]*\)[[:space:]]*_IO.*/\1/p' "$top/uapi/hvmod.h")
check "there are ioctls" [ ${#words[@]} -gt 10 ]
check "hvmod(4) has every ioctl" has_all "$man/hvmod.4" "${words[@]}"
mapfile -t words < <(sed -n 's/^module_param(\([a-z0-9_]*\),.*/\1/p' "$top"/kmod/*.c)
check "there are parameters" [ ${#words[@]} -gt 1 ]
check "hvmod(4) has every parameter" has_all "$man/hvmod.4" "${words[@]}"
mapfile -t words < <(sed -n 's/^	HVCTL_[A-Z_]*[[:space:]]*= \([0-9]*\),.*/\1/p' "$top/cli/hvctl.h")
check "hvctl(1) has every exit status" [ "$(printf '.It %s\n' "${words[@]}" | grep -cxFf - "$dir/hvctl.1")" -ge 8 ]

### examples

for page in hvctl.1.in hvctl.cfg.5 hvmod.4 hvmod.7; do
	untagged=$(awk '/^\.Sh/ { inside = /EXAMPLES/ } inside && /^\.Bd/ && last !~ /example: (hvctl|lab|config)$/ { n++ }
		{ last = $0 } END { print n + 0 }' "$man/$page")
	check "$page: a test runs each example" [ "$untagged" = 0 ]
done
mkdir "$dir/bin" "$dir/work"
ln -s "$HVCTL" "$dir/bin/hvctl"
# here: an example for this machine: its kernel and initrd; any file stands for a socket
here() { sed -e "s,/vmlinuz,$kernel,g" -e "s,/initrd.img,$dir/initrd,g" -e "s,/run/data.socket,$dir/initrd,g"; }
examples=0
example() {
	[ -s "$dir/example" ] || return
	examples=$((examples + 1))
	(cd "$dir/work" && PATH=$dir/bin:$PATH timeout 60 bash -e -o pipefail "$dir/example") >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	check "hvctl(1), example $examples: $(head -n 1 "$dir/example" | cut -c 1-60)" exits 0
}
while IFS= read -r line; do
	if [[ $line == '### '* ]]; then
		example
		: >"$dir/example"
	else
		printf '%s\n' "$line" | here >>"$dir/example"
	fi
done < <("$man/examples" hvctl "$man/hvctl.1.in"; echo '### end')
check "all were run" [ $examples -eq "$(grep -c 'example: hvctl' "$man/hvctl.1.in")" ]
"$man/examples" config "$man/hvctl.cfg.5" | here |
	awk -v dir="$dir" '/^### / { n++; next } { print >(dir "/config." n) }'
for number in 1 2 3; do
	works create --dry-run "$dir/config.$number"
	check "hvctl.cfg(5), example $number" prints 'on_crash = "preserve"'
	printf '%s' "$out" | grep -v '^initrd' >"$dir/said.$number"
done
check "both examples say the same" cmp -s "$dir/said.1" "$dir/said.2"
check "the third has a directory" grep -qF "fs = [ \"tag=data,socket=$dir/initrd\" ]" "$dir/said.3"

### every exit status that is documented, once more in one place

"$HVCTL" create --kernel "$kernel" --memory 64M --name deaf --cmdline deaf >/dev/null
run version
check "exit status 0" exits 0
fails 1 "cannot open the kernel" create --kernel "$dir/none"
fails 2 "unknown verb" nonsense
fails 3 "no such domain" info nosuch
HVMOD_FAKE_ERRNO=2 fails 4 "not loaded" list
HVMOD_FAKE_ERRNO=13 fails 5 "no permission" list
fails 6 "still there" shutdown --timeout 0.2 deaf
fails 7 "cannot start" start deaf
finish
