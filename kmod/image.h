/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The image of ring -1 and what Linux keeps for each processor's way back.
 */
#ifndef HVMOD_IMAGE_H
#define HVMOD_IMAGE_H

#include "ring1.h"

/* Top of a processor's stack in its area: AREA_STACK + AREA_STACK_PAGES. */
#define HV_STACK_TOP	(11 * 4096)

/**
 * struct hv_cpu_state - one page of Linux's memory a processor
 * @lx: read and written by the trampoline and the core
 * @gdt: copy of the GDT with a TSS that is not busy
 */
struct hv_cpu_state {
	struct hv_linux lx;
	u64 gdt[32];
};

/**
 * struct hv_core - what the driver knows of the loaded core
 * @state: a page for each possible processor
 * @features: in the image; readable until the first launch
 */
struct hv_core {
	struct hv_cpu_state *state[HV_CPUS_MAX];
	const u64 *features;
};

/**
 * hv_image_load() - get memory, copy the image, build its page tables
 * @core: result
 * @flags: HV_BOOT_*
 *
 * Process context, may sleep.
 *
 * Return: 0 or a negative errno; hv_image_unload() is due in any case.
 */
int hv_image_load(struct hv_core *core, u32 flags);

/**
 * hv_image_unload() - free all that hv_image_load() got
 * @core: as filled by hv_image_load()
 *
 * Process context. No processor is under the core any more.
 */
void hv_image_unload(struct hv_core *core);

/* trampoline.S: interrupts off. Return: 0 or an enum hv_why with its detail */
u64 hv_enter_core(struct hv_linux *lx);

#endif
