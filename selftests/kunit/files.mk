# SPDX-License-Identifier: GPL-2.0-only
# The suites. Those of ring -1, and its files that they are about, in kmod/:
kunit-core-suites := apic_test caps_test cpuid_test ept_test msr_test mtrr_test
kunit-core := core/alloc core/apic core/apic_msg core/apic_timer core/interp_cpuid core/interp_cr \
	core/interp_msr core/dom0_msr ept/ept ept/mtrr vmx/caps

# Those of the driver include its files themselves, for what is static there:
kunit-driver-suites := bucket_test doorbell_test ioctl_test irqfd_test memory_test pool_test quota_test records_test
kunit-driver := bucket doorbell irqfd chardev memory pool quota set_quota netlink_get

# The handlers of ioctls, from the table; driver.c has one of its own.
kunit-handlers = $(filter-out hv_get_caps,$(shell grep -o '\.\(device\|object\) = hv_[a-z0-9_]*' $(1)/chardev.c | sed 's/.* //' | sort -u))
