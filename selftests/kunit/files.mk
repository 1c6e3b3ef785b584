# SPDX-License-Identifier: GPL-2.0-only
# The suites, and the files of ring -1 that they are about, in kmod/.
kunit-suites := apic_test caps_test cpuid_test ept_test msr_test mtrr_test
kunit-core := core/alloc core/apic core/apic_msg core/apic_timer core/interp_cpuid core/interp_cr \
	core/interp_msr ept/ept ept/mtrr vmx/caps
