// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processors come and go. All vCPUs that there can be are made at the beginning,
 * since a VMM in its sandbox makes none; one that is not plugged in does not run,
 * neither for the kernel nor for us.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "machine.h"

static int set_plugged(struct vcpu *vcpu, bool plugged)
{
	struct hvmod_vcpu_plug arg = {
		.size = sizeof(arg),
		.plugged = plugged,
	};

	return ioctl(vcpu->fd, HVMOD_VCPU_PLUG, &arg);
}

/**
 * vcpu_plug() - let a vCPU run, from its state after reset on
 * @vcpu: the vCPU; all are held
 *
 * Return: 0, or -1 with errno
 */
int vcpu_plug(struct vcpu *vcpu)
{
	int error;

	if (set_plugged(vcpu, true))
		return -1;
	if (reset_vcpu(vcpu)) {
		error = errno;
		set_plugged(vcpu, false);
		errno = error;
		return -1;
	}
	life_set_plugged(vcpu, true);
	return 0;
}

/**
 * vcpu_unplug() - undo vcpu_plug()
 * @vcpu: the vCPU; its own thread may be the caller
 *
 * It leaves the guest some moments later at most.
 */
void vcpu_unplug(struct vcpu *vcpu)
{
	life_set_plugged(vcpu, false);
	set_plugged(vcpu, false);
}

/* With the vCPUs frozen. */
static int plug_first(struct vmm *vmm, unsigned int count)
{
	uint64_t present = cpus_present(&vmm->cpus);
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (present >> i & 1)
			continue;
		if (vcpu_plug(&vmm->vcpu[i]))
			return -1;
		cpus_plugged(&vmm->cpus, i);
	}
	return 0;
}

int vmm_set_vcpus(struct vmm *vmm, unsigned int count)
{
	enum vmm_outcome outcome;
	int error;

	if (!count || count > vmm->vcpus) {
		errno = EINVAL;
		return -1;
	}
	if (vmm_halted(vmm, &outcome) == VMM_ACTION_PRESERVE) {
		errno = ESHUTDOWN;
		return -1;
	}
	if (life_freeze(vmm))
		return -1;
	error = plug_first(vmm, count) ? errno : 0;
	if (!error)
		cpus_want(&vmm->cpus, count);
	life_thaw(vmm);
	errno = error;
	return error ? -1 : 0;
}

unsigned int vmm_vcpus_wanted(struct vmm *vmm)
{
	return (unsigned int)__builtin_popcountll(cpus_wanted(&vmm->cpus));
}
