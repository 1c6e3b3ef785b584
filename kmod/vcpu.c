// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPUs: made once, never gone before their domain, as ring -1 keeps the run
 * page until then. A vCPU's descriptor is a reference to its domain.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/anon_inodes.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <trace/events/ipi.h>

#include "hvmod.h"

/*
 * How often one operation may meet the VMCS on another processor. It moves
 * only when its claimant does.
 */
#define HV_CLEAR_TRIES	16

/*
 * What a vCPU is charged: four pages of ring -1, the run page, and the driver's
 * record and descriptor.
 */
#define HV_VCPU_BYTES	(6 * PAGE_SIZE)

/* Most tables of Domain-0's EPT that sharing the run page takes. */
#define HV_VCPU_TABLES	2

static struct hv_vcpu *hv_vcpu_alloc(struct hv_domain *domain, u32 index)
{
	struct hv_vcpu *vcpu;

	BUILD_BUG_ON(sizeof(struct hvmod_run) > PAGE_SIZE);
	BUILD_BUG_ON(sizeof(*vcpu) > PAGE_SIZE / 2);
	vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);
	if (!vcpu)
		return NULL;
	vcpu->page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!vcpu->page) {
		kfree(vcpu);
		return NULL;
	}
	vcpu->run = page_address(vcpu->page);
	vcpu->run->size = sizeof(struct hvmod_run);
	vcpu->run->version = HVMOD_ABI_VERSION;
	vcpu->domain = domain;
	vcpu->index = index;
	vcpu->cpu = -1;
	init_waitqueue_head(&vcpu->wait);
	spin_lock_init(&vcpu->times);
	vcpu->waits = HVMOD_ACTIVITY_RUNNING;
	return vcpu;
}

/**
 * hv_vcpu_free() - free a vCPU that ring -1 does not know, or not any more
 * @vcpu: the vCPU
 *
 * Process context. A mapping of the run page keeps the page.
 */
void hv_vcpu_free(struct hv_vcpu *vcpu)
{
	put_page(vcpu->page);
	put_pid(vcpu->thread);
	kfree(vcpu);
}

static long hv_vcpu_launch_charged(struct hv_vcpu *vcpu)
{
	unsigned int tries = HV_GROW_TRIES;
	struct hv_result result;
	long ret;

	for (;;) {
		ret = hv_gate(GATE_VCPU_CREATE, vcpu->domain->handle,
			      vcpu->index, page_to_phys(vcpu->page), 0,
			      &result);
		if (!ret)
			hv_charge_tables(vcpu->domain, result.rcx,
					 HV_VCPU_TABLES);
		if (ret != -ENOMEM || !tries--)
			return ret;
		if (hv_pool_grow())
			return -ENOMEM;
	}
}

/* Make the vCPU in ring -1. Domain's lock held. */
static long hv_vcpu_launch(struct hv_vcpu *vcpu)
{
	struct hv_domain *domain = vcpu->domain;
	long ret;

	ret = hv_charge(domain, HVMOD_MEMORY_CORE, HV_VCPU_BYTES);
	if (ret)
		return ret;
	ret = hv_charge(domain, HVMOD_MEMORY_TABLES,
			HV_VCPU_TABLES << PAGE_SHIFT);
	if (!ret) {
		ret = hv_vcpu_launch_charged(vcpu);
		if (!ret)
			return 0;
		hv_uncharge(domain, HVMOD_MEMORY_TABLES,
			    HV_VCPU_TABLES << PAGE_SHIFT);
	}
	hv_uncharge(domain, HVMOD_MEMORY_CORE, HV_VCPU_BYTES);
	return ret;
}

/**
 * hv_vcpu_create() - HVMOD_VCPU_CREATE
 * @call: the call, on a domain
 *
 * Process context; takes the domain's lock.
 *
 * Return: 0 with call->file set, or a negative errno, see uapi/hvmod.h.
 */
long hv_vcpu_create(struct hv_call *call)
{
	struct hv_domain *domain = call->object;
	const struct hvmod_vcpu_create *arg = &call->arg.vcpu_create;
	bool plugged = !(arg->flags & HVMOD_VCPU_UNPLUGGED);
	u32 index = arg->index;
	struct hv_vcpu *vcpu;
	struct file *file;
	long ret;

	if (index >= HVMOD_VCPUS_MAX ||
	    (arg->flags & ~HVMOD_VCPU_UNPLUGGED) || arg->reserved)
		return -EINVAL;
	index = array_index_nospec(index, HVMOD_VCPUS_MAX);
	vcpu = hv_vcpu_alloc(domain, index);
	if (!vcpu)
		return -ENOMEM;
	file = anon_inode_getfile("[hvmod-vcpu]", &hv_vcpu_fops, vcpu, O_RDWR);
	if (IS_ERR(file)) {
		hv_vcpu_free(vcpu);
		return PTR_ERR(file);
	}

	mutex_lock(&domain->lock);
	if (index >= domain->vcpus_max)
		ret = -EINVAL;
	else if (domain->vcpu[index])
		ret = -EEXIST;
	else if (plugged && domain->vcpus >= domain->vcpus_max)
		ret = -EBUSY;
	else
		ret = hv_vcpu_launch(vcpu);
	if (!ret) {
		kref_get(&domain->users);
		domain->vcpus += plugged;
		vcpu->plugged = plugged;
		/* Who finds it finds it complete. */
		smp_store_release(&domain->vcpu[index], vcpu);
		hv_event_domain(domain, HVMOD_CMD_DOMAIN_CHANGED_NTF);
	}
	mutex_unlock(&domain->lock);
	if (ret) {
		/* Its release comes later, and must not see the vCPU. */
		file->private_data = NULL;
		fput(file);
		hv_vcpu_free(vcpu);
		return ret;
	}
	call->file = file;
	return 0;
}

/**
 * hv_vcpu_mmap() - map the run page
 * @vcpu: the vCPU
 * @vma: the mapping
 *
 * With the mmap_lock of the VMM held for writing.
 *
 * Return: 0 or a negative errno.
 */
int hv_vcpu_mmap(struct hv_vcpu *vcpu, struct vm_area_struct *vma)
{
	if (vma->vm_mm != vcpu->domain->mm)
		return -EIO;
	if (vma->vm_pgoff || vma->vm_end - vma->vm_start != PAGE_SIZE ||
	    !(vma->vm_flags & VM_SHARED) || (vma->vm_flags & VM_EXEC))
		return -EINVAL;
	/* Not for a child: it may not use the domain. */
	vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	return vm_insert_page(vma, vma->vm_start, vcpu->page);
}

/*
 * Bring a vCPU out of the guest. Whoever calls has set a flag that the vCPU
 * looks at between announcing HV_IN_GUEST and entering, with interrupts off:
 * so either it sees the flag, or the interrupt ends the run.
 */
static void hv_vcpu_interrupt(struct hv_vcpu *vcpu)
{
	int cpu;

	if (READ_ONCE(vcpu->mode) != HV_IN_GUEST ||
	    cmpxchg(&vcpu->mode, HV_IN_GUEST, HV_EXITING) != HV_IN_GUEST)
		return;
	preempt_disable();
	cpu = READ_ONCE(vcpu->cpu);
	if (cpu != smp_processor_id() && cpu_online(cpu))
		smp_send_reschedule(cpu);
	preempt_enable();
}

/**
 * hv_vcpu_poke() - let a vCPU look at its interrupts
 * @vcpu: the vCPU
 *
 * Wakes it if it sleeps in HLT and takes it out of the guest for a moment if it
 * is there. Any context but NMI.
 */
void hv_vcpu_poke(struct hv_vcpu *vcpu)
{
	WRITE_ONCE(vcpu->wake, true);
	/* Orders the flag before the looks at the queue and at the mode. */
	if (wq_has_sleeper(&vcpu->wait))
		wake_up(&vcpu->wait);
	hv_vcpu_interrupt(vcpu);
}

/**
 * hv_vcpu_kick() - make HVMOD_VCPU_RUN return to the VMM
 * @vcpu: the vCPU
 *
 * The run under way, or the next one, returns HVMOD_EXIT_KICK. Process context.
 */
void hv_vcpu_kick(struct hv_vcpu *vcpu)
{
	WRITE_ONCE(vcpu->kick, true);
	hv_vcpu_poke(vcpu);
}

/**
 * hv_vcpu_plug() - HVMOD_VCPU_PLUG
 * @call: the call, on a vCPU
 *
 * Process context; takes the domain's lock.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_vcpu_plug(struct hv_call *call)
{
	struct hv_vcpu *vcpu = call->object;
	struct hv_domain *domain = vcpu->domain;
	u32 plugged = call->arg.vcpu_plug.plugged;
	long ret = 0;

	if (plugged > 1)
		return -EINVAL;
	mutex_lock(&domain->lock);
	if (plugged == vcpu->plugged) {
		mutex_unlock(&domain->lock);
		return 0;
	}
	if (plugged && domain->vcpus >= domain->vcpus_max) {
		ret = -EBUSY;
	} else {
		WRITE_ONCE(vcpu->plugged, plugged);
		domain->vcpus += plugged ? 1 : -1;
		/* Who runs it has looked at the flag before, and leaves now. */
		if (!plugged)
			hv_vcpu_kick(vcpu);
		hv_event_domain(domain, HVMOD_CMD_DOMAIN_CHANGED_NTF);
	}
	mutex_unlock(&domain->lock);
	return ret;
}

static void hv_vcpu_clear_here(void *data)
{
	struct hv_vcpu *vcpu = data;

	hv_gate(GATE_VCPU_CLEAR, vcpu->domain->handle, vcpu->index, 0, 0, NULL);
}

/**
 * hv_vcpu_clear() - make a processor let go of a vCPU
 * @vcpu: the vCPU
 * @cpu: the processor; nothing happens if there is none of this number
 *
 * Process context, interrupts on. A processor that went offline has let go of
 * all of them.
 */
void hv_vcpu_clear(struct hv_vcpu *vcpu, unsigned int cpu)
{
	if (cpu < nr_cpu_ids)
		smp_call_function_single(cpu, hv_vcpu_clear_here, vcpu, 1);
}

/**
 * hv_vcpu_gate() - an operation of the gate on a vCPU
 * @vcpu: the vCPU, claimed by the caller
 * @op: what to do
 * @c: third argument
 * @d: fourth argument
 * @result: where the two further values go
 *
 * Gets the VMCS from where it is and donates memory, as it takes. Process
 * context, interrupts on, may sleep.
 *
 * Return: as the operation; -EAGAIN or -ENOMEM if it could not be helped.
 */
long hv_vcpu_gate(struct hv_vcpu *vcpu, enum hv_gate op, u64 c, u64 d,
		  struct hv_result *result)
{
	unsigned int clears = HV_CLEAR_TRIES, grows = HV_GROW_TRIES;
	long ret;

	for (;;) {
		ret = hv_gate(op, vcpu->domain->handle, vcpu->index, c, d,
			      result);
		if (ret == -EAGAIN && clears--)
			hv_vcpu_clear(vcpu, result->rdx);
		else if (ret != -ENOMEM || !grows-- || hv_pool_grow())
			return ret;
	}
}
