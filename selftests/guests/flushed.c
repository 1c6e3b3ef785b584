// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes to a file system, flushes, and says what it knows to be flushed; after
 * its domain was destroyed, a next one says whether that is there.
 *
 *	flushed DIRECTORY check LAST...		one number a thread, 0 for nothing yet
 *	flushed DIRECTORY write LAST...
 *
 * Steps have numbers, and each kind its own way to the disk. The content of all
 * that is written follows from thread, step and offset.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS_MAX	8
#define KEEP		64	/* files and slots of so many steps */
#define UNHEARD		16	/* steps that were done, but nobody was told */
#define SLOT		4096
#define FILE_MAX	65536

static const char *directory;

/**
 * struct writer - a thread, which has a directory of its own
 * @thread: the thread
 * @number: of the thread
 * @last: its last step that is known to be flushed
 * @dir: its directory
 * @buffer: what is written, or read
 * @wrong: how many things are not as they should be
 */
struct writer {
	pthread_t thread;
	unsigned int number;
	uint32_t last;
	int dir;
	uint32_t *buffer;
	unsigned int wrong;
};

static void die(const char *what)
{
	printf("FLUSHED-FAILED: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t word(const struct writer *w, uint32_t step, uint32_t index)
{
	return (w->number << 24 ^ step) * 2654435761u + index * 40503u;
}

static void fill(struct writer *w, uint32_t step, size_t bytes)
{
	for (uint32_t i = 0; i < bytes / 4; i++)
		w->buffer[i] = word(w, step, i);
}

static bool is_filled(const struct writer *w, uint32_t step, size_t bytes)
{
	for (uint32_t i = 0; i < bytes / 4; i++)
		if (w->buffer[i] != word(w, step, i))
			return false;
	return true;
}

static void wrong(struct writer *w, uint32_t step, const char *what)
{
	printf("wrong: thread %u step %u: %s\n", w->number, step, what);
	w->wrong++;
}

static int open_in(struct writer *w, const char *name, int flags)
{
	return openat(w->dir, name, flags | O_CLOEXEC, 0600);
}

static void write_at(int fd, const void *from, size_t bytes, off_t offset)
{
	if (pwrite(fd, from, bytes, offset) != (ssize_t)bytes)
		die("write");
}

static bool read_at(int fd, void *to, size_t bytes, off_t offset)
{
	return pread(fd, to, bytes, offset) == (ssize_t)bytes;
}

/* A new file: its blocks, its inode and its name in the directory. */
static size_t file_bytes(uint32_t step)
{
	return 4 + step * 2654435761u % FILE_MAX / 4 * 4;
}

static void file_write(struct writer *w, uint32_t step)
{
	char name[16], old[16];
	int fd;

	snprintf(name, sizeof(name), "f%u", step);
	snprintf(old, sizeof(old), "f%u", step - KEEP);
	fill(w, step, file_bytes(step));
	fd = open_in(w, name, O_CREAT | O_TRUNC | O_WRONLY);
	if (fd < 0)
		die("creating a file");
	write_at(fd, w->buffer, file_bytes(step), 0);
	if (fsync(fd) || fsync(w->dir))
		die("fsync");
	close(fd);
	if (step > KEEP)
		unlinkat(w->dir, old, 0);
}

static void file_check(struct writer *w, uint32_t step)
{
	struct stat st;
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "f%u", step);
	fd = open_in(w, name, O_RDONLY);
	if (fd < 0) {
		wrong(w, step, "a file is missing");
		return;
	}
	if (fstat(fd, &st) || (size_t)st.st_size != file_bytes(step))
		wrong(w, step, "size of a file");
	else if (!read_at(fd, w->buffer, file_bytes(step), 0) || !is_filled(w, step, file_bytes(step)))
		wrong(w, step, "content of a file");
	close(fd);
}

/* A log that grows: its size is flushed with its data. */
static void log_write(struct writer *w, uint32_t step)
{
	int fd = open_in(w, "log", O_CREAT | O_WRONLY);

	if (fd < 0)
		die("opening the log");
	fill(w, step, 512);
	write_at(fd, w->buffer, 512, step / 4 * 512);
	if (fdatasync(fd))
		die("fdatasync");
	close(fd);
}

static void log_check(struct writer *w, uint32_t step)
{
	int fd = open_in(w, "log", O_RDONLY);

	if (fd < 0 || !read_at(fd, w->buffer, 512, step / 4 * 512) || !is_filled(w, step, 512))
		wrong(w, step, "a record of the log");
	close(fd);
}

/* A file that takes another's place is the old one or the new one, and whole. */
static void rename_write(struct writer *w, uint32_t step)
{
	int fd = open_in(w, "new", O_CREAT | O_TRUNC | O_WRONLY);

	if (fd < 0)
		die("creating a file");
	fill(w, step, 8192);
	w->buffer[0] = step;
	write_at(fd, w->buffer, 8192, 0);
	if (fsync(fd) || renameat(w->dir, "new", w->dir, "state") || fsync(w->dir))
		die("rename");
	close(fd);
}

static void rename_check(struct writer *w, uint32_t step)
{
	int fd = open_in(w, "state", O_RDONLY);
	uint32_t found;

	if (fd < 0 || !read_at(fd, w->buffer, 8192, 0)) {
		wrong(w, step, "the renamed file is missing");
		close(fd);
		return;
	}
	close(fd);
	found = w->buffer[0];
	w->buffer[0] = word(w, found, 0);
	if (found < step || !is_filled(w, found, 8192))
		wrong(w, step, "the renamed file is an old one, or torn");
}

/* In place, past the page cache. */
static void slot_write(struct writer *w, uint32_t step)
{
	int fd = open_in(w, "slots", O_CREAT | O_WRONLY | O_DIRECT | O_DSYNC);

	if (fd < 0)
		die("opening the slots");
	fill(w, step, SLOT);
	write_at(fd, w->buffer, SLOT, step / 4 % (KEEP / 4) * SLOT);
	close(fd);
}

static void slot_check(struct writer *w, uint32_t step)
{
	int fd = open_in(w, "slots", O_RDONLY);

	if (fd < 0 || !read_at(fd, w->buffer, SLOT, step / 4 % (KEEP / 4) * SLOT) ||
	    !is_filled(w, step, SLOT))
		wrong(w, step, "a slot");
	close(fd);
}

static const struct {
	void (*write)(struct writer *w, uint32_t step);
	void (*check)(struct writer *w, uint32_t step);
	bool latest;			/* only the last one counts */
	bool kept;			/* however old */
} kinds[] = {
	{ file_write, file_check, false, false },
	{ log_write, log_check, false, true },
	{ rename_write, rename_check, true, false },
	{ slot_write, slot_check, false, false },
};

#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static void *write_for_ever(void *arg)
{
	struct writer *w = arg;
	char line[64];
	int length;

	for (uint32_t step = w->last + 1;; step++) {
		kinds[step % KINDS].write(w, step);
		length = snprintf(line, sizeof(line), "flushed: %u %u\n", w->number, step);
		if (write(STDOUT_FILENO, line, length) != length)
			die("telling");
	}
	return NULL;
}

static void *check_all(void *arg)
{
	struct writer *w = arg;
	unsigned int checked = 0;

	for (uint32_t step = 1; step <= w->last; step++) {
		bool old = step + KEEP <= w->last + UNHEARD;

		if (kinds[step % KINDS].latest ? step + KINDS <= w->last :
		    old && !kinds[step % KINDS].kept)
			continue;
		kinds[step % KINDS].check(w, step);
		checked++;
	}
	printf("intact: %u of %u, thread %u to step %u\n", checked - w->wrong, checked, w->number, w->last);
	return NULL;
}

/* A name is there once its directory is flushed. */
static void prepare(struct writer *w, int parent)
{
	char name[256];

	snprintf(name, sizeof(name), "%s/%u", directory, w->number);
	if (mkdir(name, 0700) && errno != EEXIST)
		die("mkdir");
	w->dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->buffer = aligned_alloc(SLOT, FILE_MAX + SLOT);
	if (w->dir < 0 || !w->buffer)
		die("opening a directory");
	close(open_in(w, "log", O_CREAT | O_WRONLY));
	close(open_in(w, "slots", O_CREAT | O_WRONLY));
	if (fsync(w->dir) || fsync(parent))
		die("fsync");
}

int main(int argc, char **argv)
{
	static struct writer writers[THREADS_MAX];
	unsigned int threads = argc - 3, wrong_ones = 0;
	bool write_them;
	int parent;

	if (argc < 4 || threads > THREADS_MAX) {
		fprintf(stderr, "usage: flushed DIRECTORY check|write LAST...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	directory = argv[1];
	write_them = !strcmp(argv[2], "write");
	parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (unsigned int i = 0; i < threads; i++) {
		writers[i].number = i;
		writers[i].last = strtoul(argv[i + 3], NULL, 10);
		prepare(&writers[i], parent);
		if (!write_them)
			check_all(&writers[i]);
		else if (pthread_create(&writers[i].thread, NULL, write_for_ever, &writers[i]))
			die("a thread");
		wrong_ones += writers[i].wrong;
	}
	for (unsigned int i = 0; write_them && i < threads; i++)
		pthread_join(writers[i].thread, NULL);
	close(parent);
	printf("checked: %u wrong\n", wrong_ones);
	return wrong_ones > 0;
}
