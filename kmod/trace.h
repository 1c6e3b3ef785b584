/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, for perf and trace-cmd: events "hvmod:*". What ring -1 deals with
 * itself is in the counters alone; here is what the driver sees.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hvmod

#if !defined(HVMOD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define HVMOD_TRACE_H

#include <linux/tracepoint.h>

#include "hvmod.h"

#define hv_outcomes						\
	{ HV_RUN_INTERRUPT,	"interrupt" },			\
	{ HV_RUN_HALT,		"halt" },			\
	{ HV_RUN_FAULT,		"fault" },			\
	{ HV_RUN_VMM,		"vmm" },			\
	{ HV_RUN_IPI,		"ipi" },			\
	{ HV_RUN_YIELD,		"yield" }

/* Programs have the format files alone: there stands a number, then. */
TRACE_DEFINE_ENUM(HV_RUN_INTERRUPT);
TRACE_DEFINE_ENUM(HV_RUN_HALT);
TRACE_DEFINE_ENUM(HV_RUN_FAULT);
TRACE_DEFINE_ENUM(HV_RUN_VMM);
TRACE_DEFINE_ENUM(HV_RUN_IPI);
TRACE_DEFINE_ENUM(HV_RUN_YIELD);
TRACE_DEFINE_ENUM(HVMOD_MEMORY_GUEST);
TRACE_DEFINE_ENUM(HVMOD_MEMORY_TABLES);
TRACE_DEFINE_ENUM(HVMOD_MEMORY_CORE);
TRACE_DEFINE_ENUM(HVMOD_MEMORY_DRIVER);

#define hv_memory_kinds						\
	{ HVMOD_MEMORY_GUEST,	"guest" },			\
	{ HVMOD_MEMORY_TABLES,	"tables" },			\
	{ HVMOD_MEMORY_CORE,	"core" },			\
	{ HVMOD_MEMORY_DRIVER,	"driver" }

/* A vCPU is about to enter the guest; limit: for how many TSC ticks, 0: no cap. */
TRACE_EVENT(hvmod_entry,
	TP_PROTO(struct hv_vcpu *vcpu, u64 limit),
	TP_ARGS(vcpu, limit),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, vcpu)
		__field(u64, limit)
	),
	TP_fast_assign(
		__entry->domain = vcpu->domain->id;
		__entry->vcpu = vcpu->index;
		__entry->limit = limit;
	),
	TP_printk("domain=%u vcpu=%u limit=%llu", __entry->domain,
		  __entry->vcpu, __entry->limit)
);

/* It came back; outcome: enum hv_outcome or a negative errno. */
TRACE_EVENT(hvmod_exit,
	TP_PROTO(struct hv_vcpu *vcpu, long outcome, u64 value),
	TP_ARGS(vcpu, outcome, value),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, vcpu)
		__field(long, outcome)
		__field(u64, value)
		__field(u32, exit)
	),
	TP_fast_assign(
		__entry->domain = vcpu->domain->id;
		__entry->vcpu = vcpu->index;
		__entry->outcome = outcome;
		__entry->value = value;
		__entry->exit = outcome == HV_RUN_VMM ?
				READ_ONCE(vcpu->run->exit) : 0;
	),
	TP_printk("domain=%u vcpu=%u outcome=%s(%ld) value=%#llx exit=%u",
		  __entry->domain, __entry->vcpu,
		  __print_symbolic(__entry->outcome, hv_outcomes),
		  __entry->outcome, __entry->value, __entry->exit)
);

/* A message-signalled interrupt; result: how many vCPUs took it, or an errno. */
TRACE_EVENT(hvmod_inject,
	TP_PROTO(struct hv_domain *domain, u64 address, u32 data, long result),
	TP_ARGS(domain, address, data, result),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u64, address)
		__field(u32, data)
		__field(long, result)
	),
	TP_fast_assign(
		__entry->domain = domain->id;
		__entry->address = address;
		__entry->data = data;
		__entry->result = result;
	),
	TP_printk("domain=%u address=%#llx data=%#x result=%ld",
		  __entry->domain, __entry->address, __entry->data,
		  __entry->result)
);

/* The guest touched a page that its EPT does not have; result as of hv_memory_fault(). */
TRACE_EVENT(hvmod_ept_fault,
	TP_PROTO(struct hv_domain *domain, u64 gpa, u64 access, long result),
	TP_ARGS(domain, gpa, access, result),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u64, gpa)
		__field(u32, access)
		__field(long, result)
	),
	TP_fast_assign(
		__entry->domain = domain->id;
		__entry->gpa = gpa;
		__entry->access = access;
		__entry->result = result;
	),
	TP_printk("domain=%u gpa=%#llx access=%s%s%s result=%ld",
		  __entry->domain, __entry->gpa,
		  __entry->access & 1 ? "r" : "-",
		  __entry->access & 2 ? "w" : "-",
		  __entry->access & 4 ? "x" : "-", __entry->result)
);

/* A domain would hold more than it may. */
TRACE_EVENT(hvmod_quota_memory,
	TP_PROTO(struct hv_domain *domain, u32 kind, u64 bytes),
	TP_ARGS(domain, kind, bytes),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, kind)
		__field(u64, bytes)
		__field(u64, held)
		__field(u64, max)
	),
	TP_fast_assign(
		__entry->domain = domain->id;
		__entry->kind = kind;
		__entry->bytes = bytes;
		__entry->held = domain->quota.sum;
		__entry->max = domain->quota.max;
	),
	TP_printk("domain=%u kind=%s bytes=%llu held=%llu max=%llu",
		  __entry->domain,
		  __print_symbolic(__entry->kind, hv_memory_kinds),
		  __entry->bytes, __entry->held, __entry->max)
);

DECLARE_EVENT_CLASS(hvmod_capped,
	TP_PROTO(struct hv_vcpu *vcpu),
	TP_ARGS(vcpu),
	TP_STRUCT__entry(
		__field(u32, domain)
		__field(u32, vcpu)
		__field(u32, percent)
	),
	TP_fast_assign(
		__entry->domain = vcpu->domain->id;
		__entry->vcpu = vcpu->index;
		__entry->percent = READ_ONCE(vcpu->domain->cap.percent);
	),
	TP_printk("domain=%u vcpu=%u percent=%u", __entry->domain,
		  __entry->vcpu, __entry->percent)
);

/* A vCPU has to wait for its domain's next period, and may go on. */
DEFINE_EVENT(hvmod_capped, hvmod_cap_begin,
	TP_PROTO(struct hv_vcpu *vcpu), TP_ARGS(vcpu));
DEFINE_EVENT(hvmod_capped, hvmod_cap_end,
	TP_PROTO(struct hv_vcpu *vcpu), TP_ARGS(vcpu));

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
