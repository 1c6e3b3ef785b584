# SPDX-License-Identifier: GPL-2.0-only
# The steps of packaging/test.
# shellcheck shell=bash
# shellcheck disable=SC2154

tests=0 failures=0
old=0.0.9
version=$(<VERSION)

# report STATUS TEXT
report() {
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests - $suite: $2"
	else
		echo "not ok $tests - $suite: $2"
		failures=$((failures + 1))
	fi
}

# check TEXT COMMAND...: what it said is shown if it fails.
check() {
	local text=$1 status=0
	shift
	"$@" >"$work/said" 2>&1 </dev/null || status=$?
	cat "$work/said" >>"$log"
	[ "$status" = 0 ] || tail -n 30 "$work/said" | cut -c1-160 | sed 's/^/# /'
	report "$status" "$text"
}

# skip TEXT REASON
skip() {
	tests=$((tests + 1))
	echo "ok $tests - $suite: $1 # SKIP $2"
}

finish() {
	echo "1..$tests"
	[ "$failures" = 0 ]
}

# in_root COMMAND...
in_root() {
	chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@"
}

# patiently COMMAND...: again, for some minutes, while another run has the directory of downloaded packages,
# which all of a suite share.
patiently() {
	local status tries said=$store/said.$$
	for tries in {1..60}; do
		status=0
		"$@" >"$said" 2>&1 </dev/null || status=$?
		cat "$said"
		[ "$status" != 0 ] && grep -q 'Could not get lock' "$said" || break
		echo "try $tries: waiting for another run"
		sleep 5
	done
	rm -f "$said"
	return "$status"
}

install_in() {
	local root=$1
	shift
	mount --bind "$store/archives" "$root/var/cache/apt/archives"
	mount -t proc proc "$root/proc"
	patiently chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		sh -c 'apt-get update && apt-get install -y --no-install-recommends "$@"' - "$@"
	local status=$?
	umount "$root/proc" "$root/var/cache/apt/archives"
	return $status
}

# make_base: `base`, which has nothing.
make_base() {
	[ ! -d "$store/base" ] || return 0
	say "making a chroot of Debian $suite (a minute)"
	rm -rf "$store/base.new"
	debootstrap --variant=minbase "$suite" "$store/base.new" >>"$log" 2>&1 || return 1
	# No service starts there.
	printf '#!/bin/sh\nexit 101\n' >"$store/base.new/usr/sbin/policy-rc.d"
	chmod 755 "$store/base.new/usr/sbin/policy-rc.d"
	# A mirror that is some days behind is good enough for a test.
	echo 'Acquire::Check-Valid-Until "false";' >"$store/base.new/etc/apt/apt.conf.d/10hvmod-test"
	# Lists of what the mirror had then are of no use later.
	rm -rf "$store"/base.new/var/lib/apt/lists/*_*
	mv "$store/base.new" "$store/base"
}

# make_chroots: `base`, and `build`, which has what the packages are built with.
make_chroots() {
	local wanted
	wanted="$(sed -n '/^Build-Depends:/,/^[^ ]/p' packaging/debian/control | grep -v '^Standards' |
		sed 's/^Build-Depends://; s/([^)]*)//g' | tr -d ',\n')"
	make_base || return 1
	if [ "$(cat "$store/build/wanted" 2>/dev/null)" != "$wanted" ]; then
		say "installing what builds packages there (some minutes)"
		rm -rf "$store/build" "$store/build.new"
		cp -a "$store/base" "$store/build.new"
		# debhelper-compat and the like are provided by packages.
		# shellcheck disable=SC2086
		install_in "$store/build.new" build-essential lintian $wanted >>"$log" 2>&1 || return 1
		echo "$wanted" >"$store/build.new/wanted"
		mv "$store/build.new" "$store/build"
	fi
}

# fresh CHROOT: a layer of memory over it, at $work/root.
fresh() {
	umount -l "$work/root/proc" "$work/root/var/cache/apt/archives" "$work/root" 2>/dev/null || true
	rm -rf "$work/upper" "$work/layer"
	mkdir -p "$work"/{root,upper,layer,debs}
	mount -t overlay -o "lowerdir=$store/$1,upperdir=$work/upper,workdir=$work/layer" overlay "$work/root" ||
		die 'cannot mount an overlay file system'
	mount -t proc proc "$work/root/proc"
	mount --bind "$store/archives" "$work/root/var/cache/apt/archives"
}

build_one() {
	rm -rf "$work/root/build"
	packaging/source "$work/root/build/hvmod" "$1" &&
		in_root sh -c 'cd /build/hvmod && dpkg-buildpackage -j2 -b -us -uc' &&
		mkdir -p "$work/debs/$1" && cp "$work"/root/build/*.{deb,changes,buildinfo} "$work/debs/$1/"
}

lintian_clean() {
	in_root sh -c 'useradd -m tester; su tester -c "lintian --allow-root --fail-on error,warning \
		--tag-display-limit 0 /build/*.changes"'
}

# What a running domain does not survive is in no script, and what systemd has to be told is, in every release.
maintainer_scripts() {
	local scripts=$work/scripts
	rm -rf "$scripts"
	dpkg-deb -e "$work/debs/$version"/hvctl_*.deb "$scripts" || return
	! cat "$scripts"/{preinst,postinst} 2>/dev/null | grep -nE 'restart|_dh_action|deb-systemd-invoke|stop' || return
	sed '1,/systemd-sysusers/d' "$scripts/postinst" | grep -q 'udevadm control --reload' || return
	grep -q 'systemctl --system daemon-reload' "$scripts/postinst" && grep -q 'daemon-reload' "$scripts/postrm" &&
		grep -q "deb-systemd-helper enable 'hvmod-domains.target'" "$scripts/postinst" &&
		[ -z "$(dpkg-deb -c "$work/debs/$version"/hvctl_*.deb | grep ' \./lib/')" ]
}

# hvctl with a kernel that is a fake, for this release.
fake_hvctl() {
	in_root make -j2 -C /build/hvmod/selftests/unit/cli PLAIN='-std=gnu11 -O1' O=/build/fake /build/fake/hvctl_grouped &&
		cp "$work/root/build/fake/hvctl_grouped" "$work/fake-hvctl"
}

build_packages() {
	fresh build
	check "packages of an older version build" build_one "$old"
	check "packages build" build_one "$version"
	[ -d "$work/debs/$version" ] || die "without packages there is nothing to test; the log is $log"
	[ -z "$keep" ] || cp "$work/debs/$version"/*.deb "$keep/"
	check "no script of the packages restarts or stops a domain at an upgrade" maintainer_scripts
	check "hvctl builds with a kernel that is a fake" fake_hvctl
	check "lintian has nothing to say against them" lintian_clean
}

# files: everything that a package may leave, one a line. Not what belongs to dpkg, apt and dkms themselves.
files() {
	in_root find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o -path /build -o -path /debs -o -path /var/log -o -path /run/systemd \
		-o -path /var/lib/dpkg -o -path /var/cache -o -path /var/lib/apt -o -path '/var/lib/dkms/mok.*' \
		-o -path /etc/group- -o -path /etc/gshadow- \) -prune -o -print | sort
	in_root cat /etc/group
}

install_debs() {
	rm -rf "$work/root/debs"
	mkdir "$work/root/debs"
	cp "$work/debs/$1"/{hvmod-dkms,hvctl,hvmod-selftests,hvmod-doc}_*.deb "$work/root/debs/"
	in_root sh -c 'dpkg -i /debs/*.deb'
}

# What the packages need, from their own words, and the kernel that the module is for.
install_dependencies() {
	local deb depends=linux-headers-cloud-amd64,openssl
	for deb in "$work/debs/$version"/*.deb; do
		depends="$depends,$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | grep -v '^ *hv' | paste -sd ,)"
	done
	depends=$(tr -s , <<<"${depends%,}")
	in_root apt-get update && patiently in_root apt-get satisfy -y --no-install-recommends "$depends"
}

# Headers without an image: a kernel that has no modules is one that was removed, thinks dkms.
kernel_is_there() {
	mkdir -p "$work/root/lib/modules/$release/kernel"
	gcc -c -x c /dev/null -o "$work/root/lib/modules/$release/kernel/any.ko" && in_root depmod -a "$release"
}

built_for() {
	in_root dkms status -m hvmod | grep -F "hvmod/$1, $release, x86_64: installed" &&
		[ "$(in_root modinfo -k "$release" -F version hvmod)" = "$1" ]
}

# The files of an older version are gone, in /usr/src and in the kernel's directory.
only_version() {
	[ "$(in_root sh -c 'ls -d /usr/src/hvmod-*')" = "/usr/src/hvmod-$1" ] &&
		[ "$(in_root dkms status -m hvmod | wc -l)" = 1 ] &&
		[ "$(in_root find /lib/modules/ -name 'hvmod.ko*' | wc -l)" = 1 ]
}

# foreign KERNEL...: kernels that hvmod does not build for, with headers.
foreign() {
	local kernel
	for kernel in "$@"; do
		mkdir -p "$work/root/lib/modules/$kernel"
		ln -sfn "/lib/modules/$release/build" "$work/root/lib/modules/$kernel/build"
	done
}

# excluded KERNEL...: dkms leaves them out with 77, which is no failure to what calls it.
excluded() {
	local kernel status
	for kernel in "$@"; do
		status=0
		in_root dkms build -m hvmod -v "$version" -k "$kernel" || status=$?
		echo "$kernel: dkms build: $status"
		[ "$status" = 77 ] || return 1
	done
	in_root /usr/lib/dkms/common.postinst hvmod "$version" /usr/share/hvmod-dkms "" "" &&
		built_for "$version" && only_version "$version"
}

# What a kernel's package calls. dkms 3.0.11 was the first to know 77 there.
autoinstalls() {
	local dkms
	dkms=$(in_root dpkg-query -W -f '${Version}' dkms)
	if dpkg --compare-versions "$dkms" lt 3.0.11; then
		skip "dkms autoinstall for such a kernel" "dkms $dkms calls every excluded kernel a failure"
	else
		check "dkms autoinstall for such a kernel" in_root dkms autoinstall -k "$1"
	fi
}

uses() {
	in_root hvctl version | grep -F "hvctl $version" || return 1
	local status=0
	in_root hvctl check || status=$?
	# The machine of the test may have VMX or not.
	[ "$status" = 0 ] || [ "$status" = 4 ]
}

conf_files() {
	in_root getent group hvmod &&
		in_root sh -c 'test -f /usr/lib/udev/rules.d/60-hvmod.rules && test -f /etc/modprobe.d/hvmod.conf &&
			test -s /usr/share/bash-completion/completions/hvctl && test -s /usr/share/zsh/vendor-completions/_hvctl &&
			zcat /usr/share/man/man1/hvctl.1.gz | grep -q "Cm vcpu-set" &&
			gzip -t /usr/share/man/man[1-8]/hvctl.1.gz /usr/share/man/man[1-8]/hvctl.cfg.5.gz \
				/usr/share/man/man[1-8]/hvmod.[47].gz'
}

# What udev asks for on a machine with VMX (feature 4 * 32 + 5) loads nothing, until the line goes.
autoload() {
	local alias='cpu:type:x86,ven0000fam0006mod003A:feature:,0000,0085,00C0,' found
	# Where the kernel itself is there too, others load by it.
	found=$(in_root modprobe -S "$release" -nvb "$alias")
	! grep -F hvmod.ko <<<"$found" || return 1
	in_root modprobe -S "$release" -nv hvmod | grep -F hvmod.ko || return 1
	in_root sed -i.kept '/^blacklist hvmod/d' /etc/modprobe.d/hvmod.conf
	found=$(in_root modprobe -S "$release" -nvb "$alias")
	in_root mv /etc/modprobe.d/hvmod.conf.kept /etc/modprobe.d/hvmod.conf
	grep -F hvmod.ko <<<"$found"
}

# Every link of the documents to another one leads somewhere there too.
documents() {
	local doc=$work/root/usr/share/doc/hvmod-doc file target dead=0
	while IFS= read -r file; do
		while IFS= read -r target; do
			case $target in *.md | *.h | *.yaml) ;; *) continue ;; esac
			[ -e "$(dirname "$file")/$target" ] || { echo "$file: $target" && dead=1; }
		done < <(grep -oE '\]\([^)# ]+' "$file" | cut -c3- | grep -v '^[a-z]*:')
	done < <(find "$doc" -name '*.md')
	[ "$dead" = 0 ] && [ -f "$doc/README.md" ] && [ -f "$doc/uapi/hvmod.h" ]
}

units() {
	in_root systemd-analyze verify --man=no hvmod-domain@web.service hvmod-load@web.service hvmod-domains.target hvmod.slice &&
		in_root systemd-tmpfiles --create hvmod.conf && in_root stat -c '%a %G' /run/hvmod | grep -x '2770 hvmod'
}

# The tests skip what is not there, which is no failure.
selftests_run() {
	in_root /usr/lib/hvmod/kselftest/run_kselftest.sh
}

# The target is the installation's to enable, and stays that when one of its domains is not wanted any more.
enable_domain() {
	in_root sh -c 'cd /etc/systemd/system && test -e multi-user.target.wants/hvmod-domains.target &&
		echo "kernel = \"/vmlinuz\"" >/etc/hvmod/web.cfg && systemctl enable hvmod-domain@web hvmod-domain@db &&
		systemctl disable hvmod-domain@db && test ! -e hvmod-domains.target.wants/hvmod-domain@db.service &&
		test -e hvmod-domains.target.wants/hvmod-domain@web.service && test -e multi-user.target.wants/hvmod-domains.target'
}

# A root of its own, which is booted: packaging/test-booted is what happens there.
prepare_boot() {
	local root=$work/root
	fresh base
	# Here services start.
	rm "$root/usr/sbin/policy-rc.d"
	mkdir "$root/debs"
	cp "$work/debs/$old"/hvctl_*.deb "$root/debs/" || return
	in_root apt-get update && patiently in_root apt-get satisfy -y --no-install-recommends \
		"systemd, kmod, $(dpkg-deb -f "$root"/debs/hvctl_*.deb Depends)" && in_root sh -c 'dpkg -i /debs/*.deb' || return
	rm "$root"/debs/*
	cp "$work/debs/$version"/hvctl_*.deb "$root/debs/"
	install -m 755 "$work/fake-hvctl" "$root/usr/local/bin/hvctl"
	install -m 755 packaging/test-booted "$root/test-booted"
	printf '#!/bin/sh\nexec /test-booted >/results 2>&1\n' >"$root/run-test"
	chmod 755 "$root/run-test"
	umount "$root/proc" "$root/var/cache/apt/archives"
}

boot_units() {
	local status=0 line
	packaging/boot "$work/root" /run-test >"$work/said" 2>&1 || status=$?
	cat "$work/said" "$work/root/results" >>"$log" 2>/dev/null
	if [ "$status" = 77 ]; then
		skip "units of domains in a booted container" "$(tail -n 1 "$work/said")"
		return
	fi
	touch "$work/root/results"
	while IFS= read -r line; do
		case $line in
		'ok '*) report 0 "${line#ok }" ;;
		'not ok '*) report 1 "${line#not ok }" ;;
		'skip '*) skip "${line#skip }" "not on this machine" ;;
		end) ;;
		*) echo "# ${line#\# }" ;;
		esac
	done <"$work/root/results"
	# It ends with what was asked to be seen, or it did not get there.
	check "the container was booted, and the tests in it came to their end" grep -qx 'end' "$work/root/results"
}

use_units() {
	check "a container with an older hvctl is there" prepare_boot
	boot_units
}

same_files() {
	rm -f "$work/root/etc/hvmod/web.cfg"
	rmdir "$work/root/etc/hvmod" "$work/root/run/hvmod" 2>/dev/null || true
	files >"$work/after"
	diff "$work/before" "$work/after"
}

use_packages() {
	fresh base
	check "what the packages depend on installs" install_dependencies
	release=$(basename "$(ls -d "$work"/root/lib/modules/*-cloud-amd64)")
	kernel_is_there 2>>"$log"
	files >"$work/before"

	check "packages of $old install" install_debs "$old"
	check "dkms builds $old for $release" built_for "$old"
	check "packages upgrade to $version" install_debs "$version"
	check "dkms builds $version for $release" built_for "$version"
	check "nothing of $old is left" only_version "$version"
	check "dkms signs the module" sh -c "[ -n \"\$(chroot $work/root modinfo -k $release -F signer hvmod)\" ]"
	foreign 5.10.0-1-amd64 6.0.0-1-amd64 7.3.0-1-amd64 8.0.1
	check "other kernels are left out, with status 77" excluded 5.10.0-1-amd64 6.0.0-1-amd64 7.3.0-1-amd64 8.0.1
	autoinstalls 8.0.1
	rm -r "$work"/root/lib/modules/{5.10.0-1-amd64,6.0.0-1-amd64,7.3.0-1-amd64,8.0.1}
	check "hvctl version, hvctl check" uses
	check "group, udev rule, options, completion and manual are there" conf_files
	check "the module loads at boot where it may, and only there" autoload
	check "documents are there, and what they link to" documents
	check "systemd likes the units" units
	check "a domain can be started at boot" enable_domain
	check "the selftests run" selftests_run
	check "the packages can be removed" in_root dpkg --remove hvmod-selftests hvmod-doc hvctl hvmod-dkms
	check "no module is left" sh -c "! find $work/root/lib/modules/ -name 'hvmod.ko*' | grep ."
	check "the packages can be purged" in_root dpkg --purge hvmod-selftests hvmod-doc hvctl hvmod-dkms
	check "that leaves nothing" same_files
}
