// SPDX-License-Identifier: GPL-2.0-only
/*
 * Late launch: every online processor goes under the core, or none. Processors
 * that come online later follow, or stay off.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/suspend.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/segment.h>

#include "hvmod.h"
#include "image.h"

static struct hv_core core;
static u64 core_features;
static struct cpumask launched;
static u32 launch_flags;
static enum cpuhp_state hotplug_state;

/* Domains and PM: the core stays while there are users. */
static DEFINE_MUTEX(live_lock);
static unsigned int live_users;
static bool live;

static_assert(offsetof(struct hv_linux, rsp) == 40);
static_assert(offsetof(struct hv_linux, ltr_gdt) == 56);
static_assert(offsetof(struct hv_linux, gdt) == 72);
static_assert(offsetof(struct hv_linux, idt) == 88);
static_assert(offsetof(struct hv_linux, es) == 104);
static_assert(offsetof(struct hv_linux, tr) == 118);
static_assert(offsetof(struct hv_linux, rip) == 120);
static_assert(offsetof(struct hv_linux, fs_base) == 152);
static_assert(offsetof(struct hv_linux, gpr) == 168);
static_assert(sizeof(struct hv_cpu_state) <= PAGE_SIZE);

static const struct {
	int errno;
	const char *text;
} why_text[HV_WHY_COUNT] = {
	[HV_WHY_NOT_INTEL]	  = { -ENODEV, "not an Intel processor" },
	[HV_WHY_NO_VMX]		  = { -ENODEV, "the processor has no VMX, or a hypervisor below hides it" },
	[HV_WHY_FIRMWARE]	  = { -EOPNOTSUPP, "VMX is switched off in the firmware (IA32_FEATURE_CONTROL is locked without it); switch on VT-x there" },
	[HV_WHY_VMX_IN_USE]	  = { -EBUSY, "VMX is in use (CR4.VMXE is set), by kvm_intel, VirtualBox or VMware; stop its guests and remove its module" },
	[HV_WHY_NO_SECONDARY]	  = { -ENODEV, "the processor has no secondary VM-execution controls" },
	[HV_WHY_NO_EPT]		  = { -ENODEV, "the processor has no EPT" },
	[HV_WHY_EPT_FEATURES]	  = { -ENODEV, "EPT or VPID lacks a feature that is needed" },
	[HV_WHY_NO_UNRESTRICTED]  = { -ENODEV, "the processor has no unrestricted guest" },
	[HV_WHY_NO_MSR_BITMAP]	  = { -ENODEV, "the processor has no MSR bitmaps" },
	[HV_WHY_NO_PREEMPT_TIMER] = { -ENODEV, "the processor has no VMX-preemption timer" },
	[HV_WHY_CONTROLS]	  = { -ENODEV, "a VMX control that is needed is missing" },
	[HV_WHY_NO_XSAVE]	  = { -ENODEV, "XSAVE is off, or its area is larger than the core's" },
	[HV_WHY_MEMORY]		  = { -ENOMEM, "not enough memory for the core's tables" },
	[HV_WHY_VMXON]		  = { -EIO, "VMXON failed" },
	[HV_WHY_VMCS]		  = { -EIO, "a VMCS field was refused" },
	[HV_WHY_LAUNCH]		  = { -EIO, "VMLAUNCH failed" },
	[HV_WHY_CPU_DIFFERS]	  = { -ENODEV, "the processors differ in their VMX features" },
	[HV_WHY_BROKEN_TIMER]	  = { -ENODEV, "the processor's VMX-preemption timer has an erratum (the detail is its CPUID signature): a guest could keep the processor" },
	[HV_WHY_TRACING]	  = { -EBUSY, "Intel PT is tracing (IA32_RTIT_CTL.TraceEn is set), into physical memory, which the core could not guard; stop it (perf record -e intel_pt)" },
	[HV_WHY_GUEST_STATE]	  = { -EIO, "the processor refused Linux's state (the detail is the exit reason)" },
	[HV_WHY_FEEDBACK]	  = { -EBUSY, "the processor's hardware feedback table (IA32_HW_FEEDBACK_PTR) is not plain memory of Linux's" },
};

static int say_why(unsigned int cpu, u64 why)
{
	u32 code = why;

	if (!code)
		return 0;
	if (code >= HV_WHY_COUNT || !why_text[code].text) {
		pr_err("CPU %u: the core failed with %llx\n", cpu, why);
		return -EIO;
	}
	pr_err("CPU %u: %s (detail %x)\n", cpu, why_text[code].text, (u32)(why >> 32));
	return why_text[code].errno;
}

static void capture_segment(struct hv_segment_state *s, u16 selector, u64 base)
{
	u32 rights, limit;
	bool ok;

	s->selector = selector;
	s->base = base;
	asm volatile("lar %[sel], %[out]" : "=@ccz" (ok), [out] "=r" (rights)
		     : [sel] "r" ((u32)selector));
	if (!(selector & ~3) || !ok) {
		s->access = BIT(16);
		s->limit = 0;
		return;
	}
	asm volatile("lsl %[sel], %[out]" : [out] "=r" (limit) : [sel] "r" ((u32)selector));
	s->limit = limit;
	s->access = rights >> 8 & 0xf0ff;
}

static u64 tss_base(const struct hv_table *gdt, u16 tr)
{
	const struct ldttss_desc *d = (const void *)(gdt->base + tr);

	return d->base0 | (u64)d->base1 << 16 | (u64)d->base2 << 24 | (u64)d->base3 << 32;
}

/* What of this processor the core can't read on its own page tables. */
static void capture(struct hv_cpu_state *state)
{
	struct hv_linux *lx = &state->lx;
	struct ldttss_desc *tss;
	u16 es, cs, ss, ds, fs, gs, ldtr, tr;
	size_t bytes;

	asm volatile("sgdt %0" : "=m" (lx->gdt));
	asm volatile("sidt %0" : "=m" (lx->idt));
	asm volatile("mov %%es, %0" : "=r" (es));
	asm volatile("mov %%cs, %0" : "=r" (cs));
	asm volatile("mov %%ss, %0" : "=r" (ss));
	asm volatile("mov %%ds, %0" : "=r" (ds));
	asm volatile("mov %%fs, %0" : "=r" (fs));
	asm volatile("mov %%gs, %0" : "=r" (gs));
	asm volatile("sldt %0" : "=r" (ldtr));
	asm volatile("str %0" : "=r" (tr));
	lx->es = es;
	lx->cs = cs;
	lx->ss = ss;
	lx->ds = ds;
	lx->fs = fs;
	lx->gs = gs;
	lx->ldtr = ldtr;
	lx->tr = tr;
	capture_segment(&lx->segment[0], es, 0);
	capture_segment(&lx->segment[1], cs, 0);
	capture_segment(&lx->segment[2], ss, 0);
	capture_segment(&lx->segment[3], ds, 0);
	capture_segment(&lx->segment[4], fs, 0);
	capture_segment(&lx->segment[5], gs, 0);
	capture_segment(&lx->segment[6], ldtr, ldtr & ~3 ? tss_base(&lx->gdt, ldtr) : 0);
	capture_segment(&lx->segment[7], tr, tss_base(&lx->gdt, tr));
	get_debugreg(lx->dr7, 7);
	rdmsrq(MSR_IA32_DEBUGCTLMSR, lx->debugctl);

	bytes = min_t(size_t, lx->gdt.limit + 1, sizeof(state->gdt));
	memcpy(state->gdt, (const void *)lx->gdt.base, bytes);
	tss = (void *)state->gdt + tr;
	tss->type = DESC_TSS;
	lx->ltr_gdt.base = (u64)state->gdt;
	lx->ltr_gdt.limit = bytes - 1;
}

static u64 enter_here(u64 operation)
{
	struct hv_cpu_state *state = core.state[raw_smp_processor_id()];
	unsigned long flags;
	u64 why;

	local_irq_save(flags);
	capture(state);
	state->lx.operation = operation;
	why = hv_enter_core(&state->lx);
	local_irq_restore(flags);
	return why;
}

static void init_here(void *why)
{
	*(u64 *)why = enter_here(HV_ENTER_INIT);
}

static void launch_here(void *why)
{
	unsigned long flags;

	local_irq_save(flags);
	hv_below_enter();
	*(u64 *)why = enter_here(HV_ENTER_LAUNCH);
	if (*(u64 *)why) {
		hv_below_leave();
	} else {
		hv_mark_vmx(true);
		cpumask_set_cpu(raw_smp_processor_id(), &launched);
	}
	local_irq_restore(flags);
}

static long leave_cpu(enum hv_leave why)
{
	unsigned int cpu = raw_smp_processor_id();
	unsigned long flags;
	long ret = 0;

	if (!cpumask_test_cpu(cpu, &launched))
		return 0;
	local_irq_save(flags);
	hv_mark_vmx(false);
	ret = hv_gate(GATE_LEAVE, why, 0, 0, 0, NULL);
	if (ret) {
		hv_mark_vmx(true);
	} else {
		cpumask_clear_cpu(cpu, &launched);
		hv_below_leave();
	}
	local_irq_restore(flags);
	return ret;
}

static void leave_here(void *unused)
{
	leave_cpu(HV_LEAVE_ALL);
}

static void force_leave_here(void *unused)
{
	leave_cpu(HV_LEAVE_FORCE);
}

static int launch_all(void)
{
	unsigned int cpu;
	u64 why = 0;
	int ret;

	ret = smp_call_function_single(cpumask_first(cpu_online_mask), init_here, &why, 1) ?:
	      say_why(cpumask_first(cpu_online_mask), why);
	if (ret)
		return ret;
	core_features = READ_ONCE(*core.features);
	for_each_online_cpu(cpu) {
		ret = smp_call_function_single(cpu, launch_here, &why, 1) ?: say_why(cpu, why);
		if (ret) {
			on_each_cpu(leave_here, NULL, 1);
			return ret;
		}
	}
	return 0;
}

static int hotplug_online(unsigned int cpu)
{
	u64 why = 0;

	launch_here(&why);
	return say_why(cpu, why);
}

/*
 * Outside VMX a processor reaches everything, so it may not go while there are
 * domains. INIT and SIPI then find it as any other.
 */
static int hotplug_offline(unsigned int cpu)
{
	long ret = leave_cpu(HV_LEAVE_OFFLINE);

	if (ret)
		pr_err("CPU %u stays online: there are domains\n", cpu);
	return ret;
}

static void unload(void)
{
	if (cpumask_empty(&launched))
		hv_image_unload(&core);
	else
		pr_err("a processor is still under the core; its memory stays away\n");
}

static int core_start(void)
{
	int ret;

	ret = hv_image_load(&core, launch_flags);
	if (ret) {
		hv_image_unload(&core);
		return ret;
	}
	cpus_read_lock();
	ret = launch_all();
	if (!ret) {
		ret = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_AP_ONLINE_DYN, "hvmod:online",
							   hotplug_online, hotplug_offline);
		if (ret >= 0) {
			hotplug_state = ret;
			ret = 0;
		} else {
			on_each_cpu(leave_here, NULL, 1);
		}
	}
	cpus_read_unlock();
	if (ret)
		unload();
	return ret;
}

static void core_stop(void)
{
	/* At once, or a processor goes offline between them and stays under the core. */
	cpus_read_lock();
	cpuhp_remove_state_nocalls_cpuslocked(hotplug_state);
	on_each_cpu(leave_here, NULL, 1);
	cpus_read_unlock();
	unload();
}

int hv_get(void)
{
	int ret = 0;

	mutex_lock(&live_lock);
	if (live)
		live_users++;
	else
		ret = -EBUSY;
	mutex_unlock(&live_lock);
	return ret;
}

void hv_put(void)
{
	mutex_lock(&live_lock);
	live_users--;
	mutex_unlock(&live_lock);
}

/* VMX does not survive sleep: give the machine back before, take it after. */
static int pm_event(struct notifier_block *nb, unsigned long event, void *unused)
{
	int ret = 0;

	mutex_lock(&live_lock);
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		if (live && live_users) {
			pr_err("there are domains: shut them down before the machine sleeps\n");
			ret = -EBUSY;
		} else if (live) {
			core_stop();
			live = false;
		}
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		if (!live) {
			ret = core_start();
			live = !ret;
			if (ret)
				pr_err("no core after sleep: %d\n", ret);
			ret = 0;
		}
		break;
	}
	mutex_unlock(&live_lock);
	return notifier_from_errno(ret);
}

static struct notifier_block pm_block = { .notifier_call = pm_event };

/*
 * Reboot, power-off and kexec: INIT is blocked in root mode and the next kernel
 * knows nothing of the core, so every processor leaves.
 */
static int reboot_event(struct notifier_block *nb, unsigned long event, void *unused)
{
	on_each_cpu(force_leave_here, NULL, 1);
	return NOTIFY_DONE;
}

static struct notifier_block reboot_block = {
	.notifier_call = reboot_event,
	/* First: what others tell a hypervisor below then is theirs to tell. */
	.priority = INT_MAX,
};

u64 hv_features(void)
{
	return core_features;
}

int hv_launch(u32 flags)
{
	unsigned int sleep;
	int ret;

	ret = hv_below_check(&flags);
	if (ret)
		return ret;
	launch_flags = flags;
	/* A sleep that has begun would not be told of to who registers now. */
	sleep = lock_system_sleep();
	ret = core_start();
	if (!ret) {
		live = true;
		register_pm_notifier(&pm_block);
	}
	unlock_system_sleep(sleep);
	if (ret)
		return ret;
	register_reboot_notifier(&reboot_block);
	pr_info("%u processors are under the core\n", cpumask_weight(&launched));
	return 0;
}

void hv_leave(void)
{
	unsigned int sleep;

	unregister_reboot_notifier(&reboot_block);
	sleep = lock_system_sleep();
	unregister_pm_notifier(&pm_block);
	if (live)
		core_stop();
	live = false;
	unlock_system_sleep(sleep);
}
