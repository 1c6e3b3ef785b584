/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names that ring -1 and Linux both have. The tests see both, so ring -1's are
 * spelled differently here, in its own files as well as in the tests.
 */
#ifndef HVMOD_KUNIT_NAMES_H
#define HVMOD_KUNIT_NAMES_H

#undef EFER_SCE
#undef EFER_LME
#undef EFER_LMA
#undef EFER_NXE
#undef LVT_MASKED
#undef MSR_FS_BASE
#undef MSR_GS_BASE
#undef MSR_KERNEL_GS_BASE
#undef MSR_STAR
#undef MSR_LSTAR
#undef MSR_CSTAR
#undef MSR_EFER
#undef MSR_TSC_AUX
#undef RETPOLINE
#undef cpu_relax
#undef cpuid
#undef rdmsr
#undef wrmsr
#undef rdtsc
#undef wbinvd

#define boot			hv_core_boot
#define cpu_relax		hv_core_cpu_relax
#define cpuid			hv_core_cpuid
#define inject			hv_core_inject
#define is_canonical		hv_core_is_canonical
#define load_idt		hv_core_load_idt
#define lock			hv_core_lock
#define machine			hv_core_machine
#define page_alloc		hv_core_page_alloc
#define page_free		hv_core_page_free
#define page_list		hv_core_page_list
#define phys			hv_core_phys
#define rdmsr			hv_core_rdmsr
#define rdtsc			hv_core_rdtsc
#define read_cr0		hv_core_read_cr0
#define read_cr2		hv_core_read_cr2
#define read_cr3		hv_core_read_cr3
#define read_cr4		hv_core_read_cr4
#define write_cr0		hv_core_write_cr0
#define write_cr2		hv_core_write_cr2
#define write_cr3		hv_core_write_cr3
#define write_cr4		hv_core_write_cr4
#define resume			hv_core_resume
#define unlock			hv_core_unlock
#define wbinvd			hv_core_wbinvd
#define wrmsr			hv_core_wrmsr
#define xsave			hv_core_xsave
#define xrstor			hv_core_xrstor

#endif
