// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of a vCPU after power on, kept so that a reset can put it back. It
 * is what the module says, not what we think that it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "machine.h"

#define GROUPS	(HVMOD_STATE_REGS | HVMOD_STATE_SREGS | HVMOD_STATE_MSRS | \
		 HVMOD_STATE_XSAVE | HVMOD_STATE_APIC | HVMOD_STATE_EVENTS)
#define BLOB_MAX	65536U
#define MSR_TSC		0x10

static int get_state(struct vcpu *vcpu, void *blob, uint32_t *bytes)
{
	struct hvmod_vcpu_state arg = {
		.size = sizeof(arg),
		.groups = GROUPS,
		.data = (uintptr_t)blob,
		.bytes = *bytes,
	};
	int ret = ioctl(vcpu->fd, HVMOD_VCPU_GET_STATE, &arg);

	*bytes = arg.bytes;
	return ret;
}

/*
 * The time-stamp counter goes on through a reset: set one vCPU after the other,
 * they would not agree any more. The hole becomes a second setting of another
 * MSR, since a section's length is part of what follows it.
 */
static void leave_out_tsc(struct hvmod_msr_value *msr, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (msr[i].index == MSR_TSC)
			msr[i] = msr[i ? 0 : count - 1];
	}
}

static int edit(uint8_t *blob, uint32_t bytes)
{
	struct hvmod_tlv tlv;
	uint32_t at = 0;

	while (bytes - at >= sizeof(tlv)) {
		memcpy(&tlv, blob + at, sizeof(tlv));
		at += sizeof(tlv);
		if (tlv.bytes > bytes - at)
			break;
		if (tlv.type == HVMOD_STATE_MSRS)
			leave_out_tsc((void *)(blob + at),
				      tlv.bytes / sizeof(struct hvmod_msr_value));
		at += tlv.bytes + (-tlv.bytes & 7);
		if (at >= bytes)
			return 0;
	}
	errno = EPROTO;
	return -1;
}

/**
 * vcpu_first_keep() - keep the state of a vCPU that has not run yet
 * @vcpu: the vCPU
 *
 * Return: 0, or -1 with errno
 */
int vcpu_first_keep(struct vcpu *vcpu)
{
	uint32_t bytes = 0;

	if (!get_state(vcpu, NULL, &bytes) || errno != ENOSPC)
		return -1;
	if (bytes > BLOB_MAX) {
		errno = EPROTO;
		return -1;
	}
	vcpu->first = calloc(1, bytes);
	if (!vcpu->first || get_state(vcpu, vcpu->first, &bytes))
		return -1;
	vcpu->first_bytes = bytes;
	return edit(vcpu->first, bytes);
}

/**
 * vcpu_first_restore() - put it back
 * @vcpu: the vCPU, not running
 *
 * Return: 0, or -1 with errno
 */
int vcpu_first_restore(struct vcpu *vcpu)
{
	struct hvmod_vcpu_state arg = {
		.size = sizeof(arg),
		.groups = GROUPS,
		.data = (uintptr_t)vcpu->first,
		.bytes = vcpu->first_bytes,
	};

	vcpu->retries = 0;
	vcpu->halts = 0;
	vcpu->run->dirty = 0;
	return ioctl(vcpu->fd, HVMOD_VCPU_SET_STATE, &arg);
}

/**
 * vcpu_first_free() - undo vcpu_first_keep()
 * @vcpu: the vCPU
 */
void vcpu_first_free(struct vcpu *vcpu)
{
	free(vcpu->first);
	vcpu->first = NULL;
}
