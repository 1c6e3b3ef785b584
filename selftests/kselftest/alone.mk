# SPDX-License-Identifier: GPL-2.0-only
# The part of the kernel's selftests/lib.mk that we use, for building where there is no kernel tree.
OUTPUT ?= .
BUILT := $(addprefix $(OUTPUT)/,$(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED))
RUNNER := run_kselftest.sh
# Only here: a kernel tree has its own.
SOURCES := Makefile alone.mk config settings .gitignore $(RUNNER) $(TEST_PROGS) $(wildcard *.[chS])

all: $(BUILT)

$(OUTPUT)/%: %.c
	$(LINK.c) $(filter-out $(LOCAL_HDRS),$^) $(LDLIBS) -o $@

run_tests: all
	./$(RUNNER)

# INSTALL_PATH=DIR: programs, and the runner with its list.
install: all
	install -d $(INSTALL_PATH)
	install -m 755 $(BUILT) $(TEST_PROGS) $(RUNNER) $(INSTALL_PATH)
	install -m 644 settings $(INSTALL_PATH)
	printf 'hvmod:%s\n' $(notdir $(TEST_GEN_PROGS) $(TEST_PROGS)) >$(INSTALL_PATH)/kselftest-list.txt

# DIR=linux/tools/testing/selftests/hvmod: what makes this a directory of a kernel tree.
export:
	install -d $(DIR)/uapi
	cp -p $(SOURCES) $(DIR)
	cp -p ../../uapi/*.h $(DIR)/uapi

clean:
	rm -f $(BUILT)

.PHONY: all run_tests install export clean
