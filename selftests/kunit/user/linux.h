/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of Linux that the driver's files under test use, for building them
 * in user space: every <linux/...> that they include is this file there. Locks
 * notice who takes them twice; memory is the C library's, so that ASan sees
 * what leaks; trees and bitmaps do what the kernel's do, slowly.
 */
#ifndef HVMOD_USER_LINUX_H
#define HVMOD_USER_LINUX_H

#include <asm-generic/ioctl.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* The C library has one too. */
#undef __always_inline
#include "../../../kmod/core/types.h"
#include "linux_tree.h"

#define KERNEL_VERSION(a, b, c)	((a) << 16 | (b) << 8 | (c))
#define LINUX_VERSION_CODE	KERNEL_VERSION(7, 2, 0)

/* Words that mean something to the kernel's tools alone. */
#define __user
#define __force
#define __rcu
#define __weak			__attribute__((weak))
#define _ASM_EXTABLE_TYPE_REG(...)
#define BUILD_BUG_ON(condition)	_Static_assert(!(condition), #condition)
#define module_param(...)
#define MODULE_PARM_DESC(...)
#define THIS_MODULE		NULL

#define U8_MAX		0xffU
#define U16_MAX		0xffffU
#define U32_MAX		0xffffffffU
#define SZ_64K		0x10000
#define SZ_1M		0x100000
#define SZ_1G		0x40000000
#define SZ_2M		0x200000

#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define round_down(a, b)	((a) & ~((__typeof__(a))(b) - 1))
#define IS_ALIGNED(a, b)	(!((a) & ((b) - 1)))
#define array_index_nospec(index, size)	((index) < (size) ? (index) : 0)

/* A warning of the kernel's ends the test. */
#define WARN_ON_ONCE(condition)	((condition) ? abort(), true : false)
#define pr_err_once(...)	do { } while (0)

#define GFP_KERNEL		0
#define GFP_KERNEL_ACCOUNT	0
#define __GFP_ZERO		0x1
#define __GFP_NOWARN		0
#define __GFP_NORETRY		0
#define __GFP_RETRY_MAYFAIL	0
#define __GFP_COMP		0x2
typedef unsigned int gfp_t;

#define kmalloc(bytes, gfp)		malloc(bytes)
#define kzalloc(bytes, gfp)		calloc(1, bytes)
#define kmalloc_array(n, bytes, gfp)	calloc(n, bytes)
#define kfree(pointer)			free(pointer)

#define ERR_PTR(error)	((void *)(long)(error))
#define PTR_ERR(p)	((long)(p))
#define IS_ERR(p)	((unsigned long)(p) >= -4095UL)

/* Locks. */
struct mutex {
	int held;
};

typedef struct mutex spinlock_t;
#define DEFINE_MUTEX(name)	struct mutex name

static inline void mutex_lock(struct mutex *mutex)
{
	if (mutex->held++)
		abort();
}

static inline void mutex_unlock(struct mutex *mutex)
{
	if (!mutex->held--)
		abort();
}

#define mutex_init(mutex)		((mutex)->held = 0)
#define mutex_lock_killable(mutex)	(mutex_lock(mutex), 0)
#define spin_lock_init(lock)		((lock)->held = 0)
#define spin_lock(lock)			mutex_lock(lock)
#define spin_unlock(lock)		mutex_unlock(lock)
#define spin_lock_irq(lock)		mutex_lock(lock)
#define spin_unlock_irq(lock)		mutex_unlock(lock)
#define lockdep_is_held(lock)		((lock)->held)
#define lockdep_assert_held(lock)	do { if (!(lock)->held) abort(); } while (0)
#define cond_resched()			do { } while (0)
#define cpus_read_lock()		do { } while (0)
#define cpus_read_unlock()		do { } while (0)
#define on_each_cpu(function, data, wait)	(function)(data)

#define rcu_read_lock()			do { } while (0)
#define rcu_read_unlock()		do { } while (0)
#define synchronize_rcu()		do { } while (0)
#define rcu_dereference(p)		(p)
#define rcu_dereference_protected(p, held)	((void)(held), p)
#define rcu_assign_pointer(p, value)	((p) = (value))
#define RCU_INIT_POINTER(p, value)	((p) = (value))

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
#define atomic64_add(n, v)		((v)->counter += (n))
#define atomic64_sub(n, v)		((v)->counter -= (n))
#define atomic64_read(v)		((v)->counter)
#define atomic_set_release(v, n)	((v)->counter = (n))

static inline int atomic_cmpxchg_acquire(atomic_t *v, int old, int new)
{
	int was = v->counter;

	if (was == old)
		v->counter = new;
	return was;
}

/* Who, where, when: as far as structs name them. */
typedef struct { unsigned int val; } kuid_t;
typedef struct { u8 b[16]; } uuid_t;
typedef s64 ktime_t;
typedef struct { spinlock_t lock; } wait_queue_head_t;
struct kref { int count; };
struct pid;
struct eventfd_ctx;
struct vm_area_struct;
struct mm_struct { atomic64_t pinned_vm; };
struct task_struct { struct mm_struct *mm; };
extern struct task_struct user_current;
#define current		(&user_current)
#define KUIDT_INIT(value)	((kuid_t){ value })
#define uid_eq(a, b)		((a).val == (b).val)
#define CAP_SYS_ADMIN		21
#define CAP_SYS_RESOURCE	24
#define nr_cpu_ids		2U
#define num_online_cpus()	2U

/* Lists, and who waits for what. */
struct list_head { struct list_head *next, *prev; };
#define INIT_LIST_HEAD(list)		((list)->next = (list)->prev = (list))
#define container_of(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))
#define list_entry_of(p, entry, member)	container_of(p, __typeof__(*(entry)), member)
#define list_for_each_entry(entry, list, member)				\
	for (entry = list_entry_of((list)->next, entry, member); &(entry)->member != (list); \
	     entry = list_entry_of((entry)->member.next, entry, member))
#define list_for_each_entry_safe(entry, after, list, member)			\
	for (entry = list_entry_of((list)->next, entry, member),		\
	     after = list_entry_of((entry)->member.next, entry, member);	\
	     &(entry)->member != (list);					\
	     entry = after, after = list_entry_of((entry)->member.next, entry, member))

static inline void list_add(struct list_head *entry, struct list_head *list)
{
	*entry = (struct list_head){ list->next, list };
	list->next->prev = entry;
	list->next = entry;
}

static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
}

struct wait_queue_entry;
typedef int (*wait_queue_func_t)(struct wait_queue_entry *wait, unsigned int mode, int flags, void *key);
typedef struct wait_queue_entry { wait_queue_func_t func; } wait_queue_entry_t;
#define init_waitqueue_func_entry(wait, function)	((wait)->func = (function))
#define add_wait_queue(queue, wait)	((void)(queue), (void)(wait))
struct file;
typedef struct poll_table_struct {
	void (*_qproc)(struct file *file, wait_queue_head_t *queue, struct poll_table_struct *poll);
} poll_table;
#define init_poll_funcptr(poll, function)	((poll)->_qproc = (function))
#define key_to_poll(key)	((unsigned long)(key))
#define EPOLLIN			1
struct work_struct { void (*func)(struct work_struct *work); };
struct delayed_work { struct work_struct work; };
#define INIT_DELAYED_WORK(w, function)	((w)->work.func = (function))

/* Pages, of a machine with 16 MiB. */
#define USER_PAGES	4096
/* Pointers to it have bits to spare, as the kernel's have. */
struct page { u8 order, used, offline; } __attribute__((aligned(8)));
extern struct page user_pages[USER_PAGES];
struct page *alloc_pages(gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);
#define alloc_page(gfp)		alloc_pages(gfp, 0)
#define __free_page(page)	__free_pages(page, 0)
#define page_to_pfn(page)	((unsigned long)((page) - user_pages))
#define pfn_to_page(pfn)	(&user_pages[pfn])
#define page_to_phys(page)	((u64)page_to_pfn(page) << PAGE_SHIFT)
#define page_folio(page)	(page)
#define folio_order(folio)	((folio)->order)
#define folio_entire_mapcount(folio)	1
#define split_page(page, order)	do { } while (0)
#define page_offline_begin()	do { } while (0)
#define page_offline_end()	do { } while (0)
#define __SetPageOffline(page)	((page)->offline = 1)
#define __ClearPageOffline(page)	((page)->offline = 0)
#define totalram_pages()	((unsigned long)USER_PAGES)

#define FOLL_WRITE		1
#define FOLL_LONGTERM		2
#define u64_to_user_ptr(value)	((void *)(unsigned long)(value))
#define access_ok(p, bytes)	((u64)(p) < 1ULL << 47 && (bytes) <= (1ULL << 47) - (u64)(p))

/* Files. */
struct inode;
struct file { void *private_data; };
struct file_operations {
	void *owner;
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	long (*compat_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*release)(struct inode *inode, struct file *file);
	void *llseek;
};
struct miscdevice {
	int minor;
	const char *name;
	const struct file_operations *fops;
	unsigned int mode;
};
#define MISC_DYNAMIC_MINOR	255
#define O_CLOEXEC		02000000
#define noop_llseek		NULL
#define compat_ptr_ioctl	NULL
#define misc_register(device)	((void)(device), 0)
#define misc_deregister(device)	((void)(device))

#define strscpy(to, from, bytes)	((void)(bytes), strcpy(to, from))
#define GLOBAL_ROOT_UID		KUIDT_INIT(0)

/* Netlink: messages are attributes in a buffer. */
struct nlattr { u16 nla_len, nla_type; };
struct nlmsghdr { u32 nlmsg_seq; };
struct sk_buff { u8 *data; unsigned int len, room; };
struct netlink_ext_ack;
struct genlmsghdr { u8 cmd; };
struct genl_info {
	u32 snd_seq, snd_portid;
	struct genlmsghdr *genlhdr;
	struct nlattr **attrs;
	struct netlink_ext_ack *extack;
};
struct netlink_callback { struct genl_info *info; };
#define genl_info_dump(cb)	((cb)->info)
#define GENL_SET_ERR_MSG(info, text)	((void)(text))
#define NL_SET_ERR_MSG_ATTR(extack, attr, text)	((void)(attr))
#define NLA_HDRLEN		4
#define nla_get_u32(attr)	(*(u32 *)((attr) + 1))
#define nla_get_u64(attr)	user_get_u64(attr)
#define nla_data(attr)		((void *)((attr) + 1))
#define nla_len(attr)		((attr)->nla_len - NLA_HDRLEN)
#define nla_put_u32(skb, type, value)	user_put_u32(skb, type, value)
#define nla_put_string(skb, type, text)	nla_put(skb, type, strlen(text) + 1, text)
#define nla_put_u64_64bit(skb, type, value, pad)	((void)(pad), user_put_u64(skb, type, value))
#define kfree_skb(skb)		free(skb)
struct sk_buff *alloc_skb(unsigned int bytes, gfp_t gfp);
int nla_put(struct sk_buff *skb, int type, int bytes, const void *data);
struct nlattr *nla_nest_start(struct sk_buff *skb, int type);
void nla_nest_end(struct sk_buff *skb, struct nlattr *nest);
struct nlattr *nla_find(const struct nlattr *head, int bytes, int type);

static inline int user_put_u32(struct sk_buff *skb, int type, u32 value)
{
	return nla_put(skb, type, sizeof(value), &value);
}

static inline int user_put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put(skb, type, sizeof(value), &value);
}

static inline u64 user_get_u64(const struct nlattr *attr)
{
	u64 value;

	memcpy(&value, attr + 1, sizeof(value));
	return value;
}

#endif
