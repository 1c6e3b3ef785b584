// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories that another process serves: of one that is right, of some that are
 * not, and of one that goes away, before, while and after a guest waits for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "back_end_cases.h"
#include "compiler.h"
#include "driver.h"
#include "fake_back_end.h"
#include "fs_driver.h"
#include "malformed.h"
#include "paging.h"
#include "tap.h"
#include "virtio_fs.h"

#define CONFIG	0x1000	/* of the device, in its BAR */

static const char *tag;
static unsigned int losses;
static char loss[256];

static void lost(void *ctx, const char *text)
{
	(void)ctx;
	losses++;
	snprintf(loss, sizeof(loss), "%s", text);
}

static struct virtio_device *create(const struct virtio_machine *machine)
{
	const struct vmm_fs fs = { .tag = tag, .socket = back_end.path };
	struct virtio_machine with = *machine;
	struct virtio_device *device;

	with.lost = lost;
	losses = 0;
	device = virtio_fs_create(&with, &fs, fs_error, sizeof(fs_error));
	if (!device) {
		printf("# %s\n", fs_error);
		abort();
	}
	return device;
}

static const struct driver_device fs = { "fs", create, FS_REQUEST, fs_request, ANSWERED, 0 };
static const struct driver_device forgets = { "fs, forgets", create, FS_FORGET, fs_forget_request, ANSWERED, 0 };

static void start(enum wrong wrong, uint32_t at)
{
	back_end_start(BACK_END_FS, wrong, at);
	driver_attach(&fs);
}

/* Until the worker knows, at most 10 seconds. */
static bool is_lost(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	unsigned int i;

	for (i = 0; i < 10000 && !losses; i++) {
		driver_pump();
		nanosleep(&pause, NULL);
	}
	driver_pump();
	return losses == 1;
}

/* A request and a FORGET, and how the first is answered. */
static bool all_get(int error)
{
	const struct fuse_out_header *answer = fs_answer(0);
	uint16_t forgotten = (uint16_t)(driver_used(FS_FORGET) + 1);
	bool good = driver_works(&fs) && answer->unique == FS_UNIQUE && answer->error == error &&
		answer->len == sizeof(*answer) && driver_used_length(FS_REQUEST, (uint16_t)
		(driver_used(FS_REQUEST) - 1)) == sizeof(*answer);

	return driver_works(&forgets) && good && driver_used(FS_FORGET) == forgotten &&
	       driver_used_length(FS_FORGET, (uint16_t)(forgotten - 1)) == 0;
}

static void test_right(void)
{
	char config[VMM_FS_TAG_MAX];
	unsigned int i;

	tag = "data";
	start(WRONG_NOTHING, 0);
	ok(back_end.regions == 1 && back_end.memory_is_ours && back_end.size_is_sealed,
	   "the back end maps the memory, and can't change its size");
	for (i = 0; i < sizeof(config); i++)
		config[i] = (char)driver_read(CONFIG + i, 1);
	ok(!memcmp(config, "data", 5) && !config[VMM_FS_TAG_MAX - 1] && driver_read(CONFIG + 36, 4) == 1,
	   "a tag, with zeros behind it, and one queue for requests");
	driver_up(0);
	ok(back_end.running == 2, "both queues run when the driver is ready");
	driver.message_count = 0;
	ok(all_get(0) && driver.message_count == 2 && back_end.served == 2, "a request and a FORGET");
	driver_set_status(0);
	driver_pump();
	ok(!back_end.running && back_end.stops == 2 && driver_status() == 0, "a reset stops both");
	driver_up(EVENT_IDX | INDIRECT);
	ok(all_get(0) && back_end.served == 4 && !losses, "and it serves again");
	driver_detach();
	back_end_stop();

	tag = "123456789012345678901234567890123456";
	start(WRONG_NOTHING, 0);
	for (i = 0; i < sizeof(config); i++)
		config[i] = (char)driver_read(CONFIG + i, 1);
	ok(!memcmp(config, tag, sizeof(config)), "a tag of 36 bytes");
	driver_detach();
	back_end_stop();
	tag = "data";
}

static void test_gone(uint64_t features)
{
	start(WRONG_NOTHING, 0);
	driver_up(features);
	check(all_get(0));
	back_end_stop();
	ok(is_lost() && strstr(loss, "fs /tmp/back_end.") && strstr(loss, ": virtiofsd has gone"),
	   "it dies: %s", loss);
	ok(driver_status() == ALIVE && all_get(-ENOTCONN), "the guest gets errors");
	driver_set_status(0);
	driver_pump();
	driver_up(features);
	ok(driver_status() == ALIVE && all_get(-ENOTCONN) && losses == 1, "after a reset too");
	driver_desc(FS_REQUEST, 0, DRIVER_DATA, sizeof(struct fuse_in_header) - 1, 0, 0);
	driver_submit(FS_REQUEST, 0);
	driver_kick(FS_REQUEST);
	driver_pump();
	ok(driver_status() & NEEDS_RESET && strstr(driver.device->error, "without a header"),
	   "a request without a header");
	driver_detach();
}

/* It has answered one of three when it dies, and maybe not said so. */
static void test_in_flight(uint64_t features, bool mute)
{
	uint16_t i;
	bool good;

	start(WRONG_NOTHING, 0);
	driver_up(features);
	back_end.most = 1;
	back_end.mute = mute;
	for (i = 0; i < 3; i++) {
		fs_prepare(FS_REQUEST, (uint16_t)(2 * i), FS_UNIQUE + i);
		driver_submit(FS_REQUEST, (uint16_t)(2 * i));
	}
	driver.message_count = 0;
	driver_kick(FS_REQUEST);
	driver_pump();
	good = back_end.served == 1 && driver_used(FS_REQUEST) == 1 && driver.message_count == !mute;
	driver.message_count = 0;
	back_end_stop();
	good = is_lost() && good && driver_used(FS_REQUEST) == 3 && driver.message_count;
	for (i = 0; i < 3; i++)
		good = good && fs_answer((uint16_t)(2 * i))->unique == FS_UNIQUE + i &&
		       fs_answer((uint16_t)(2 * i))->error == (i ? -ENOTCONN : 0);
	ok(good && all_get(-ENOTCONN), "it dies with requests, %s: those get errors, and an interrupt",
	   mute ? "and has not told of the answer to another" : "another answered");
	driver_detach();
}

/* All answered and nothing told. */
static void test_untold(uint64_t features)
{
	start(WRONG_NOTHING, 0);
	driver_up(features);
	back_end.mute = true;
	driver.message_count = 0;
	check(driver_works(&fs) && !driver.message_count);
	back_end_stop();
	ok(is_lost() && driver.message_count, "it dies before an interrupt: the guest gets one");
	driver_detach();
}

static const struct back_end_case unmade[] = {
	{ "goes at once", WRONG_GOES, 1, "the back end has gone" },
	{ "has no features", WRONG_VALUE, 1, "no protocol features" },
	{ "answers with 4 GiB", WRONG_HUGE, 15, "what it was not asked" },
	{ "refuses the memory", WRONG_VALUE, 5, "the back end refuses" },
};

static void test_unmade(void)
{
	const struct virtio_machine machine = { .memory = &driver.memory };
	struct virtio_device *device;

	back_end_unmade(BACK_END_FS, unmade, ARRAY_SIZE(unmade), fs_try, fs_error, "fs /tmp/back_end.");
	device = fs_try(&machine);
	ok(!device && errno == EINVAL && strstr(fs_error, "cannot connect: No such file"), "no socket");
}

static const struct {
	const char *name;
	enum wrong wrong;
	uint32_t at;
} unready[] = {
	{ "refuses features", WRONG_VALUE, 2 },
	{ "refuses addresses", WRONG_VALUE, 9 },
	{ "refuses to begin", WRONG_VALUE, 18 },
	{ "goes in the middle of an answer", WRONG_GOES_AFTER_HALF, 9 },
};

static void test_unready(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unready); i++) {
		start(unready[i].wrong, unready[i].at);
		driver_up(0);
		ok(is_lost() && driver_status() == ALIVE && all_get(-ENOTCONN), "a back end that %s: %s",
		   unready[i].name, loss);
		driver_detach();
		back_end_stop();
	}
	start(WRONG_NOTHING, 0);
	driver_up(0);
	back_end_speak();
	ok(is_lost() && all_get(-ENOTCONN), "one that speaks out of turn");
	driver_detach();
	back_end_stop();
}

/* A back end that can't follow a ring goes, and then we can't. */
static void test_malformed(void)
{
	size_t i;

	for (i = 0; i < malformed_count; i++) {
		bool good;

		start(WRONG_NOTHING, 0);
		driver_up(malformed[i].features);
		good = driver_works(&fs);
		fs_request(FS_REQUEST);
		malformed[i].make(FS_REQUEST);
		driver.message_count = 0;
		driver_kick(FS_REQUEST);
		good = is_lost() && good && driver_status() == (ALIVE | NEEDS_RESET) && driver.device->error;
		driver_set_status(0);
		driver_pump();
		driver_up(malformed[i].features);
		ok(good && all_get(-ENOTCONN), "%s: has failed, and gives errors after a reset", malformed[i].name);
		driver_detach();
		back_end_stop();
	}
}

/* The real one, in Debian 12 and later. */
static const char *const programs[] = { "/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd" };

static const char *find_program(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		if (!access(programs[i], X_OK))
			return programs[i];
	}
	return NULL;
}

static pid_t start_daemon(const char *program, const char *directory, const char *socket)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	char socket_option[96], source[96];
	unsigned int i;
	pid_t pid;

	snprintf(socket_option, sizeof(socket_option), "--socket-path=%s", socket);
	snprintf(source, sizeof(source), "source=%s", directory);
	pid = fork();
	if (!pid) {
		execl(program, program, socket_option, "-o", source, "-o", "sandbox=chroot",
		      "-o", "log_level=err", NULL);
		_exit(127);
	}
	for (i = 0; i < 1000 && access(socket, F_OK) && waitpid(pid, NULL, WNOHANG) != pid; i++)
		nanosleep(&pause, NULL);
	return pid;
}

/* A request of @bytes with room for an answer of so many behind its header. */
static const void *ask(uint32_t opcode, uint64_t node, const void *body, uint32_t bytes, uint32_t room)
{
	struct fuse_in_header in = {
		.len = (uint32_t)sizeof(in) + bytes,
		.opcode = opcode,
		.unique = FS_UNIQUE,
		.nodeid = node,
	};
	struct fuse_out_header *out = driver_memory(DRIVER_DATA + 0x1000);
	uint16_t used = driver_used(FS_REQUEST);

	memcpy(driver_memory(DRIVER_DATA), &in, sizeof(in));
	memcpy(driver_memory(DRIVER_DATA + sizeof(in)), body, bytes);
	memset(out, 0, sizeof(*out));
	driver_desc(FS_REQUEST, 0, DRIVER_DATA, in.len, F_NEXT, 1);
	driver_desc(FS_REQUEST, 1, DRIVER_DATA + 0x1000, (uint32_t)sizeof(*out) + room, F_WRITE, 0);
	driver_submit(FS_REQUEST, 0);
	driver_kick(FS_REQUEST);
	if (!driver_wait_used(FS_REQUEST, (uint16_t)(used + 1)) || out->unique != FS_UNIQUE || out->error)
		return NULL;
	return out + 1;
}

static bool has_file(void)
{
	const struct fuse_init_in init = { .major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION };
	const struct fuse_entry_out *entry;

	if (!ask(FUSE_INIT, 0, &init, sizeof(init), sizeof(struct fuse_init_out)))
		return false;
	entry = ask(FUSE_LOOKUP, FUSE_ROOT_ID, "file", 5, sizeof(*entry));
	return entry && entry->attr.size == 5;
}

static void test_daemon(void)
{
	char directory[] = "/tmp/test_fs.XXXXXX", file[64], socket[64];
	const char *program = find_program();
	pid_t pid;
	int fd;

	if (!program || geteuid()) {
		tap_skip("virtiofsd", program ? "it wants root" :
			 "it is not installed (package qemu-system-common, in later suites virtiofsd)");
		return;
	}
	check(mkdtemp(directory));
	snprintf(file, sizeof(file), "%s/file", directory);
	snprintf(socket, sizeof(socket), "%s.socket", directory);
	fd = creat(file, 0600);
	check(write(fd, "12345", 5) == 5 && !close(fd));
	pid = start_daemon(program, directory, socket);
	driver_kernel = NULL;
	snprintf(back_end.path, sizeof(back_end.path), "%s", socket);
	driver_attach(&fs);
	driver_up(0);
	ok(has_file(), "virtiofsd: a file of 5 bytes");
	driver_set_status(0);
	driver_pump();
	driver_up(EVENT_IDX | INDIRECT);
	ok(has_file(), "and after a reset");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(is_lost() && driver_status() == ALIVE && all_get(-ENOTCONN), "killed: errors");
	driver_detach();
	unlink(file);
	unlink(socket);
	rmdir(directory);
}

int main(void)
{
	static const uint64_t features[] = { 0, EVENT_IDX };
	size_t i;

	driver_shares = true;
	driver_kernel = back_end_run;
	test_right();
	for (i = 0; i < ARRAY_SIZE(features); i++) {
		test_gone(features[i]);
		test_in_flight(features[i], false);
		test_in_flight(features[i], true);
		test_untold(features[i]);
	}
	test_unmade();
	test_unready();
	test_malformed();
	test_daemon();
	return tap_done();
}
