// SPDX-License-Identifier: GPL-2.0-only
/*
 * told TOTAL...: count what "hvctl events --json" prints. Says "ready" behind its
 * first line, and once so many events are told or known to be lost: SEEN LOST
 * TIMES FIRST LEFT, that is events with a line, events without one, in how many
 * gaps, the first event's type, and how many domains there are. Status 1 where a
 * number is missing and nothing says so, or the lines end too early.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * struct count - what was told until now
 * @last: number of the last event
 * @seen: events with a line of their own
 * @lost: events that are said to be lost
 * @times: how often some were
 * @left: domains there are
 * @first: type of the first event
 */
struct count {
	unsigned long long last, seen, lost;
	unsigned int times, left;
	char first[16];
};

/* Records of domains, in a line that lists them. */
static unsigned int domains_in(const char *line)
{
	unsigned int count = 0;

	while ((line = strstr(line, "\"id\":"))) {
		line++;
		count++;
	}
	return count;
}

static void take(struct count *count, const char *line)
{
	unsigned long long seq, lost = 0;
	char type[16];

	if (sscanf(line, "{\"event\":\"%15[a-z]\",\"seq\":%llu,\"lost\":%llu", type, &seq, &lost) < 2)
		errx(1, "no event: %.80s", line);
	if (!strcmp(type, "start")) {
		count->last = seq;
		count->left = domains_in(line);
		puts("ready");
		return;
	}
	if (!strcmp(type, "overrun")) {
		if (!lost || seq != count->last + lost)
			errx(1, "overrun of %llu from %llu to %llu", lost, count->last, seq);
		count->lost += lost;
		count->times++;
		count->left = domains_in(line);
	} else {
		if (seq != count->last + 1)
			errx(1, "event %llu behind %llu", seq, count->last);
		count->seen++;
		count->left += !strcmp(type, "created");
		count->left -= !strcmp(type, "deleted");
	}
	if (!count->first[0])
		strcpy(count->first, type);
	count->last = seq;
}

int main(int argc, char **argv)
{
	struct count count = { 0 };
	char *line = NULL;
	size_t room = 0;
	int total;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (total = 1; total < argc; total++) {
		unsigned long long wanted = strtoull(argv[total], NULL, 10);

		while (count.seen + count.lost < wanted) {
			if (getline(&line, &room, stdin) < 0)
				errx(1, "the end behind %llu told and %llu lost", count.seen,
				     count.lost);
			take(&count, line);
		}
		if (count.seen + count.lost != wanted)
			errx(1, "%llu told and %llu lost, wanted %llu", count.seen, count.lost,
			     wanted);
		printf("%llu %llu %u %s %u\n", count.seen, count.lost, count.times, count.first,
		       count.left);
	}
	free(line);
	return 0;
}
