// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disks of another process: of one that is right, of many that are not, and of
 * qemu-storage-daemon where there is one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_pci.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "back_end_cases.h"
#include "blk_driver.h"
#include "driver.h"
#include "fake_back_end.h"
#include "paging.h"
#include "tap.h"
#include "virtio_blk_user.h"

#define CONFIG	0x1000	/* of the device, in its BAR */
#define BIT(n)	(1ULL << (n))

static const char *path;
static char err[512];

static struct virtio_device *try(const struct virtio_machine *machine)
{
	return virtio_blk_user_create(machine, path, err, sizeof(err));
}

static struct virtio_device *create(const struct virtio_machine *machine)
{
	struct virtio_device *device = try(machine);

	if (!device) {
		printf("# %s\n", err);
		abort();
	}
	return device;
}

static const struct driver_device disk = { "vhost-user", create, 0, blk_request, ANSWERED, 0 };

/* Until the device has failed, at most 10 seconds. */
static bool fails(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	unsigned int i;

	for (i = 0; i < 10000 && !(driver_status() & NEEDS_RESET); i++) {
		driver_pump();
		nanosleep(&pause, NULL);
	}
	return driver_status() & NEEDS_RESET;
}

static void test_right(void)
{
	back_end_start(BACK_END_DISK, WRONG_NOTHING, 0);
	path = back_end.path;
	driver_attach(&disk);
	ok(back_end.regions == 1 && back_end.memory_is_ours, "the back end maps the memory");
	ok(back_end.size_is_sealed, "and can't change its size");
	ok(driver_read(CONFIG, 8) == 2048 && driver_read(CONFIG + 34, 2) == 1, "its configuration, with one queue");
	ok(!(driver.device->shape.features & BIT(VIRTIO_BLK_F_MQ)) &&
	   driver.device->shape.features & BIT(VIRTIO_BLK_F_FLUSH), "and its features");
	driver_up(0);
	ok(back_end.running && !(back_end.features & BIT(VIRTIO_BLK_F_MQ)), "it runs when the driver is ready");
	driver.message_count = 0;
	ok(driver_works(&disk) && *(uint8_t *)driver_memory(BLK_STATUS) == VIRTIO_BLK_S_OK &&
	   *(uint8_t *)driver_memory(BLK_BUFFER) == 0x5A && driver.message_count == 1, "a request");
	driver_write(VIRTIO_PCI_COMMON_Q_SELECT, 2, 0);
	driver_write(VIRTIO_PCI_COMMON_Q_MSIX, 2, 0);
	driver_pump();
	driver.message_count = 0;
	ok(driver_works(&disk) && driver.message_count == 1 && driver.messages[0] == 0x40,
	   "its interrupt by another vector");
	driver_set_status(0);
	driver_pump();
	ok(!back_end.running && back_end.stops == 1 && driver_status() == 0, "a reset stops it");
	driver_up(0);
	ok(driver_works(&disk) && back_end.served == 3, "and it serves again");
	driver_desc(0, 0, 0xC0000000, 16, F_NEXT, 1);
	driver_submit(0, 0);
	driver_kick(0);
	ok(fails(), "a ring that it can't follow is the end: the device has failed");
	driver_detach();
	back_end_stop();
}

/* What is wrong when a device is made: there is none, and a message. */
static const struct back_end_case unmade[] = {
	{ "goes at once", WRONG_GOES, 1, "the back end has gone" },
	{ "goes in an answer", WRONG_GOES_AFTER_HALF, 1, "the back end has gone" },
	{ "answers another request", WRONG_REQUEST, 1, "what it was not asked" },
	{ "sends no answer but a request", WRONG_NO_REPLY, 1, "what it was not asked" },
	{ "has another version", WRONG_VERSION, 1, "what it was not asked" },
	{ "answers with nothing", WRONG_SHORT, 1, "what it was not asked" },
	{ "answers with too much", WRONG_LONG, 1, "what it was not asked" },
	{ "answers with 4 GiB", WRONG_HUGE, 1, "what it was not asked" },
	{ "has no features", WRONG_VALUE, 1, "no protocol features" },
	{ "has no protocol features", WRONG_VALUE, 15, "does not tell a configuration" },
	{ "goes at the protocol features", WRONG_GOES, 15, "the back end has gone" },
	{ "goes at the configuration", WRONG_GOES, 24, "the back end has gone" },
	{ "has a configuration of nothing", WRONG_SHORT, 24, "what it was not asked" },
	{ "has a configuration that is too long", WRONG_LONG, 24, "what it was not asked" },
	{ "has a configuration elsewhere", WRONG_VALUE, 24, "another configuration" },
	{ "refuses the memory", WRONG_VALUE, 5, "the back end refuses" },
	{ "goes with the memory", WRONG_GOES, 5, "the back end has gone" },
	{ "says nothing", WRONG_SILENT, 1, "does not answer" },
};

static void test_unmade(void)
{
	const struct virtio_machine machine = { .memory = &driver.memory };
	struct virtio_device *device;

	path = back_end.path;
	back_end_unmade(BACK_END_DISK, unmade, sizeof(unmade) / sizeof(unmade[0]), try, err,
			"disk vhost-user:/tmp/back_end.");
	path = "/nowhere/socket";
	device = try(&machine);
	ok(!device && errno == EINVAL && strstr(err, "cannot connect: No such file"), "no socket");
	path = back_end.path;
	close(creat(path, 0600));
	device = try(&machine);
	ok(!device && errno == EINVAL && strstr(err, "nobody listens"), "a file that is none");
	unlink(path);
}

/* What is wrong when the driver is ready, or goes away. */
static const struct {
	const char *name;
	enum wrong wrong;
	uint32_t at;
} unready[] = {
	{ "refuses features", WRONG_VALUE, 2 },
	{ "refuses a size", WRONG_VALUE, 8 },
	{ "refuses addresses", WRONG_VALUE, 9 },
	{ "refuses an index", WRONG_VALUE, 10 },
	{ "refuses a doorbell", WRONG_VALUE, 12 },
	{ "refuses an interrupt", WRONG_VALUE, 13 },
	{ "refuses to begin", WRONG_VALUE, 18 },
	{ "goes at a size", WRONG_GOES, 8 },
	{ "goes in the middle of an answer", WRONG_GOES_AFTER_HALF, 9 },
	{ "answers 4 GiB", WRONG_HUGE, 9 },
	{ "goes at the end", WRONG_GOES, 11 },
	{ "answers nothing at the end", WRONG_SHORT, 11 },
};

static void test_unready(void)
{
	size_t i;

	for (i = 0; i < sizeof(unready) / sizeof(unready[0]); i++) {
		bool good;

		back_end_start(BACK_END_DISK, unready[i].wrong, unready[i].at);
		path = back_end.path;
		driver_attach(&disk);
		driver_up(0);
		/* The end alone is reached by one that works. */
		if (unready[i].at == 11)
			good = driver_works(&disk);
		else
			good = fails();
		driver_set_status(0);
		driver_pump();
		good = good && driver_status() == 0;
		driver_up(0);
		ok(fails() && good && driver.device->error, "a back end that %s: %s", unready[i].name,
		   driver.device->error);
		driver_detach();
		back_end_stop();
	}
}

static void test_gone(void)
{
	back_end_start(BACK_END_DISK, WRONG_NOTHING, 0);
	path = back_end.path;
	driver_attach(&disk);
	driver_up(0);
	driver.message_count = 0;
	back_end_speak();
	ok(fails() && driver.message_count == 1 && driver.messages[0] == 0x40, "one that speaks out of turn");
	driver_detach();
	back_end_stop();
	back_end_start(BACK_END_DISK, WRONG_NOTHING, 0);
	driver_attach(&disk);
	driver_up(0);
	check(driver_works(&disk));
	back_end_stop();
	driver.message_count = 0;
	ok(fails() && driver.message_count == 1, "one that dies: the device has failed");
	blk_request(0);
	driver_submit(0, 0);
	driver_kick(0);
	driver_pump();
	driver_up(0);
	ok(driver_status() == (ALIVE | NEEDS_RESET) && strstr(driver.device->error, "gone"),
	   "a reset does not bring it back: %s", driver.device->error);
	driver_detach();
}

/* The real one, with an image of a format that we do not know. */
static pid_t start_daemon(const char *image, const char *socket)
{
	char node[256], export[256], overlay[256];
	struct timespec pause = { .tv_nsec = 10000000 };
	unsigned int i;
	pid_t pid;

	snprintf(node, sizeof(node), "driver=file,node-name=file,filename=%s", image);
	snprintf(overlay, sizeof(overlay), "driver=%s,node-name=disk,file=file", "raw");
	snprintf(export, sizeof(export),
		 "type=vhost-user-blk,id=e,node-name=disk,writable=on,addr.type=unix,addr.path=%s", socket);
	pid = fork();
	if (!pid) {
		execlp("qemu-storage-daemon", "qemu-storage-daemon", "--blockdev", node, "--blockdev",
		       overlay, "--export", export, NULL);
		_exit(127);
	}
	for (i = 0; i < 1000 && access(socket, F_OK) && waitpid(pid, NULL, WNOHANG) != pid; i++)
		nanosleep(&pause, NULL);
	return pid;
}

static void test_daemon(void)
{
	char image[] = "/tmp/test_image.XXXXXX", socket[64];
	uint8_t byte = 0;
	pid_t pid;
	int fd;

	if (system("qemu-storage-daemon --version >/dev/null 2>&1")) {
		tap_skip("qemu-storage-daemon", "it is not installed (package qemu-system-common)");
		return;
	}
	fd = mkstemp(image);
	check(fd >= 0 && !ftruncate(fd, 1 << 20));
	snprintf(socket, sizeof(socket), "%s.socket", image);
	pid = start_daemon(image, socket);
	path = socket;
	driver_kernel = NULL;
	driver_attach(&disk);
	ok(driver_read(CONFIG, 8) == 2048, "qemu-storage-daemon: capacity");
	driver_up(0);
	memset(driver_memory(BLK_BUFFER), 0x77, 512);
	blk_prepare(0, VIRTIO_BLK_T_OUT, 5, 512);
	driver_submit(0, 0);
	driver_kick(0);
	ok(driver_wait_used(0, 1) && *(uint8_t *)driver_memory(BLK_STATUS) == VIRTIO_BLK_S_OK &&
	   pread(fd, &byte, 1, 5 * 512 + 511) == 1 && byte == 0x77, "a sector is written");
	driver_set_status(0);
	driver_pump();
	driver_up(0);
	memset(driver_memory(BLK_BUFFER), 0, 512);
	blk_prepare(0, VIRTIO_BLK_T_IN, 5, 512);
	driver_submit(0, 0);
	driver_kick(0);
	ok(driver_wait_used(0, 1) && *(uint8_t *)driver_memory(BLK_BUFFER) == 0x77, "and read after a reset");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(fails(), "killed: the device has failed");
	driver_detach();
	close(fd);
	unlink(image);
	unlink(socket);
}

static void test_memory_shared(void)
{
	const uint64_t bytes = (3ULL << 30) + (64 << 20);
	struct guest_memory memory;
	struct stat st;
	uint8_t *low, *high;

	check(!guest_memory_alloc(&memory, bytes) && !guest_memory_share(&memory));
	ok(!((uintptr_t)memory.range[0].host & 0x1FFFFF) && memory.ranges == 2,
	   "shared memory on 2 MiB borders");
	low = guest_pointer(&memory, 0x5000, 4096);
	high = guest_pointer(&memory, 4ULL << 30, 4096);
	low[7] = 1;
	high[4095] = 2;
	guest_clear(&memory);
	ok(!low[7] && !high[4095], "is cleared");
	fstat(memory.fd, &st);
	ok(st.st_blocks <= 2 * 2048 * 2, "where it was touched: %ld KiB are there", (long)st.st_blocks / 2);
	guest_memory_free(&memory);
}

int main(void)
{
	driver_shares = true;
	driver_kernel = back_end_run;
	test_memory_shared();
	test_right();
	test_unmade();
	test_unready();
	test_gone();
	test_daemon();
	return tap_done();
}
