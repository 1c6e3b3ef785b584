/* SPDX-License-Identifier: GPL-2.0-only */
/* Trees of pointers by index and by range, and bitmaps, with the kernel's names. */
#ifndef HVMOD_USER_LINUX_TREE_H
#define HVMOD_USER_LINUX_TREE_H

#include <limits.h>
#include <stdbool.h>

/* Both trees are a sorted array of ranges. */
struct user_range { unsigned long first, last; void *entry; };
struct user_tree { struct user_range *range; unsigned long count; };

/* The range that has @first, or the next one that begins by @last. */
struct user_range *user_tree_find(struct user_tree *tree, unsigned long first, unsigned long last);
/* -EEXIST: it overlaps one that is there. */
int user_tree_insert(struct user_tree *tree, unsigned long first, unsigned long last, void *entry);
void *user_tree_erase(struct user_tree *tree, unsigned long index);
void user_tree_destroy(struct user_tree *tree);

struct xarray { struct user_tree tree; };
struct xa_node { char bytes[576]; };
#define XA_PRESENT		8
#define XA_CHUNK_SHIFT		6
#define DEFINE_XARRAY(name)	struct xarray name
#define xa_init(xa)		(*(xa) = (struct xarray){ { NULL, 0 } })
#define xa_destroy(xa)		user_tree_destroy(&(xa)->tree)
#define xa_erase(xa, index)	user_tree_erase(&(xa)->tree, index)
#define xa_err(entry)		((entry) == (void *)1 ? -ENOMEM : 0)
#define xa_tag_pointer(p, tag)	((void *)((unsigned long)(p) | (tag)))
#define xa_untag_pointer(entry)	((void *)((unsigned long)(entry) & ~3UL))
#define xa_pointer_tag(entry)	((unsigned long)(entry) & 3UL)
#define xa_empty(xa)		(!(xa)->tree.count)

static inline void *xa_load(struct xarray *xa, unsigned long index)
{
	struct user_range *range = user_tree_find(&xa->tree, index, index);

	return range ? range->entry : NULL;
}

static inline void *user_xa_store(struct xarray *xa, unsigned long index, void *entry)
{
	void *old = user_tree_erase(&xa->tree, index);

	return user_tree_insert(&xa->tree, index, index, entry) ? (void *)1 : old;
}

static inline void *xa_find(struct xarray *xa, unsigned long *index, unsigned long last, int filter)
{
	struct user_range *range = user_tree_find(&xa->tree, *index, last);

	(void)filter;
	if (!range)
		return NULL;
	*index = range->first;
	return range->entry;
}

static inline void *user_xa_after(struct xarray *xa, unsigned long *index, unsigned long last)
{
	return *index == last ? NULL : (++*index, xa_find(xa, index, last, XA_PRESENT));
}

#define xa_store(xa, index, entry, gfp)	user_xa_store(xa, index, entry)
#define xa_for_each_range(xa, index, entry, first, last)		\
	for ((index) = (first), (entry) = xa_find(xa, &(index), last, XA_PRESENT);	\
	     (entry); (entry) = user_xa_after(xa, &(index), last))
#define xa_for_each(xa, index, entry)	xa_for_each_range(xa, index, entry, 0UL, ULONG_MAX)

struct maple_tree { struct user_tree tree; };
#define mt_init(mt)		(*(mt) = (struct maple_tree){ { NULL, 0 } })
#define mtree_destroy(mt)	user_tree_destroy(&(mt)->tree)
#define mtree_erase(mt, index)	user_tree_erase(&(mt)->tree, index)
#define mtree_insert_range(mt, first, last, entry, gfp)	\
	user_tree_insert(&(mt)->tree, first, last, entry)

static inline void *mtree_load(struct maple_tree *mt, unsigned long index)
{
	struct user_range *range = user_tree_find(&mt->tree, index, index);

	return range ? range->entry : NULL;
}

static inline void *mt_find(struct maple_tree *mt, unsigned long *index, unsigned long max)
{
	struct user_range *range = *index > max ? NULL : user_tree_find(&mt->tree, *index, max);

	if (!range)
		return NULL;
	*index = range->last + 1;
	return range->entry;
}

#define mt_for_each(mt, entry, index, max)	\
	for ((entry) = mt_find(mt, &(index), max); (entry); (entry) = mt_find(mt, &(index), max))

#define DECLARE_BITMAP(name, bits)	unsigned long name[(bits) / 64]

static inline bool test_bit(unsigned long bit, const unsigned long *map)
{
	return map[bit / 64] >> bit % 64 & 1;
}

static inline void user_bits(unsigned long *map, unsigned long first, unsigned long bits, bool set)
{
	for (; bits--; first++)
		if (set)
			map[first / 64] |= 1UL << first % 64;
		else
			map[first / 64] &= ~(1UL << first % 64);
}

static inline unsigned long user_next_bit(const unsigned long *map, unsigned long bits, unsigned long bit)
{
	while (bit < bits && !test_bit(bit, map))
		bit++;
	return bit;
}

#define bitmap_set(map, first, bits)	user_bits(map, first, bits, true)
#define bitmap_clear(map, first, bits)	user_bits(map, first, bits, false)
#define bitmap_fill(map, bits)		user_bits(map, 0, bits, true)
#define bitmap_from_arr64(map, from, bits)	memcpy(map, from, (bits) / 8)
#define bitmap_empty(map, bits)		(user_next_bit(map, bits, 0) == (bits))
#define for_each_set_bit(bit, map, bits)				\
	for ((bit) = user_next_bit(map, bits, 0); (bit) < (bits);	\
	     (bit) = user_next_bit(map, bits, (bit) + 1))

static inline unsigned long user_next_zero(const unsigned long *map, unsigned long bits, unsigned long bit)
{
	while (bit < bits && test_bit(bit, map))
		bit++;
	return bit;
}

#define for_each_set_bitrange(first, end, map, bits)				\
	for ((first) = user_next_bit(map, bits, 0),				\
	     (end) = user_next_zero(map, bits, first); (first) < (bits);	\
	     (first) = user_next_bit(map, bits, end),				\
	     (end) = user_next_zero(map, bits, first))

#endif
