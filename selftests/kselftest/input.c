// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IN between its exit and the guest's next instruction: the VMM has put the value there, and something else
 * comes first.
 */
#include "guest.h"

/* At the reset vector: in $0x10, %al; out %al, $0x80; again */
static const char code[] = "\xe4\x10\xe6\x80\xeb\xfa";

static int device;
static struct guest guest;
static struct hvmod_run *run;

static struct {
	struct hvmod_tlv head;
	struct hvmod_regs regs;
} blob;

static struct hvmod_vcpu_state state(void)
{
	return (struct hvmod_vcpu_state){ .size = sizeof(struct hvmod_vcpu_state), .groups = HVMOD_STATE_REGS,
					  .data = (uintptr_t)&blob, .bytes = sizeof(blob) };
}

static void get(void)
{
	struct hvmod_vcpu_state arg = state();

	need(ioctl(guest.vcpu[0], HVMOD_VCPU_GET_STATE, &arg), "HVMOD_VCPU_GET_STATE");
}

static void set(void)
{
	struct hvmod_vcpu_state arg = state();

	need(ioctl(guest.vcpu[0], HVMOD_VCPU_SET_STATE, &arg), "HVMOD_VCPU_SET_STATE");
}

/* Until the next IN or OUT. */
static void go(void)
{
	do
		need(ioctl(guest.vcpu[0], HVMOD_VCPU_RUN), "HVMOD_VCPU_RUN");
	while (run->exit == HVMOD_EXIT_KICK);
}

/* The guest's IN is answered with @value, and RUN comes back before the guest has it. */
static bool answered_and_kicked(uint8_t value)
{
	do
		go();
	while (run->exit != HVMOD_EXIT_IO || !run->io.in);
	run->io.data = value;
	run->exit_request = 1;
	need(ioctl(guest.vcpu[0], HVMOD_VCPU_RUN), "HVMOD_VCPU_RUN");
	run->exit_request = 0;
	return run->exit == HVMOD_EXIT_KICK;
}

static void kicked(void)
{
	bool kick = answered_and_kicked(0x5a);

	get();
	ok(kick && (blob.regs.gpr[HVMOD_GPR_RAX] & 0xff) == 0x5a, "a kick first: the state has the IN's value");
	go();
	ok(run->exit == HVMOD_EXIT_IO && !run->io.in && run->io.data == 0x5a, "and so has the guest");

	run->wanted = HVMOD_STATE_REGS;
	kick = answered_and_kicked(0x33);
	ok(kick && run->valid & HVMOD_STATE_REGS && (run->regs.gpr[HVMOD_GPR_RAX] & 0xff) == 0x33,
	   "registers that a kick brings have it");
	run->dirty = HVMOD_STATE_REGS;
	go();
	ok(!run->io.in && run->io.data == 0x33, "and keep it, when they are put back");
	run->wanted = 0;
}

static void reset(void)
{
	do
		go();
	while (!run->io.in);
	get();
	blob.regs.gpr[HVMOD_GPR_RAX] = 0x2badb002;
	run->io.data = 0xff;
	set();
	go();
	ok(!run->io.in && run->io.data == 0x02, "registers that are set at an IN are not its");
}

int main(void)
{
	device = device_open();
	guest_start(device, &guest, "input", 1, code, sizeof(code) - 1);
	run = guest.run[0];
	kicked();
	reset();
	guest_end(&guest);
	return tap_done();
}
