// SPDX-License-Identifier: GPL-2.0-only
/* A vCPU: its descriptor, its thread, and what each exit leads to. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "alu.h"
#include "machine.h"
#include "mmio.h"
#include "ports.h"

#define MMIO_RETRIES_MAX	64

static const char *const why_texts[] = {
	[HVMOD_WHY_NONE]	= "no reason given",
	[HVMOD_WHY_CONTROLS]	= "VM-entry control fields invalid",
	[HVMOD_WHY_HOST_STATE]	= "host-state fields invalid",
	[HVMOD_WHY_GUEST_STATE]	= "guest state invalid",
	[HVMOD_WHY_MSR_LOAD]	= "MSR loading failed",
	[HVMOD_WHY_NO_MEMORY]	= "no memory left",
	[HVMOD_WHY_OWNED]	= "the page has another owner",
	[HVMOD_WHY_BAD_REGS]	= "RIP or RFLAGS not allowed",
	[HVMOD_WHY_BAD_CR]	= "control registers not allowed together",
	[HVMOD_WHY_BAD_SEGMENT]	= "a segment register not allowed",
	[HVMOD_WHY_BAD_MSR]	= "an MSR unknown or its value not allowed",
	[HVMOD_WHY_BAD_XSAVE]	= "extended state not allowed",
	[HVMOD_WHY_BAD_APIC]	= "an APIC value not allowed",
	[HVMOD_WHY_BAD_EVENT]	= "an event not allowed",
	[HVMOD_WHY_BAD_BLOB]	= "a section's head is wrong",
	[HVMOD_WHY_QUOTA]	= "the domain's memory quota is used up",
	[HVMOD_WHY_HOST_WORK]	= "the host's kernel has work",
};

static const char *why_text(const struct vcpu *vcpu)
{
	uint32_t why = vcpu->run->why;

	if (why >= ARRAY_SIZE(why_texts))
		return "reason unknown";
	return why_texts[why];
}

/* The guest ends because of what this vCPU did. */
static __printf(3, 4)
void end(struct vcpu *vcpu, enum vmm_outcome outcome, const char *format, ...)
{
	char text[VMM_TEXT_BYTES - 48];
	char where[32] = "";
	va_list args;
	uint64_t rip;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!vcpu_rip(vcpu, &rip))
		snprintf(where, sizeof(where), " at RIP 0x%" PRIx64, rip);
	life_end(vcpu->vmm, outcome, "vCPU %u%s: %s", vcpu->index, where, text);
}

static void exit_kick(struct vcpu *vcpu)
{
	(void)vcpu;
}

static void exit_io(struct vcpu *vcpu)
{
	ports_access(&vcpu->vmm->ports, vcpu->run);
}

/* RF in the saved flags: the debugger has seen the instruction already. */
static void inject(struct vcpu *vcpu, const struct guest_fault *fault)
{
	struct hvmod_run *run = vcpu->run;

	run->regs.rflags |= RFLAGS_RF;
	run->dirty |= HVMOD_STATE_REGS;
	if (fault->vector == VECTOR_PF) {
		run->sregs.cr2 = fault->linear;
		run->dirty |= HVMOD_STATE_SREGS;
	}
	if (vcpu_inject(vcpu, fault))
		end(vcpu, VMM_FAILED, "exception %u refused: %s", fault->vector,
		    strerror(errno));
}

static void exit_io_string(struct vcpu *vcpu)
{
	struct vmm *vmm = vcpu->vmm;
	struct guest_fault fault;

	switch (ports_string(&vmm->memory, &vmm->ports, vcpu->run, &fault)) {
	case STRING_DONE:
		break;
	case STRING_FAULT:
		inject(vcpu, &fault);
		break;
	case STRING_OUTSIDE:
		end(vcpu, VMM_FAILED,
		    "a string instruction between port 0x%x and an address that is not memory",
		    vcpu->run->io.port);
		break;
	}
}

/* A program in the guest does not end the guest, the kernel there may. */
static void give_up(struct vcpu *vcpu, const char *why)
{
	const struct guest_fault fault = { .vector = VECTOR_UD };
	const struct hvmod_segment *ss =
		&vcpu->run->sregs.segment[HVMOD_SEG_SS];

	vcpu->retries = 0;
	if ((ss->attributes >> 5 & 3) == 3)
		inject(vcpu, &fault);
	else
		end(vcpu, VMM_FAILED, "%s", why);
}

static void exit_mmio(struct vcpu *vcpu)
{
	const struct mmio_env env = {
		.memory = &vcpu->vmm->memory,
		.bus = &vcpu->mmio,
		.get_vectors = vcpu_get_vectors,
		.put_vectors = vcpu_put_vectors,
		.ctx = vcpu,
	};
	struct guest_fault fault;
	char why[256];

	switch (mmio_emulate(&env, vcpu->run, &fault, why, sizeof(why))) {
	case MMIO_DONE:
		vcpu->retries = 0;
		break;
	case MMIO_FAULT:
		vcpu->retries = 0;
		inject(vcpu, &fault);
		break;
	case MMIO_FAILED:
		end(vcpu, VMM_FAILED, "%s", why);
		break;
	case MMIO_RETRY:
		if (++vcpu->retries > MMIO_RETRIES_MAX)
			give_up(vcpu, why);
		break;
	}
}

static void exit_triple_fault(struct vcpu *vcpu)
{
	end(vcpu, VMM_CRASHED, "triple fault");
}

static void exit_eoi(struct vcpu *vcpu)
{
	ioapic_eoi(&vcpu->vmm->ioapic, (uint8_t)vcpu->run->eoi.vector);
}

static void exit_memory(struct vcpu *vcpu)
{
	end(vcpu, VMM_FAILED, "no memory for the guest at 0x%" PRIx64 ": %s",
	    (uint64_t)vcpu->run->mmio.gpa, why_text(vcpu));
}

static void exit_entry_failed(struct vcpu *vcpu)
{
	const struct hvmod_run *run = vcpu->run;

	end(vcpu, VMM_FAILED,
	    "the processor refused the guest's state: %s (VMX error %u, exit reason %u, qualification 0x%" PRIx64 ")",
	    why_text(vcpu), run->failure.vmx_error, run->failure.hw_reason,
	    (uint64_t)run->failure.qualification);
}

static void exit_unhandled(struct vcpu *vcpu)
{
	const struct hvmod_run *run = vcpu->run;

	end(vcpu, VMM_FAILED,
	    "exit reason %u is not handled (qualification 0x%" PRIx64 ")",
	    run->failure.hw_reason, (uint64_t)run->failure.qualification);
}

static void (*const exits[])(struct vcpu *vcpu) = {
	[HVMOD_EXIT_KICK]		= exit_kick,
	[HVMOD_EXIT_IO]			= exit_io,
	[HVMOD_EXIT_IO_STRING]		= exit_io_string,
	[HVMOD_EXIT_MMIO]		= exit_mmio,
	[HVMOD_EXIT_HALTED]		= life_halted,
	[HVMOD_EXIT_TRIPLE_FAULT]	= exit_triple_fault,
	[HVMOD_EXIT_EOI]		= exit_eoi,
	[HVMOD_EXIT_MEMORY]		= exit_memory,
	[HVMOD_EXIT_ENTRY_FAILED]	= exit_entry_failed,
	[HVMOD_EXIT_UNHANDLED]		= exit_unhandled,
};

static void dispatch(struct vcpu *vcpu)
{
	uint32_t exit = vcpu->run->exit;

	if (exit >= ARRAY_SIZE(exits) || !exits[exit]) {
		end(vcpu, VMM_FAILED, "exit %u is unknown to this hvctl", exit);
		return;
	}
	if (exit != HVMOD_EXIT_HALTED && exit != HVMOD_EXIT_KICK)
		vcpu->halts = 0;
	exits[exit](vcpu);
}

static bool unplugged(struct vcpu *vcpu)
{
	return !__atomic_load_n(&vcpu->plugged, __ATOMIC_SEQ_CST);
}

/**
 * vcpu_main() - the thread of a vCPU
 * @arg: the vCPU
 *
 * Return: NULL
 */
void *vcpu_main(void *arg)
{
	struct vcpu *vcpu = arg;
	char name[16];

	snprintf(name, sizeof(name), "vcpu%u", vcpu->index);
	prctl(PR_SET_NAME, name);
	while (life_gate(vcpu)) {
		if (!ioctl(vcpu->fd, HVMOD_VCPU_RUN))
			dispatch(vcpu);
		/* Unplugged since the gate, which it comes to again. */
		else if (errno != EINTR && !(errno == ENXIO && unplugged(vcpu)))
			end(vcpu, VMM_FAILED, "cannot run: %s (%s)",
			    strerror(errno), why_text(vcpu));
	}
	life_thread_ends(vcpu->vmm);
	return NULL;
}

/**
 * vcpu_create() - make a vCPU
 * @vcpu: domain, index and plugged set, the rest zero but @vcpu->fd -1
 * @run_bytes: length of the shared page
 *
 * Return: 0, or -1 with errno; vcpu_destroy() cleans up in both cases
 */
int vcpu_create(struct vcpu *vcpu, size_t run_bytes)
{
	struct hvmod_vcpu_create arg = {
		.size = sizeof(arg),
		.index = vcpu->index,
		.flags = vcpu->plugged ? 0 : HVMOD_VCPU_UNPLUGGED,
	};
	void *run;

	vcpu->fd = ioctl(vcpu->vmm->domain, HVMOD_VCPU_CREATE, &arg);
	if (vcpu->fd < 0)
		return -1;
	run = mmap(NULL, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		   vcpu->fd, 0);
	if (run == MAP_FAILED)
		return -1;
	vcpu->run = run;
	vcpu->run_bytes = run_bytes;
	return devices_add_apic(vcpu);
}

/**
 * vcpu_destroy() - undo vcpu_create()
 * @vcpu: the vCPU; its thread is gone
 */
void vcpu_destroy(struct vcpu *vcpu)
{
	vcpu_first_free(vcpu);
	if (vcpu->run)
		munmap(vcpu->run, vcpu->run_bytes);
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	vcpu->run = NULL;
	vcpu->fd = -1;
}
