// SPDX-License-Identifier: GPL-2.0-only
/* The block device: what it reads, writes, refuses; images that it can't use. */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ring.h>
#include <semaphore.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blk_driver.h"
#include "blk_request.h"
#include "compiler.h"
#include "paging.h"
#include "tap.h"

#define OK		VIRTIO_BLK_S_OK
#define ERROR		VIRTIO_BLK_S_IOERR
#define UNSUPPORTED	VIRTIO_BLK_S_UNSUPP
#define SECTORS		(BLK_BYTES / 512)

/* A flush of the host's, under control. */
static sem_t flush_begins;
static sem_t flush_goes_on;
static bool flush_waits;
static int flush_errno;
static unsigned int flushes;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

int __wrap_fdatasync(int fd)
{
	__atomic_add_fetch(&flushes, 1, __ATOMIC_SEQ_CST);
	if (flush_waits) {
		sem_post(&flush_begins);
		sem_wait(&flush_goes_on);
	}
	if (flush_errno) {
		errno = flush_errno;
		return -1;
	}
	return __real_fdatasync(fd);
}

/* Reads of the host's, that may be slow. */
static unsigned int reads;
static size_t most_read;
static bool reads_slowly;

ssize_t __real_preadv(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_preadv(int fd, const struct iovec *iov, int count, off_t offset);

ssize_t __wrap_preadv(int fd, const struct iovec *iov, int count, off_t offset)
{
	size_t bytes = 0;
	int i;

	for (i = 0; i < count; i++)
		bytes += iov[i].iov_len;
	__atomic_add_fetch(&reads, 1, __ATOMIC_SEQ_CST);
	if (bytes > most_read)
		most_read = bytes;
	if (reads_slowly)
		usleep(20000);
	return __real_preadv(fd, iov, count, offset);
}

static const struct driver_device blk = { "blk", blk_create, 0, blk_request, ANSWERED, 0 };

static uint8_t *buffer(void)
{
	return driver_memory(BLK_BUFFER);
}

/* Submits what is in the descriptors. Return: its status, -1 without an answer */
static int answer(void)
{
	uint16_t before = driver_used(0);

	driver_submit(0, 0);
	driver_kick(0);
	if (!driver_wait_used(0, (uint16_t)(before + 1)))
		return -1;
	return *(uint8_t *)driver_memory(BLK_STATUS);
}

static int ask(uint32_t type, uint64_t sector, uint32_t bytes)
{
	blk_prepare(0, type, sector, bytes);
	return answer();
}

static uint8_t image_byte(size_t at)
{
	return (uint8_t)(at / 512 + at);
}

static bool is_image(const uint8_t *bytes, size_t at, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (bytes[i] != image_byte(at + i))
			return false;
	}
	return true;
}

static bool is_byte(const uint8_t *bytes, uint8_t byte, size_t count)
{
	while (count && bytes[count - 1] == byte)
		count--;
	return !count;
}

static void begin(void)
{
	driver_attach(&blk);
	driver_up(1ULL << VIRTIO_RING_F_INDIRECT_DESC | 1ULL << VIRTIO_BLK_F_FLUSH);
}

static const struct {
	const char *name;
	uint32_t type;
	uint64_t sector;
	uint32_t bytes;
	int status;
} requests[] = {
	{ "read a sector", VIRTIO_BLK_T_IN, 7, 512, OK },
	{ "read many", VIRTIO_BLK_T_IN, 1, 65536, OK },
	{ "read nothing", VIRTIO_BLK_T_IN, 1, 0, OK },
	{ "read the last sector", VIRTIO_BLK_T_IN, SECTORS - 1, 512, OK },
	{ "read behind the end", VIRTIO_BLK_T_IN, SECTORS, 512, ERROR },
	{ "read across the end", VIRTIO_BLK_T_IN, SECTORS - 1, 1024, ERROR },
	{ "read far behind the end", VIRTIO_BLK_T_IN, 1ULL << 40, 512, ERROR },
	{ "read a sector whose offset wraps to 0", VIRTIO_BLK_T_IN, 1ULL << 55, 512, ERROR },
	{ "read the last sector of all", VIRTIO_BLK_T_IN, UINT64_MAX, 512, ERROR },
	{ "read a part of a sector", VIRTIO_BLK_T_IN, 0, 100, ERROR },
	{ "write behind the end", VIRTIO_BLK_T_OUT, SECTORS, 512, ERROR },
	{ "write across the end", VIRTIO_BLK_T_OUT, SECTORS - 1, 1024, ERROR },
	{ "write the last sector of all", VIRTIO_BLK_T_OUT, UINT64_MAX, 512, ERROR },
	{ "write a part of a sector", VIRTIO_BLK_T_OUT, 0, 513, ERROR },
	{ "write nothing", VIRTIO_BLK_T_OUT, 0, 0, OK },
	{ "flush", VIRTIO_BLK_T_FLUSH, 0, 0, OK },
	{ "flush with data", VIRTIO_BLK_T_FLUSH, 9, 512, OK },
	{ "an unknown request", 77, 0, 512, UNSUPPORTED },
	{ "the largest number of a request", UINT32_MAX, 0, 0, UNSUPPORTED },
	{ "discard without a range", VIRTIO_BLK_T_DISCARD, 0, 0, ERROR },
	{ "discard half a range", VIRTIO_BLK_T_DISCARD, 0, 8, ERROR },
	{ "discard too many ranges", VIRTIO_BLK_T_DISCARD, 0, 17 * 16, ERROR },
	{ "zeroes without a range", VIRTIO_BLK_T_WRITE_ZEROES, 0, 0, ERROR },
};

static void test_requests(void)
{
	size_t i;

	begin();
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		memset(buffer(), 0, 65536);
		ok(ask(requests[i].type, requests[i].sector, requests[i].bytes) == requests[i].status,
		   "%s: %d", requests[i].name, requests[i].status);
		if (requests[i].type == VIRTIO_BLK_T_IN && requests[i].status == OK)
			check(is_image(buffer(), requests[i].sector * 512, requests[i].bytes) &&
			      driver_used_length(0, (uint16_t)(driver_used(0) - 1)) == requests[i].bytes + 1);
	}
	ok(ask(VIRTIO_BLK_T_IN, 0, 65536) == OK && is_image(buffer(), 0, 65536), "nothing was written");
	driver_detach();
}

static void test_write(void)
{
	begin();
	memset(buffer(), 0xA5, 1024);
	ok(ask(VIRTIO_BLK_T_OUT, 5, 1024) == OK && driver_used_length(0, 0) == 1, "write two sectors");
	memset(buffer(), 0, 2048);
	ok(ask(VIRTIO_BLK_T_IN, 4, 2048) == OK && is_image(buffer(), 4 * 512, 512) &&
	   is_byte(buffer() + 512, 0xA5, 1024) && is_image(buffer() + 1536, 7 * 512, 512),
	   "they are there, their neighbours are untouched");
	driver_detach();
	begin();
	ok(ask(VIRTIO_BLK_T_IN, 5, 1024) == OK && is_byte(buffer(), 0xA5, 1024),
	   "another opening of the image has them");
	driver_detach();
	blk_remove_image();
	blk_make_image();
}

static void test_serial(void)
{
	static char longest[] = "0123456789abcdefghij";

	begin();
	memset(buffer(), 0x55, 64);
	ok(ask(VIRTIO_BLK_T_GET_ID, 0, 20) == OK && !memcmp(buffer(), longest, 20) && buffer()[20] == 0x55,
	   "serial number");
	memset(buffer(), 0x55, 64);
	ok(ask(VIRTIO_BLK_T_GET_ID, 0, 40) == OK && !memcmp(buffer(), longest, 20) && buffer()[20] == 0x55,
	   "into a longer buffer");
	memset(buffer(), 0x55, 64);
	ok(ask(VIRTIO_BLK_T_GET_ID, 0, 4) == OK && !memcmp(buffer(), "0123UUU", 7), "into a shorter one");
	driver_detach();
	blk_config.serial = NULL;
	begin();
	ok(ask(VIRTIO_BLK_T_GET_ID, 0, 20) == OK && is_byte(buffer(), 0, 20), "none");
	driver_detach();
	blk_config.serial = longest;
}

static int range(uint32_t type, uint64_t sector, uint32_t count, uint32_t flags)
{
	struct virtio_blk_discard_write_zeroes r = {
		.sector = sector, .num_sectors = count, .flags = flags,
	};

	memcpy(buffer(), &r, sizeof(r));
	return ask(type, 0, sizeof(r));
}

static void test_ranges(void)
{
	const uint32_t discard = VIRTIO_BLK_T_DISCARD;
	const uint32_t zero = VIRTIO_BLK_T_WRITE_ZEROES;
	struct virtio_blk_discard_write_zeroes two[2] = {
		{ .sector = 100, .num_sectors = 1 }, { .sector = 102, .num_sectors = 1 },
	};

	begin();
	ok(range(zero, 16, 16, 0) == OK, "zeroes");
	ok(ask(VIRTIO_BLK_T_IN, 15, 18 * 512) == OK && is_image(buffer(), 15 * 512, 512) &&
	   is_byte(buffer() + 512, 0, 16 * 512) && is_image(buffer() + 17 * 512, 32 * 512, 512),
	   "are where they shall be");
	ok(range(zero, 64, 16, VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP) == OK &&
	   ask(VIRTIO_BLK_T_IN, 64, 8192) == OK && is_byte(buffer(), 0, 8192), "zeroes that give space back");
	memcpy(buffer(), two, sizeof(two));
	ok(ask(zero, 0, sizeof(two)) == OK && ask(VIRTIO_BLK_T_IN, 99, 5 * 512) == OK &&
	   is_image(buffer(), 99 * 512, 512) && is_byte(buffer() + 512, 0, 512) &&
	   is_image(buffer() + 1024, 101 * 512, 512) && is_byte(buffer() + 1536, 0, 512), "two ranges");
	ok(range(discard, 128, 128, 0) == OK, "discard");
	ok(range(discard, 0, 0, 0) == OK && range(zero, 0, 0, 0) == OK, "nothing");
	ok(range(discard, 0, 8, 1) == UNSUPPORTED && range(zero, 0, 8, 2) == UNSUPPORTED &&
	   range(zero, 0, 8, 0xFFFFFFFF) == UNSUPPORTED, "flags that are unknown");
	ok(range(discard, SECTORS, 1, 0) == ERROR && range(zero, SECTORS - 1, 2, 0) == ERROR &&
	   range(zero, UINT64_MAX, 1, 0) == ERROR && range(discard, 1ULL << 55, 8, 0) == ERROR &&
	   range(discard, 0, UINT32_MAX, 0) == ERROR && range(zero, 0, UINT32_MAX, 0) == ERROR,
	   "ranges that are not inside");
	ok(ask(VIRTIO_BLK_T_IN, 0, 512) == OK && is_image(buffer(), 0, 512), "those did nothing");
	driver_detach();
	blk_remove_image();
	blk_make_image();
}

static void test_read_only(void)
{
	blk_config.read_only = true;
	begin();
	driver_write(0, 4, 0);
	ok((driver_read(4, 4) & (1U << VIRTIO_BLK_F_RO | 1U << VIRTIO_BLK_F_DISCARD |
				 1U << VIRTIO_BLK_F_WRITE_ZEROES)) == 1U << VIRTIO_BLK_F_RO,
	   "read-only: the guest is told");
	ok(ask(VIRTIO_BLK_T_OUT, 0, 512) == ERROR && range(VIRTIO_BLK_T_DISCARD, 0, 8, 0) == ERROR &&
	   range(VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, 0) == ERROR, "read-only: refused");
	ok(ask(VIRTIO_BLK_T_IN, 0, 512) == OK && is_image(buffer(), 0, 512) &&
	   ask(VIRTIO_BLK_T_FLUSH, 0, 0) == OK, "read-only: read and flush");
	driver_detach();
	blk_config.read_only = false;
}

/* The driver chooses how a request is cut (2.7.4). */
static void test_framing(void)
{
	struct virtio_blk_outhdr header = { .type = VIRTIO_BLK_T_IN, .sector = 3 };
	uint8_t *at;
	unsigned int i;

	begin();
	memcpy(driver_memory(BLK_HEADER), &header, sizeof(header));
	driver_desc(0, 0, BLK_HEADER, 5, F_NEXT, 1);
	driver_desc(0, 1, BLK_HEADER + 5, 1, F_NEXT, 2);
	driver_desc(0, 2, BLK_HEADER + 6, 10, F_NEXT, 3);
	driver_desc(0, 3, BLK_BUFFER, 1, F_WRITE | F_NEXT, 4);
	driver_desc(0, 4, BLK_BUFFER + 1, 510, F_WRITE | F_NEXT, 5);
	driver_desc(0, 5, BLK_BUFFER + 511, 2, F_WRITE, 0);
	memset(buffer(), 0xEE, 1024);
	answer();
	ok(is_image(buffer(), 3 * 512, 512) && buffer()[512] == OK && buffer()[513] == 0xEE,
	   "a read in six buffers, its status behind the data");

	header.type = VIRTIO_BLK_T_OUT;
	at = driver_memory(BLK_HEADER);
	memcpy(at, &header, sizeof(header));
	memset(at + sizeof(header), 0x77, 512);
	driver_desc(0, 0, BLK_HEADER, sizeof(header) + 512, F_NEXT, 1);
	driver_desc(0, 1, BLK_STATUS, 1, F_WRITE, 0);
	ok(answer() == OK && ask(VIRTIO_BLK_T_IN, 3, 512) == OK && is_byte(buffer(), 0x77, 512),
	   "a write in one buffer");

	header.type = VIRTIO_BLK_T_IN;
	memcpy(at, &header, sizeof(header));
	for (i = 0; i < 5; i++)
		driver_desc_at(0x300000, (uint16_t)(1 + i), BLK_BUFFER + i * 512, 512, F_WRITE | F_NEXT,
			       (uint16_t)(2 + i));
	driver_desc_at(0x300000, 0, BLK_HEADER, sizeof(header), F_NEXT, 1);
	driver_desc_at(0x300000, 6, BLK_STATUS, 1, F_WRITE, 0);
	driver_desc(0, 0, 0x300000, 7 * 16, F_INDIRECT, 0);
	ok(answer() == OK && is_image(buffer() + 512, 4 * 512, 4 * 512), "an indirect read");

	driver_desc(0, 0, BLK_HEADER, 8, F_NEXT, 1);
	driver_desc(0, 1, BLK_STATUS, 1, F_WRITE, 0);
	driver_submit(0, 0);
	driver_kick(0);
	driver_pump();
	ok(driver_status() & 0x40, "a request without a whole header");
	driver_up(0);
	driver_desc(0, 0, BLK_HEADER, 16, 0, 0);
	driver_submit(0, 0);
	driver_kick(0);
	driver_pump();
	ok(driver_status() & 0x40, "a request without a status");
	driver_up(0);
	ok(ask(VIRTIO_BLK_T_IN, 4, 512) == OK, "after a reset all is well");
	driver_detach();
	blk_remove_image();
	blk_make_image();
}

/* More requests than the device has places for. */
static void test_flood(void)
{
	unsigned int i;

	driver_attach(&blk);
	driver_negotiate(1ULL << VIRTIO_RING_F_EVENT_IDX);
	driver_enable(0, 256);
	driver_ok();
	blk_prepare(0, VIRTIO_BLK_T_IN, 0, 262144);
	for (i = 0; i < 256; i++)
		driver_submit(0, 0);
	driver_kick(0);
	ok(driver_wait_used(0, 256), "256 requests at once are answered");
	for (i = 0; i < 256; i++)
		driver_submit(0, 0);
	driver_kick(0);
	driver_pump();
	driver_set_status(0);
	driver_pump();
	ok(driver_status() == 0, "and a reset in the middle of them ends them");
	driver_detach();
}

static void test_flush(void)
{
	unsigned int early = 0;
	unsigned int i;

	begin();
	flush_waits = true;
	blk_prepare(0, VIRTIO_BLK_T_FLUSH, 0, 0);
	driver_submit(0, 0);
	driver_kick(0);
	driver_pump();
	sem_wait(&flush_begins);
	for (i = 0; i < 50; i++) {
		driver_pump();
		early += driver_used(0);
		usleep(1000);
	}
	ok(!early, "a flush is not answered before the host's is done");
	driver_desc(0, 3, BLK_HEADER + 64, 16, F_NEXT, 4);
	driver_desc(0, 4, BLK_BUFFER, 512, F_WRITE | F_NEXT, 5);
	driver_desc(0, 5, BLK_STATUS + 64, 1, F_WRITE, 0);
	driver_submit(0, 3);
	driver_kick(0);
	ok(driver_wait_used(0, 1) && is_image(buffer(), 0, 512) &&
	   *(uint8_t *)driver_memory(BLK_STATUS) == 0xEE, "nor does it hold up a read");
	flush_waits = false;
	sem_post(&flush_goes_on);
	ok(driver_wait_used(0, 2) && *(uint8_t *)driver_memory(BLK_STATUS) == OK, "then it is");
	flush_errno = EIO;
	ok(ask(VIRTIO_BLK_T_FLUSH, 0, 0) == ERROR, "a flush that the host can't do is an error");
	flush_errno = 0;
	driver_detach();
}

/* What a driver without flushes gets told is done. */
static void test_write_through(void)
{
	static const struct {
		const char *name;
		uint32_t type;
		bool changes;
	} kinds[] = {
		{ "write", VIRTIO_BLK_T_OUT, true },
		{ "discard", VIRTIO_BLK_T_DISCARD, true },
		{ "zeroes", VIRTIO_BLK_T_WRITE_ZEROES, true },
		{ "read", VIRTIO_BLK_T_IN, false },
		{ "serial number", VIRTIO_BLK_T_GET_ID, false },
	};
	unsigned int with;
	size_t i;

	for (with = 0; with < 2; with++) {
		driver_attach(&blk);
		driver_up(with ? 1ULL << VIRTIO_BLK_F_FLUSH : 0);
		for (i = 0; i < ARRAY_SIZE(kinds); i++) {
			struct virtio_blk_discard_write_zeroes r = { .sector = 8, .num_sectors = 8 };
			uint32_t bytes = kinds[i].type == VIRTIO_BLK_T_OUT || !kinds[i].changes ? 512 : sizeof(r);
			unsigned int wanted = !with && kinds[i].changes;

			memcpy(buffer(), &r, sizeof(r));
			flushes = 0;
			ok(ask(kinds[i].type, 0, bytes) == OK && flushes == wanted,
			   "%s, %s flushes: %u of the host's before the answer", kinds[i].name,
			   with ? "with" : "without", wanted);
			memcpy(buffer(), &r, sizeof(r));
			flush_errno = EIO;
			ok(ask(kinds[i].type, 0, bytes) == (wanted ? ERROR : OK), "%s, %s flushes: a host that can't is %s",
			   kinds[i].name, with ? "with" : "without", wanted ? "an error" : "not asked");
			flush_errno = 0;
		}
		driver_detach();
	}
	blk_remove_image();
	blk_make_image();
}

static void test_shrunk(void)
{
	begin();
	if (truncate(blk_config.path, 4096))
		abort();
	ok(ask(VIRTIO_BLK_T_IN, 16, 512) == ERROR && ask(VIRTIO_BLK_T_IN, 7, 1024) == ERROR &&
	   ask(VIRTIO_BLK_T_IN, 0, 4096) == OK, "an image that became shorter");
	driver_detach();
	blk_remove_image();
	blk_make_image();
}

#define LARGE_PIECES	250U
#define LARGE_PIECE	((1U << 20) - 4096)

/* 249 MiB, much more than what a reset waits for. */
static void prepare_large(void)
{
	struct virtio_blk_outhdr header = { .type = VIRTIO_BLK_T_IN };
	uint16_t i;

	memcpy(driver_memory(BLK_HEADER), &header, sizeof(header));
	*(uint8_t *)driver_memory(BLK_STATUS) = 0xEE;
	driver_desc(0, 0, BLK_HEADER, sizeof(header), F_NEXT, 1);
	for (i = 1; i <= LARGE_PIECES; i++)
		driver_desc(0, i, DRIVER_DATA + 0x100000, LARGE_PIECE, F_WRITE | F_NEXT, (uint16_t)(i + 1));
	driver_desc(0, i, BLK_STATUS, 1, F_WRITE, 0);
}

static void test_large(void)
{
	unsigned int before;

	if (truncate(blk_config.path, (off_t)LARGE_PIECES * LARGE_PIECE))
		abort();
	driver_attach(&blk);
	driver_negotiate(0);
	driver_enable(0, 256);
	driver_ok();
	reads = 0;
	most_read = 0;
	prepare_large();
	ok(answer() == OK && driver_used_length(0, 0) == LARGE_PIECES * LARGE_PIECE + 1, "249 MiB in one request");
	ok(most_read == 4 << 20 && reads == 63, "the host gets them in %u pieces of at most %zu bytes", reads,
	   most_read);
	reads_slowly = true;
	reads = 0;
	prepare_large();
	driver_submit(0, 0);
	driver_kick(0);
	driver_pump();
	while (!__atomic_load_n(&reads, __ATOMIC_SEQ_CST))
		usleep(1000);
	driver_set_status(0);
	driver_pump();
	before = __atomic_load_n(&reads, __ATOMIC_SEQ_CST);
	ok(driver_status() == 0 && before < 60, "a reset does not wait for all of them");
	reads_slowly = false;
	usleep(50000);
	ok(__atomic_load_n(&reads, __ATOMIC_SEQ_CST) == before, "and nothing is read after it");
	driver_up(0);
	ok(ask(VIRTIO_BLK_T_IN, 0, 4096) == OK && is_image(buffer(), 0, 4096), "then all is well");
	driver_detach();
	blk_remove_image();
	blk_make_image();
}

/* A disk of 4 KiB blocks. */
static struct virtio_device *coarse_create(const struct virtio_machine *machine)
{
	struct disk disk;
	char text[256];

	if (disk_open(&disk, &blk_config, text, sizeof(text)))
		abort();
	disk.block_bytes = 4096;
	return virtio_blk_create(machine, &disk, NULL, 1);
}

static void test_coarse(void)
{
	const struct driver_device coarse = { "coarse", coarse_create, 0, blk_request, ANSWERED, 0 };

	driver_attach(&coarse);
	driver_negotiate(0);
	ok(!(driver_status() & VIRTIO_CONFIG_S_FEATURES_OK), "4 KiB blocks: not for a driver that knows sectors alone");
	driver_up(1ULL << VIRTIO_BLK_F_BLK_SIZE);
	ok(driver_status() == ALIVE && driver_read(0x1000 + offsetof(struct virtio_blk_config, blk_size), 4) == 4096 &&
	   ask(VIRTIO_BLK_T_IN, 8, 4096) == OK && is_image(buffer(), 4096, 4096), "one that asks gets them");
	ok(ask(VIRTIO_BLK_T_IN, 9, 512) == ERROR, "and no parts of them");
	driver_detach();
}

static void test_direct(void)
{
	struct disk disk;
	char err[256] = "";
	unsigned int odd;

	blk_config.direct = true;
	if (disk_open(&disk, &blk_config, err, sizeof(err))) {
		tap_skip("direct I/O", err);
		blk_config.direct = false;
		return;
	}
	disk_close(&disk);
	begin();
	for (odd = 0; odd < 2; odd++) {
		struct virtio_blk_outhdr header = { .type = VIRTIO_BLK_T_IN, .sector = 8 };

		memset(buffer(), 0xEE, 16384);
		blk_prepare(0, VIRTIO_BLK_T_IN, 8, 8192);
		memcpy(driver_memory(BLK_HEADER), &header, sizeof(header));
		driver_desc(0, 1, BLK_BUFFER + odd, 8192, F_WRITE | F_NEXT, 2);
		ok(answer() == OK && is_image(buffer() + odd, 4096, 8192) && buffer()[8192 + odd] == 0xEE,
		   "direct: read into %s buffer", odd ? "an odd" : "an aligned");
		memset(buffer(), (int)(0x10 + odd), 8192);
		blk_prepare(0, VIRTIO_BLK_T_OUT, 64, 4096);
		driver_desc(0, 1, BLK_BUFFER + odd, 4096, F_NEXT, 2);
		ok(answer() == OK && ask(VIRTIO_BLK_T_IN, 64, 4096) == OK && is_byte(buffer(), (uint8_t)(0x10 + odd), 4096),
		   "direct: write from it");
	}
	driver_detach();
	blk_config.direct = false;
	blk_remove_image();
	blk_make_image();
}

static void refused(const char *path, bool read_only, int error, const char *text)
{
	const struct vmm_disk config = { .path = path, .read_only = read_only };
	struct disk disk;
	char err[512] = "";
	int ret = disk_open(&disk, &config, err, sizeof(err));

	ok(ret == -1 && errno == error && strstr(err, text) && strstr(err, "\nhint: ") && disk.fd == -1,
	   "refused: %s", err);
	if (!ret)
		disk_close(&disk);
}

static void test_open(void)
{
	const struct vmm_disk shared = { .path = blk_config.path, .read_only = true };
	struct disk first;
	struct disk second;
	char err[512];

	refused("/nonexistent/image", false, EINVAL, "disk /nonexistent/image: cannot be opened: No such file");
	refused("/tmp", true, EINVAL, "neither a file nor a block device");
	refused("/tmp", false, EINVAL, "cannot be opened: Is a directory");
	refused("/dev/null", false, EINVAL, "neither a file nor a block device");
	ok(!disk_open(&first, &blk_config, err, sizeof(err)) && first.bytes == BLK_BYTES &&
	   first.block_bytes == 512 && first.buffer_alignment == 1, "an image is opened");
	refused(blk_config.path, false, EBUSY, "in use by another domain");
	refused(blk_config.path, true, EBUSY, "in use by another domain");
	disk_close(&first);
	ok(!disk_open(&first, &shared, err, sizeof(err)) && !disk_open(&second, &shared, err, sizeof(err)),
	   "two share it for reading");
	refused(blk_config.path, false, EBUSY, "if all say \",ro\"");
	disk_close(&first);
	disk_close(&second);
	if (truncate(blk_config.path, 1000))
		abort();
	refused(blk_config.path, false, EINVAL, "1000 bytes are not a whole number of blocks of 512");
	if (truncate(blk_config.path, 0))
		abort();
	refused(blk_config.path, false, EINVAL, "0 bytes are not");
	if (geteuid()) {
		chmod(blk_config.path, 0400);
		refused(blk_config.path, false, EACCES, "no permission to write");
	}
	blk_remove_image();
	blk_make_image();
}

int main(void)
{
	sem_init(&flush_begins, 0, 0);
	sem_init(&flush_goes_on, 0, 0);
	blk_make_image();
	test_open();
	test_requests();
	test_write();
	test_serial();
	test_ranges();
	test_read_only();
	test_framing();
	test_flood();
	test_flush();
	test_write_through();
	test_shrunk();
	test_large();
	test_direct();
	test_coarse();
	blk_remove_image();
	return tap_done();
}
