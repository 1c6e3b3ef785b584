// SPDX-License-Identifier: GPL-2.0-only
/* Guest memory: one mapping, cut into the ranges of the layout. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "layout.h"

#define PAGE		4096ULL
#define SEALS		(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define HUGE_PAGE	(2ULL << 20)

/*
 * It may be refused without harm. A fork would copy pinned pages on the next
 * write and leave the guest with the other copy.
 */
static void advise(void *base, uint64_t bytes)
{
	madvise(base, bytes, MADV_HUGEPAGE);
	madvise(base, bytes, MADV_DONTFORK);
	madvise(base, bytes, MADV_DONTDUMP);
}

/**
 * guest_memory_alloc() - reserve address space for the guest's memory
 * @memory: filled
 * @bytes: how much, a multiple of 4096, not 0
 *
 * The start agrees with the guest-physical address modulo 2 MiB so that huge
 * pages become 2 MiB EPT entries. Pages come when they are touched first.
 *
 * Return: 0, or -1 with errno
 */
int guest_memory_alloc(struct guest_memory *memory, uint64_t bytes)
{
	uint64_t low = bytes < LOW_RAM_MAX ? bytes : LOW_RAM_MAX;
	uint8_t *base;
	void *map;

	if (!bytes || bytes > SIZE_MAX - HUGE_PAGE) {
		errno = EINVAL;
		return -1;
	}
	map = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return -1;

	base = (uint8_t *)map + (-(uintptr_t)map & (HUGE_PAGE - 1));
	advise(base, bytes);
	*memory = (struct guest_memory){
		.range[0] = { .gpa = 0, .bytes = low, .host = base },
		.ranges = 1,
		.map = map,
		.map_bytes = bytes + HUGE_PAGE,
	};
	if (bytes > low) {
		memory->range[1] = (struct guest_range){
			.gpa = HIGH_RAM_BASE,
			.bytes = bytes - low,
			.host = base + low,
		};
		memory->ranges = 2;
	}
	return 0;
}

/**
 * guest_memory_share() - have a descriptor by which others can map the memory
 * @memory: just allocated, nothing in it is used
 *
 * Whoever gets the descriptor can't change its size: to touch what is not there
 * would end this process.
 *
 * Return: 0, or -1 with errno and memory that is not shared
 */
int guest_memory_share(struct guest_memory *memory)
{
	const struct guest_range *last = &memory->range[memory->ranges - 1];
	uint8_t *base = memory->range[0].host;
	uint64_t bytes = (uint64_t)(last->host - base) + last->bytes;
	int fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error;

	if (fd < 0)
		return -1;
	if (!ftruncate(fd, (off_t)bytes) && !fcntl(fd, F_ADD_SEALS, SEALS) &&
	    mmap(base, bytes, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0) != MAP_FAILED) {
		advise(base, bytes);
		memory->fd = fd;
		return 0;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/**
 * guest_memory_free() - undo guest_memory_alloc()
 * @memory: may be all zero
 */
void guest_memory_free(struct guest_memory *memory)
{
	if (memory->fd)
		close(memory->fd);
	if (memory->map)
		munmap(memory->map, memory->map_bytes);
	*memory = (struct guest_memory){};
}

/**
 * guest_memory_bytes() - how much there is
 * @memory: the memory
 *
 * Return: bytes
 */
uint64_t guest_memory_bytes(const struct guest_memory *memory)
{
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < memory->ranges; i++)
		bytes += memory->range[i].bytes;
	return bytes;
}

/**
 * guest_pointer() - where guest-physical bytes are in this process
 * @memory: the memory
 * @gpa: start, from whatever source
 * @bytes: how many
 *
 * Return: a pointer to @bytes bytes, or NULL if they are not all memory
 */
void *guest_pointer(const struct guest_memory *memory, uint64_t gpa,
		    uint64_t bytes)
{
	unsigned int i;

	for (i = 0; i < memory->ranges; i++) {
		const struct guest_range *range = &memory->range[i];

		if (gpa < range->gpa || gpa - range->gpa > range->bytes)
			continue;
		if (bytes <= range->bytes - (gpa - range->gpa))
			return range->host + (gpa - range->gpa);
	}
	return NULL;
}

/**
 * guest_address() - the reverse of guest_pointer()
 * @memory: the memory
 * @pointer: what guest_pointer() returned
 *
 * Return: the guest-physical address
 */
uint64_t guest_address(const struct guest_memory *memory, const void *pointer)
{
	const uint8_t *at = pointer;
	unsigned int i = memory->ranges;

	while (--i) {
		if (at >= memory->range[i].host)
			break;
	}
	return memory->range[i].gpa + (uint64_t)(at - memory->range[i].host);
}

/**
 * guest_read() - copy out of guest memory
 * @memory: the memory
 * @gpa: guest-physical start
 * @to: buffer
 * @bytes: how many
 *
 * Return: false if they are not all memory; nothing is copied then
 */
bool guest_read(const struct guest_memory *memory, uint64_t gpa, void *to,
		size_t bytes)
{
	const void *from = guest_pointer(memory, gpa, bytes);

	if (from)
		memcpy(to, from, bytes);
	return from;
}

/**
 * guest_write() - copy into guest memory
 * @memory: the memory
 * @gpa: guest-physical start
 * @from: buffer
 * @bytes: how many
 *
 * Return: false if they are not all memory; nothing is copied then
 */
bool guest_write(const struct guest_memory *memory, uint64_t gpa,
		 const void *from, size_t bytes)
{
	void *to = guest_pointer(memory, gpa, bytes);

	if (to)
		memcpy(to, from, bytes);
	return to;
}

/* Memory that is shared has pages where somebody touched it, and is asked for them. */
static bool is_hole(const struct guest_memory *memory, const uint8_t *page)
{
	off_t at = page - memory->range[0].host;
	off_t data;

	if (!memory->fd)
		return false;
	data = lseek(memory->fd, at, SEEK_DATA);
	return data < 0 ? errno == ENXIO : data >= at + (off_t)PAGE;
}

/**
 * guest_page_zero() - whether a page is all zero
 * @memory: the memory
 * @page: the page's 4096 bytes in it
 *
 * A page that was never touched takes no memory afterwards.
 *
 * Return: whether it is
 */
bool guest_page_zero(const struct guest_memory *memory, const uint8_t *page)
{
	return is_hole(memory, page) ||
	       (!*page && !memcmp(page, page + 1, PAGE - 1));
}

/**
 * guest_clear() - all memory as it was in the beginning: zero
 * @memory: the memory, which nobody else uses meanwhile
 *
 * In place, since the guest's pages are pinned, and a VMM in its sandbox maps
 * no others. What the guest did not touch stays so.
 */
void guest_clear(struct guest_memory *memory)
{
	unsigned int i;
	uint64_t at;

	for (i = 0; i < memory->ranges; i++) {
		uint8_t *host = memory->range[i].host;

		for (at = 0; at < memory->range[i].bytes; at += PAGE) {
			if (!guest_page_zero(memory, host + at))
				memset(host + at, 0, PAGE);
		}
	}
}

/**
 * guest_low_end() - end of the RAM that begins at 0
 * @memory: the memory
 *
 * Return: its first address that is not memory
 */
uint64_t guest_low_end(const struct guest_memory *memory)
{
	return memory->range[0].bytes;
}
