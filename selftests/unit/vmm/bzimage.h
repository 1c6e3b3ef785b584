/* SPDX-License-Identifier: GPL-2.0-only */
/* A small bzImage for tests. */
#ifndef HVMOD_TEST_BZIMAGE_H
#define HVMOD_TEST_BZIMAGE_H

#include <asm/bootparam.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SYNTH_SECTS	2
#define SYNTH_CODE_AT	((SYNTH_SECTS + 1) * 512)
#define SYNTH_CODE	0x1000
#define SYNTH_BYTES	(SYNTH_CODE_AT + SYNTH_CODE)
#define SYNTH_ADDRESS	0x1000000ULL
#define SYNTH_INIT_SIZE	0x200000U

/* @file is SYNTH_BYTES long. Return: its header, to be changed. */
static inline struct setup_header *synth_bzimage(uint8_t *file)
{
	struct setup_header *header;
	unsigned int i;

	memset(file, 0, SYNTH_BYTES);
	header = (struct setup_header *)(file +
					 offsetof(struct boot_params, hdr));
	header->setup_sects = SYNTH_SECTS;
	header->syssize = SYNTH_CODE / 16;
	header->boot_flag = 0xAA55;
	header->jump = 0x66EB;			/* the header ends at 0x268 */
	header->header = 0x53726448;
	header->version = 0x020F;
	header->loadflags = LOADED_HIGH;
	header->initrd_addr_max = 0x7FFFFFFF;
	header->kernel_alignment = 0x200000;
	header->relocatable_kernel = 1;
	header->xloadflags = XLF_KERNEL_64;
	header->cmdline_size = 2047;
	header->pref_address = SYNTH_ADDRESS;
	header->init_size = SYNTH_INIT_SIZE;
	for (i = 0; i < SYNTH_CODE; i++)
		file[SYNTH_CODE_AT + i] = (uint8_t)(i * 13 + 1);
	return header;
}

#endif
