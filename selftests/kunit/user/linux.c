// SPDX-License-Identifier: GPL-2.0-only
/* What linux.h and linux_tree.h declare. */
#include "linux.h"

struct task_struct user_current;
struct page user_pages[USER_PAGES];

struct user_range *user_tree_find(struct user_tree *tree, unsigned long first, unsigned long last)
{
	for (unsigned long i = 0; i < tree->count; i++)
		if (tree->range[i].last >= first)
			return tree->range[i].first <= last ? &tree->range[i] : NULL;
	return NULL;
}

int user_tree_insert(struct user_tree *tree, unsigned long first, unsigned long last, void *entry)
{
	unsigned long at = 0;

	if (user_tree_find(tree, first, last))
		return -EEXIST;
	tree->range = realloc(tree->range, (tree->count + 1) * sizeof(*tree->range));
	if (!tree->range)
		abort();
	while (at < tree->count && tree->range[at].last < first)
		at++;
	memmove(&tree->range[at + 1], &tree->range[at], (tree->count - at) * sizeof(*tree->range));
	tree->range[at] = (struct user_range){ first, last, entry };
	tree->count++;
	return 0;
}

void *user_tree_erase(struct user_tree *tree, unsigned long index)
{
	struct user_range *range = user_tree_find(tree, index, index);
	void *entry;

	if (!range)
		return NULL;
	entry = range->entry;
	memmove(range, range + 1, (tree->range + tree->count - range - 1) * sizeof(*range));
	if (!--tree->count)
		user_tree_destroy(tree);
	return entry;
}

void user_tree_destroy(struct user_tree *tree)
{
	free(tree->range);
	*tree = (struct user_tree){ NULL, 0 };
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	unsigned long count = 1UL << order, pfn, i;

	for (pfn = count; pfn < USER_PAGES; pfn += count) {
		for (i = 0; i < count && !user_pages[pfn + i].used; i++)
			;
		if (i < count)
			continue;
		for (i = 0; i < count; i++)
			user_pages[pfn + i] = (struct page){ gfp & __GFP_COMP ? order : 0, 1, 0 };
		return &user_pages[pfn];
	}
	return NULL;
}

/* Freed twice, or still marked: neither is right. */
void __free_pages(struct page *page, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		if (!page[i].used || page[i].offline)
			abort();
		page[i].used = 0;
	}
}

struct sk_buff *alloc_skb(unsigned int bytes, gfp_t gfp)
{
	struct sk_buff *skb = malloc(sizeof(*skb) + bytes);

	(void)gfp;
	if (!skb)
		abort();
	*skb = (struct sk_buff){ (u8 *)(skb + 1), 0, bytes };
	return skb;
}

int nla_put(struct sk_buff *skb, int type, int bytes, const void *data)
{
	struct nlattr attr = { NLA_HDRLEN + bytes, type };
	unsigned int all = (attr.nla_len + 3) & ~3U;

	if (all > skb->room - skb->len)
		return -EMSGSIZE;
	memset(skb->data + skb->len, 0, all);
	memcpy(skb->data + skb->len, &attr, sizeof(attr));
	memcpy(skb->data + skb->len + NLA_HDRLEN, data, bytes);
	skb->len += all;
	return 0;
}

/* With the flag that marks a nest. */
struct nlattr *nla_nest_start(struct sk_buff *skb, int type)
{
	struct nlattr *nest = (struct nlattr *)(skb->data + skb->len);

	return nla_put(skb, type | 1 << 15, 0, "") ? NULL : nest;
}

void nla_nest_end(struct sk_buff *skb, struct nlattr *nest)
{
	nest->nla_len = skb->data + skb->len - (u8 *)nest;
}

struct nlattr *nla_find(const struct nlattr *head, int bytes, int type)
{
	while (bytes >= NLA_HDRLEN && head->nla_len >= NLA_HDRLEN && head->nla_len <= bytes) {
		int all = (head->nla_len + 3) & ~3;

		if ((head->nla_type & 0x3fff) == type)
			return (struct nlattr *)head;
		bytes -= all;
		head = (const struct nlattr *)((const u8 *)head + all);
	}
	return NULL;
}
