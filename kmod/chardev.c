// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/hvmod and the descriptors that come from it: one table of ioctls and
 * one dispatcher, which does for all of them what is the same for all.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>

#include "hvmod.h"

/* Kinds of descriptors. */
#define HV_FD_DEVICE	BIT(0)
#define HV_FD_DOMAIN	BIT(1)
#define HV_FD_VCPU	BIT(2)

/* What the dispatcher does for an ioctl. */
#define HV_IOC_MM	BIT(0)	/* only in the domain's address space */
#define HV_IOC_FD	BIT(1)	/* gives a descriptor for call->file */
#define HV_IOC_NOSPC	BIT(2)	/* copies out with -ENOSPC too */

/**
 * struct hv_ioctl - an ioctl
 * @cmd: number; whether there is an argument and if it is copied out
 * @min_size: size of the argument in its first version
 * @kind: descriptors that know it, HV_FD_*
 * @flags: HV_IOC_*
 * @device: the handler for HV_FD_DEVICE
 * @object: the handler for the others
 */
struct hv_ioctl {
	unsigned int cmd;
	u32 min_size;
	u32 kind;
	u32 flags;
	long (*device)(struct hv_call *call);
	long (*object)(struct hv_call *call);
};

static long hv_vcpu_kick_ioctl(struct hv_call *call)
{
	hv_vcpu_kick(call->object);
	return 0;
}

#define HV_IOCTL(_cmd, _first, _kind, _flags, ...)		\
	[_IOC_NR(_cmd)] = {					\
		.cmd = (_cmd),					\
		.min_size = (_first),				\
		.kind = (_kind),				\
		.flags = (_flags),				\
		__VA_ARGS__					\
	}

/* Sizes are those of version 1, whatever the structs grow to. */
static const struct hv_ioctl hv_ioctls[] = {
	HV_IOCTL(HVMOD_GET_CAPS, 88, HV_FD_DEVICE, 0,
		 .device = hv_get_caps),
	HV_IOCTL(HVMOD_DOMAIN_INFO, 160, HV_FD_DEVICE | HV_FD_DOMAIN, 0,
		 .device = hv_domain_find_info, .object = hv_domain_info),
	HV_IOCTL(HVMOD_DOMAIN_CREATE, 88, HV_FD_DEVICE, HV_IOC_FD,
		 .device = hv_domain_create),
	HV_IOCTL(HVMOD_GET_QUOTA, 56, HV_FD_DEVICE | HV_FD_DOMAIN, 0,
		 .device = hv_quota_get_by_id, .object = hv_quota_get),
	HV_IOCTL(HVMOD_SET_QUOTA, 56, HV_FD_DEVICE | HV_FD_DOMAIN, 0,
		 .device = hv_quota_set_by_id, .object = hv_quota_tighten),
	HV_IOCTL(HVMOD_DOMAIN_SET_STATE, 16, HV_FD_DOMAIN, HV_IOC_MM,
		 .object = hv_domain_set_state),
	HV_IOCTL(HVMOD_DOMAIN_RENAME, 72, HV_FD_DOMAIN, HV_IOC_MM,
		 .object = hv_domain_rename),
	HV_IOCTL(HVMOD_VCPU_CREATE, 8, HV_FD_DOMAIN, HV_IOC_MM | HV_IOC_FD,
		 .object = hv_vcpu_create),
	HV_IOCTL(HVMOD_MEM_MAP, 32, HV_FD_DOMAIN, HV_IOC_MM,
		 .object = hv_memory_map),
	HV_IOCTL(HVMOD_MEM_UNMAP, 24, HV_FD_DOMAIN, HV_IOC_MM,
		 .object = hv_memory_unmap),
	HV_IOCTL(HVMOD_MEM_DISCARD, 80, HV_FD_DOMAIN, HV_IOC_MM,
		 .object = hv_memory_discard),
	HV_IOCTL(HVMOD_MEM_BALLOON, 16, HV_FD_DOMAIN, HV_IOC_MM,
		 .object = hv_memory_balloon),
	HV_IOCTL(HVMOD_MSI, 24, HV_FD_DOMAIN, HV_IOC_MM,
		 .object = hv_domain_msi),
	HV_IOCTL(HVMOD_IRQFD, 24, HV_FD_DOMAIN, HV_IOC_MM,
		 .object = hv_irqfd_ioctl),
	HV_IOCTL(HVMOD_DOORBELL, 32, HV_FD_DOMAIN, HV_IOC_MM,
		 .object = hv_doorbell_ioctl),
	HV_IOCTL(HVMOD_VCPU_KICK, 0, HV_FD_VCPU, HV_IOC_MM,
		 .object = hv_vcpu_kick_ioctl),
	HV_IOCTL(HVMOD_VCPU_GET_STATE, 24, HV_FD_VCPU, HV_IOC_MM | HV_IOC_NOSPC,
		 .object = hv_vcpu_get_state),
	HV_IOCTL(HVMOD_VCPU_SET_STATE, 24, HV_FD_VCPU, HV_IOC_MM,
		 .object = hv_vcpu_set_state),
	HV_IOCTL(HVMOD_VCPU_APIC, 16, HV_FD_VCPU, HV_IOC_MM,
		 .object = hv_vcpu_apic),
	HV_IOCTL(HVMOD_VCPU_PLUG, 8, HV_FD_VCPU, HV_IOC_MM,
		 .object = hv_vcpu_plug),
};

/*
 * The size in the number is that of the caller's header: a longer or shorter
 * struct is the same ioctl.
 */
static const struct hv_ioctl *hv_find_ioctl(unsigned int cmd, u32 kind)
{
	const struct hv_ioctl *ioctl;
	unsigned int nr = _IOC_NR(cmd);

	if (_IOC_TYPE(cmd) != HVMOD_IOC_MAGIC || nr >= ARRAY_SIZE(hv_ioctls))
		return NULL;
	ioctl = &hv_ioctls[array_index_nospec(nr, ARRAY_SIZE(hv_ioctls))];
	if (!(ioctl->kind & kind) || _IOC_DIR(ioctl->cmd) != _IOC_DIR(cmd))
		return NULL;
	return ioctl;
}

static long hv_copy_in(const struct hv_ioctl *ioctl, struct hv_call *call,
		       void __user *arg, u32 *size)
{
	int ret;

	if (get_user(*size, (u32 __user *)arg))
		return -EFAULT;
	if (*size < ioctl->min_size)
		return -EINVAL;
	if (*size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&call->arg, _IOC_SIZE(ioctl->cmd), arg,
				    *size);
	/* It may be another by now. */
	call->arg.size = *size;
	return ret;
}

/* The size field tells the caller what the kernel knows. */
static long hv_copy_out(const struct hv_ioctl *ioctl, struct hv_call *call,
			void __user *arg, u32 size)
{
	call->arg.size = _IOC_SIZE(ioctl->cmd);
	if (copy_to_user(arg, &call->arg, min_t(u32, size, call->arg.size)))
		return -EFAULT;
	return 0;
}

/* Run the handler, with a descriptor ready if it is to make one. */
static long hv_run_ioctl(const struct hv_ioctl *ioctl, struct hv_call *call,
			 u32 kind, void __user *arg, u32 size)
{
	long ret, error;
	int fd = -1;

	if (ioctl->flags & HV_IOC_FD) {
		fd = get_unused_fd_flags(O_CLOEXEC);
		if (fd < 0)
			return fd;
	}
	ret = kind == HV_FD_DEVICE ? ioctl->device(call) : ioctl->object(call);
	if ((_IOC_DIR(ioctl->cmd) & _IOC_READ) &&
	    (ret >= 0 || (ret == -ENOSPC && (ioctl->flags & HV_IOC_NOSPC)))) {
		error = hv_copy_out(ioctl, call, arg, size);
		if (error)
			ret = error;
	}
	if (!(ioctl->flags & HV_IOC_FD))
		return ret;
	if (ret < 0) {
		if (call->file)
			fput(call->file);
		put_unused_fd(fd);
		return ret;
	}
	fd_install(fd, call->file);
	return fd;
}

static long hv_dispatch(u32 kind, void *object, struct mm_struct *mm,
			unsigned int cmd, unsigned long arg)
{
	const struct hv_ioctl *ioctl = hv_find_ioctl(cmd, kind);
	void __user *user = (void __user *)arg;
	struct hv_call call;
	u32 size = 0;
	long ret;

	if (!ioctl)
		return -ENOTTY;
	if ((ioctl->flags & HV_IOC_MM) && current->mm != mm)
		return -EIO;
	memset(&call, 0, sizeof(call));
	call.object = object;
	if (_IOC_SIZE(ioctl->cmd)) {
		ret = hv_copy_in(ioctl, &call, user, &size);
		if (ret)
			return ret;
	}
	return hv_run_ioctl(ioctl, &call, kind, user, size);
}

static long hv_device_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	return hv_dispatch(HV_FD_DEVICE, NULL, NULL, cmd, arg);
}

static long hv_domain_ioctl(struct file *file, unsigned int cmd,
			    unsigned long arg)
{
	struct hv_domain *domain = file->private_data;

	return hv_dispatch(HV_FD_DOMAIN, domain, domain->mm, cmd, arg);
}

static long hv_vcpu_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct hv_vcpu *vcpu = file->private_data;

	if (likely(cmd == HVMOD_VCPU_RUN))
		return hv_vcpu_run(vcpu);
	return hv_dispatch(HV_FD_VCPU, vcpu, vcpu->domain->mm, cmd, arg);
}

static int hv_vcpu_mmap_file(struct file *file, struct vm_area_struct *vma)
{
	return hv_vcpu_mmap(file->private_data, vma);
}

static int hv_domain_close(struct inode *inode, struct file *file)
{
	hv_domain_put(file->private_data);
	return 0;
}

static int hv_vcpu_close(struct inode *inode, struct file *file)
{
	struct hv_vcpu *vcpu = file->private_data;

	if (vcpu)
		hv_domain_put(vcpu->domain);
	return 0;
}

static const struct file_operations hv_device_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = hv_device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

const struct file_operations hv_domain_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = hv_domain_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = hv_domain_close,
	.llseek = noop_llseek,
};

const struct file_operations hv_vcpu_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = hv_vcpu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = hv_vcpu_mmap_file,
	.release = hv_vcpu_close,
	.llseek = noop_llseek,
};

static struct miscdevice hv_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hvmod",
	.fops = &hv_device_fops,
	.mode = 0660,
};

/**
 * hv_chardev_register() - offer /dev/hvmod
 *
 * Process context, when everything else is ready.
 *
 * Return: 0 or a negative errno.
 */
int hv_chardev_register(void)
{
	return misc_register(&hv_device);
}

/**
 * hv_chardev_unregister() - take /dev/hvmod away
 *
 * Process context.
 */
void hv_chardev_unregister(void)
{
	misc_deregister(&hv_device);
}
