// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of a vCPU in and out, as a sequence of sections, each with a
 * struct hvmod_tlv before it.
 */
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "hvmod.h"

#define HV_GROUPS	(HVMOD_STATE_REGS | HVMOD_STATE_SREGS | \
			 HVMOD_STATE_MSRS | HVMOD_STATE_XSAVE | \
			 HVMOD_STATE_APIC | HVMOD_STATE_EVENTS)
#define HV_GROUP_COUNT	6

#define HV_TLV_VERSION	1
#define HV_TLV_ALIGN	8

/* GATE_VCPU_SET wants the number of bytes before the data. */
#define HV_SET_BYTES	(PAGE_SIZE - sizeof(u64))
/* No blob is longer: every section is at most a page, and there once. */
#define HV_BLOB_BYTES	(HV_GROUP_COUNT * (PAGE_SIZE + sizeof(struct hvmod_tlv)))

/**
 * struct hv_blob - the sections of a blob, by group
 * @data: data of a section, NULL if there is none
 * @bytes: its size
 */
struct hv_blob {
	const void *data[HV_GROUP_COUNT];
	u32 bytes[HV_GROUP_COUNT];
};

/* Write one section. Only sizes if it does not fit any more. */
static long hv_put_section(struct hvmod_vcpu_state *arg, u32 *used, u32 group,
			   const void *data, u32 bytes)
{
	struct hvmod_tlv tlv = {
		.type = group,
		.version = HV_TLV_VERSION,
		.bytes = bytes,
	};
	u32 padded = round_up(bytes, HV_TLV_ALIGN);
	u32 start = *used;
	void __user *to = u64_to_user_ptr(arg->data + start);

	*used += sizeof(tlv) + padded;
	if (*used > arg->bytes)
		return 0;
	if (copy_to_user(to, &tlv, sizeof(tlv)) ||
	    copy_to_user(to + sizeof(tlv), data, bytes) ||
	    clear_user(to + sizeof(tlv) + bytes, padded - bytes))
		return -EFAULT;
	return 0;
}

static long hv_get_groups(struct hv_vcpu *vcpu, struct hvmod_vcpu_state *arg,
			  struct page *page)
{
	struct hv_result result;
	unsigned int i;
	u32 used = 0;
	long ret;

	for (i = 0; i < HV_GROUP_COUNT; i++) {
		if (!(arg->groups & BIT(i)))
			continue;
		ret = hv_vcpu_gate(vcpu, GATE_VCPU_GET, BIT(i),
				   page_to_phys(page), &result);
		if (ret < 0)
			return ret;
		if (result.rdx > PAGE_SIZE)
			return -EIO;
		ret = hv_put_section(arg, &used, BIT(i), page_address(page),
				     result.rdx);
		if (ret)
			return ret;
	}
	ret = used > arg->bytes ? -ENOSPC : 0;
	arg->bytes = used;
	return ret;
}

/**
 * hv_vcpu_get_state() - HVMOD_VCPU_GET_STATE
 * @call: the call, on a vCPU
 *
 * Process context; claims the vCPU.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_vcpu_get_state(struct hv_call *call)
{
	struct hv_vcpu *vcpu = call->object;
	struct hvmod_vcpu_state *arg = &call->arg.vcpu_state;
	struct page *page;
	long ret;

	if (arg->reserved || (arg->groups & ~HV_GROUPS))
		return -EINVAL;
	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!page)
		return -ENOMEM;
	if (hv_vcpu_claim(vcpu)) {
		ret = hv_get_groups(vcpu, arg, page);
		hv_vcpu_unclaim(vcpu);
	} else {
		ret = -EBUSY;
	}
	__free_page(page);
	return ret;
}

/* Find the sections. Nothing in the blob is trusted. */
static bool hv_parse_blob(struct hv_blob *blob, u32 groups, const void *data,
			  u32 bytes)
{
	struct hvmod_tlv tlv;
	u32 padded, i;

	memset(blob, 0, sizeof(*blob));
	while (bytes) {
		if (bytes < sizeof(tlv))
			return false;
		memcpy(&tlv, data, sizeof(tlv));
		data += sizeof(tlv);
		bytes -= sizeof(tlv);
		if (tlv.version != HV_TLV_VERSION || tlv.reserved ||
		    !(tlv.type & groups & HV_GROUPS) ||
		    (tlv.type & (tlv.type - 1)) || tlv.bytes > HV_SET_BYTES)
			return false;
		padded = round_up(tlv.bytes, HV_TLV_ALIGN);
		i = __ffs(tlv.type);
		if (padded > bytes || blob->data[i] ||
		    memchr_inv(data + tlv.bytes, 0, padded - tlv.bytes))
			return false;
		blob->data[i] = data;
		blob->bytes[i] = tlv.bytes;
		data += padded;
		bytes -= padded;
	}
	return true;
}

static long hv_set_blob(struct hv_vcpu *vcpu, const struct hv_blob *blob,
			u64 check, struct page *page)
{
	u64 *bytes = page_address(page);
	struct hv_result result;
	unsigned int i;
	long ret;

	for (i = 0; i < HV_GROUP_COUNT; i++) {
		if (!blob->data[i])
			continue;
		*bytes = blob->bytes[i];
		memcpy(bytes + 1, blob->data[i], blob->bytes[i]);
		ret = hv_vcpu_gate(vcpu, GATE_VCPU_SET, BIT(i) | check,
				   page_to_phys(page), &result);
		if (ret == -EINVAL)
			WRITE_ONCE(vcpu->run->why, result.rdx);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static long hv_set_groups(struct hv_vcpu *vcpu,
			  const struct hvmod_vcpu_state *arg, const void *data,
			  struct page *page)
{
	struct hv_blob blob;
	long ret;

	if (!hv_parse_blob(&blob, arg->groups, data, arg->bytes)) {
		WRITE_ONCE(vcpu->run->why, HVMOD_WHY_BAD_BLOB);
		return -EINVAL;
	}
	ret = hv_set_blob(vcpu, &blob, HV_SET_CHECK, page);
	if (ret)
		return ret;
	return hv_set_blob(vcpu, &blob, 0, page);
}

/**
 * hv_vcpu_set_state() - HVMOD_VCPU_SET_STATE
 * @call: the call, on a vCPU
 *
 * Process context; claims the vCPU.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_vcpu_set_state(struct hv_call *call)
{
	struct hv_vcpu *vcpu = call->object;
	struct hvmod_vcpu_state *arg = &call->arg.vcpu_state;
	struct page *page;
	void *data;
	long ret;

	if (arg->reserved || (arg->groups & ~HV_GROUPS) ||
	    arg->bytes > HV_BLOB_BYTES)
		return -EINVAL;
	if (!arg->bytes)
		return 0;
	data = vmemdup_user(u64_to_user_ptr(arg->data), arg->bytes);
	if (IS_ERR(data))
		return PTR_ERR(data);
	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!page) {
		kvfree(data);
		return -ENOMEM;
	}
	if (hv_vcpu_claim(vcpu)) {
		ret = hv_set_groups(vcpu, arg, data, page);
		hv_vcpu_unclaim(vcpu);
	} else {
		ret = -EBUSY;
	}
	__free_page(page);
	kvfree(data);
	return ret;
}

/**
 * hv_vcpu_apic() - HVMOD_VCPU_APIC
 * @call: the call, on a vCPU
 *
 * Process context; claims the vCPU.
 *
 * Return: 0 or a negative errno, see uapi/hvmod.h.
 */
long hv_vcpu_apic(struct hv_call *call)
{
	struct hv_vcpu *vcpu = call->object;
	struct hvmod_apic_access *arg = &call->arg.apic_access;
	struct hv_result result;
	u64 offset = arg->offset;
	long ret;

	if (arg->offset > 0xff0 || (arg->offset & 0xf) || arg->write > 1)
		return -EINVAL;
	if (arg->write)
		offset |= HV_APIC_WRITE;
	if (!hv_vcpu_claim(vcpu))
		return -EBUSY;
	ret = hv_vcpu_gate(vcpu, GATE_APIC, offset, arg->value, &result);
	hv_vcpu_unclaim(vcpu);
	if (ret < 0)
		return ret;
	arg->value = result.rdx;
	hv_domain_poke(vcpu->domain, result.rcx);
	return 0;
}
