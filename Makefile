# SPDX-License-Identifier: GPL-2.0-only
# hvmod: module, hvctl, demo and tests. README.md says what for; `make help` lists the targets.

KERNELRELEASE ?= $(shell uname -r)
KDIR	?= /lib/modules/$(KERNELRELEASE)/build
PREFIX	?= /usr/local
CHECK	:= selftests/check/run

# TESTS= is for selftests/check/run; a makefile further down may have one of its own.
MAKEOVERRIDES := $(filter-out TESTS=%,$(MAKEOVERRIDES))

.PHONY: all help demo check check-unit check-build check-lab check-docs check-long check-matrix kunit \
	modules hvctl install uninstall deb clean

all: modules hvctl

help:
	@echo 'make             build hvmod.ko for this kernel ($(KERNELRELEASE)) and hvctl'
	@echo 'make install     install both, with manual pages, rights of /dev/hvmod and units; make uninstall: the way back'
	@echo 'make deb         Debian packages, in packaging/out'
	@echo 'make demo        show it all in an emulated machine; needs no VT-x'
	@echo 'make check       run all tests but the long ones: the next four'
	@echo 'make check HOST=1  what a real host can run, with hvmod loaded or not; ends with a report about it'
	@echo 'make check-unit  unit tests in user space, with ASan and UBSan'
	@echo 'make check-build build the module for every supported kernel, without a warning'
	@echo 'make check-lab   tests in the emulated machine'
	@echo 'make check-matrix that, all of it, under each of the kernels: 6.1, 6.12 and 7.2'
	@echo 'make check-docs  licences, links and style'
	@echo 'make check-long  what takes an hour: 50 rounds under a debug kernel and the like'
	@echo 'make kunit       the KUnit suites, in user space and in the debug kernel'
	@echo 'make clean       delete what was built here'
	@echo
	@echo 'KDIR=DIR or KERNELRELEASE=R builds for another kernel. TESTS="NAME..." picks tests.'
	@echo 'PREFIX=/usr/local and DESTDIR= say where to install.'

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

hvctl:
	$(MAKE) -C cli

# Without DESTDIR the running system learns of it. DKMS has its own place in that directory.
module_dirs = $(wildcard $(DESTDIR)/lib/modules/$(KERNELRELEASE)/extra $(DESTDIR)/lib/modules/$(KERNELRELEASE)/updates)

install: all
	$(MAKE) -C cli man
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	$(if $(DESTDIR),,depmod $(KERNELRELEASE))
	[ -e $(DESTDIR)/etc/modprobe.d/hvmod.conf ] || \
		install -D -m 644 packaging/modprobe.d/hvmod.conf $(DESTDIR)/etc/modprobe.d/hvmod.conf
	DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) packaging/install

# Options that somebody changed stay.
uninstall:
	DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) packaging/install --uninstall
	! cmp -s packaging/modprobe.d/hvmod.conf $(DESTDIR)/etc/modprobe.d/hvmod.conf || rm $(DESTDIR)/etc/modprobe.d/hvmod.conf
	$(if $(module_dirs),find $(module_dirs) -name dkms -prune -o -name 'hvmod.ko*' -exec rm {} +)
	$(if $(DESTDIR),,depmod $(KERNELRELEASE))

deb:
	@packaging/build

demo:
	@selftests/demo/run

# HOST=1: on this machine what can run there, in the order in which it is needed.
check:
	@$(CHECK) docs $(if $(filter-out 0,$(HOST)),host unit,unit build lab)

check-unit check-build check-lab check-docs check-long: check-%:
	@$(CHECK) $*

check-matrix:
	@KERNELS='$(or $(KERNELS),6.1 6.12 7.2)' $(CHECK) lab

kunit:
	@TESTS='kunit-user kunit' $(CHECK) unit long

clean:
	rm -rf docs/examples/hello selftests/check/out selftests/unit/*/out selftests/fuzz/out kmod/ring1 packaging/out
	$(MAKE) -C cli clean
	$(MAKE) -C selftests/kselftest clean
	find kmod . -maxdepth 1 \( -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '.*.cmd' -o -name Module.symvers -o -name modules.order \) -delete
