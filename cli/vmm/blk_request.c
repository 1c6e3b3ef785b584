// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to the block device (virtio 1.2, 5.2.6): a header to read, data, a
 * status byte to write; how they are cut into buffers is the driver's choice.
 */
#include <errno.h>
#include <string.h>

#include "blk_request.h"

#define STATUS_BYTES	1
#define HEADER_BYTES	sizeof(struct virtio_blk_outhdr)

/**
 * blk_request_is_sound() - whether header and status have their places
 * @chain: the request
 *
 * Return: false if nothing can be done with it, not even an answer
 */
bool blk_request_is_sound(const struct virtio_chain *chain)
{
	return chain->out_bytes >= HEADER_BYTES &&
	       chain->in_bytes >= STATUS_BYTES;
}

/*
 * Keeps @bytes from @skip on of the buffers. Return: how many buffers, which
 * begin at *@iov then
 */
static unsigned int cut(struct iovec **iov, unsigned int count, size_t skip,
			size_t bytes)
{
	unsigned int kept;

	while (count && skip >= (*iov)->iov_len) {
		skip -= (*iov)->iov_len;
		++*iov;
		count--;
	}
	if (!count || !bytes)
		return 0;
	(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + skip;
	(*iov)->iov_len -= skip;
	for (kept = 0; bytes; kept++) {
		if ((*iov)[kept].iov_len > bytes)
			(*iov)[kept].iov_len = bytes;
		bytes -= (*iov)[kept].iov_len;
	}
	return kept;
}

static bool is_inside(const struct disk *disk, uint64_t sector, uint64_t bytes)
{
	return sector <= disk->bytes / SECTOR_BYTES &&
	       bytes <= disk->bytes - sector * SECTOR_BYTES &&
	       !(sector * SECTOR_BYTES % disk->block_bytes) &&
	       !(bytes % disk->block_bytes);
}

static int do_transfer(const struct disk *disk, struct virtio_chain *chain,
		       bool write, uint64_t sector)
{
	struct iovec *iov = write ? chain->iov : chain->iov + chain->out;
	unsigned int count = write ? chain->out : chain->in;
	size_t bytes = write ? chain->out_bytes - HEADER_BYTES
			     : chain->in_bytes - STATUS_BYTES;

	if (!is_inside(disk, sector, bytes) || (write && disk->read_only))
		return -EINVAL;
	count = cut(&iov, count, write ? HEADER_BYTES : 0, bytes);
	return disk_transfer(disk, write, sector * SECTOR_BYTES, iov, count);
}

static int do_range(const struct disk *disk, bool zero,
		    const struct virtio_blk_discard_write_zeroes *range)
{
	uint64_t bytes = (uint64_t)range->num_sectors * SECTOR_BYTES;
	uint64_t offset = range->sector * SECTOR_BYTES;
	uint32_t flags = zero ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0;
	uint32_t most = zero ? BLK_ZERO_SECTORS : BLK_DISCARD_SECTORS;

	/* 5.2.6.2: other flags are not supported, by number. */
	if (range->flags & ~flags)
		return -EOPNOTSUPP;
	if (range->num_sectors > most || !is_inside(disk, range->sector, bytes))
		return -EINVAL;
	if (!bytes)
		return 0;
	if (!zero)
		return disk_discard(disk, offset, bytes);
	return disk_zero(disk, offset, bytes, range->flags & flags);
}

static int do_ranges(const struct disk *disk, const struct virtio_chain *chain,
		     bool zero)
{
	struct virtio_blk_discard_write_zeroes range[BLK_RANGES_MAX];
	size_t bytes = chain->out_bytes - HEADER_BYTES;
	size_t i;
	int ret = 0;

	if (disk->read_only || !bytes || bytes % sizeof(range[0]) ||
	    bytes > sizeof(range))
		return -EINVAL;
	virtio_chain_read(chain, HEADER_BYTES, range, bytes);
	for (i = 0; i < bytes / sizeof(range[0]) && !ret; i++)
		ret = do_range(disk, zero, &range[i]);
	return ret;
}

static int do_serial(const struct blk_target *target,
		     const struct virtio_chain *chain)
{
	size_t room = chain->in_bytes - STATUS_BYTES;

	virtio_chain_write(chain, 0, target->serial,
			   room < sizeof(target->serial) ? room
							 : sizeof(target->serial));
	return 0;
}

static int perform(const struct blk_target *target, struct virtio_chain *chain,
		   const struct virtio_blk_outhdr *header)
{
	switch (header->type) {
	case VIRTIO_BLK_T_IN:
		return do_transfer(&target->disk, chain, false, header->sector);
	case VIRTIO_BLK_T_OUT:
		return do_transfer(&target->disk, chain, true, header->sector);
	case VIRTIO_BLK_T_FLUSH:
		return disk_flush(&target->disk);
	case VIRTIO_BLK_T_GET_ID:
		return do_serial(target, chain);
	case VIRTIO_BLK_T_DISCARD:
		return do_ranges(&target->disk, chain, false);
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return do_ranges(&target->disk, chain, true);
	}
	return -EOPNOTSUPP;
}

static bool changes(const struct virtio_blk_outhdr *header)
{
	return header->type == VIRTIO_BLK_T_OUT ||
	       header->type == VIRTIO_BLK_T_DISCARD ||
	       header->type == VIRTIO_BLK_T_WRITE_ZEROES;
}

/**
 * blk_request_perform() - do a request and write its status
 * @target: what it is for
 * @chain: the request, which is sound; used up
 *
 * May take as long as the host's disk does. From any thread.
 *
 * Return: bytes written to its buffers
 */
uint32_t blk_request_perform(const struct blk_target *target,
			     struct virtio_chain *chain)
{
	size_t room = chain->in_bytes;
	struct virtio_blk_outhdr header;
	struct iovec last = chain->iov[chain->out + chain->in - 1];
	uint8_t status = VIRTIO_BLK_S_OK;
	int ret;

	virtio_chain_read(chain, 0, &header, sizeof(header));
	ret = perform(target, chain, &header);
	if (!ret && target->write_through && changes(&header))
		ret = disk_flush(&target->disk);
	if (ret)
		status = ret == -EOPNOTSUPP ? VIRTIO_BLK_S_UNSUPP
					    : VIRTIO_BLK_S_IOERR;
	((uint8_t *)last.iov_base)[last.iov_len - 1] = status;
	/* Only what is whole from the first byte on counts (2.7.8.2). */
	return status == VIRTIO_BLK_S_OK || room == STATUS_BYTES
	       ? (uint32_t)room : 0;
}
