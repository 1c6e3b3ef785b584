// SPDX-License-Identifier: GPL-2.0-only
/*
 * A domain begins again: what vmm_create() did is done once more, from files
 * that are open since then, since a VMM in its sandbox opens none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

/* What is loaded, in the order of vmm_create(). */
static int (*const steps[])(struct build *build) = {
	build_load_firmware,
	build_load_kernel,
	build_load_initrd,
};

static char *copy(const char *text, bool *failed)
{
	char *to = text ? strdup(text) : NULL;

	*failed |= text && !to;
	return to;
}

/**
 * reset_keep() - keep what a reset needs
 * @build: the build, complete; its files belong to the domain afterwards
 *
 * Return: 0, or -1 with errno and a message
 */
int reset_keep(struct build *build)
{
	struct vmm *vmm = build->vmm;
	struct vmm_config *config = calloc(1, sizeof(*config));
	struct build *again = calloc(1, sizeof(*again));
	bool failed = !config || !again;

	if (!failed) {
		*config = *build->config;
		config->disk = NULL;
		config->disks = 0;
		config->net = NULL;
		config->nets = 0;
		config->name = copy(config->name, &failed);
		config->kernel = copy(config->kernel, &failed);
		config->initrd = copy(config->initrd, &failed);
		config->cmdline = copy(config->cmdline, &failed);
		*again = *build;
		again->config = config;
		again->err = vmm->reset_text;
		again->err_size = sizeof(vmm->reset_text);
		vmm->again = again;
		build->kernel = -1;
		build->initrd = -1;
	} else {
		free(config);
		free(again);
	}
	if (failed)
		return build_fail(build, ENOMEM, "domain %s: no memory",
				  build->config->name);
	return 0;
}

/**
 * reset_free() - undo reset_keep()
 * @vmm: the domain
 */
void reset_free(struct vmm *vmm)
{
	struct vmm_config *config;

	if (!vmm->again)
		return;
	/* It is our copy. */
	config = (struct vmm_config *)vmm->again->config;
	build_close_files(vmm->again);
	free((char *)config->name);
	free((char *)config->kernel);
	free((char *)config->initrd);
	free((char *)config->cmdline);
	free(config);
	free(vmm->again);
	vmm->again = NULL;
}

static int load(struct vmm *vmm)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i](vmm->again))
			return -1;
	}
	return 0;
}

/**
 * reset_vcpu() - give a vCPU its state after reset
 * @vcpu: the vCPU, not running
 *
 * Return: 0, or -1 with errno
 */
int reset_vcpu(struct vcpu *vcpu)
{
	if (vcpu_first_restore(vcpu))
		return -1;
	return vcpu_reset(vcpu, &vcpu->vmm->again->entry);
}

static int restore_vcpus(struct vmm *vmm)
{
	unsigned int i;

	for (i = 0; i < vmm->vcpus; i++) {
		struct vcpu *vcpu = &vmm->vcpu[i];

		if (reset_vcpu(vcpu))
			return build_fail(vmm->again, errno,
					  "vCPU %u cannot be reset: %s (reason %u)",
					  i, strerror(errno), vcpu->run->why);
	}
	return 0;
}

/* With the vCPUs frozen. Return: 0, or -1 with errno and reset_text */
static int begin_again(struct vmm *vmm)
{
	devices_reset(vmm);
	guest_clear(&vmm->memory);
	if (load(vmm))
		return -1;
	return restore_vcpus(vmm);
}

int vmm_reset(struct vmm *vmm)
{
	enum vmm_outcome outcome;
	int error;

	if (vmm_halted(vmm, &outcome) == VMM_ACTION_PRESERVE) {
		errno = ESHUTDOWN;
		return -1;
	}
	if (life_freeze(vmm))
		return -1;
	if (!begin_again(vmm)) {
		life_begin_again(vmm);
		return 0;
	}
	error = errno;
	life_fail(vmm, vmm->reset_text);
	life_thaw(vmm);
	errno = error;
	return -1;
}
