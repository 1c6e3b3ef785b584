/* SPDX-License-Identifier: GPL-2.0-only */
/* The real-time clock of a PC, an MC146818 with 114 bytes of memory. */
#ifndef HVMOD_VMM_RTC_H
#define HVMOD_VMM_RTC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define RTC_BYTES	128
#define RTC_CENTURY	0x32		/* where the FADT says it is */
#define RTC_NEVER	UINT64_MAX

/**
 * struct rtc_ops - what the chip is wired to
 * @now: nanoseconds since 1970, UTC
 * @line: the level of the interrupt line. Called with the lock
 */
struct rtc_ops {
	uint64_t (*now)(void *ctx);
	void (*line)(void *ctx, bool level);
};

/**
 * struct rtc - the chip
 * @lock: protects all below; the lock of the IOAPIC may be taken inside
 * @changed: the thread has to look again
 * @ops: wiring
 * @ctx: first argument of @ops
 * @index: the register that the data port shows
 * @reg: registers and memory; those of the time are valid while it is held
 * @offset: guest time less host time, seconds
 * @checked: host time up to which the flags of register C are complete, ns
 * @line_level: what the interrupt line was told last
 * @thread: raises the interrupts, if @thread_made
 * @thread_made: there is a thread to join
 * @ending: it has to end
 */
struct rtc {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct rtc_ops ops;
	void *ctx;
	uint8_t index;
	uint8_t reg[RTC_BYTES];
	int64_t offset;
	uint64_t checked;
	bool line_level;
	pthread_t thread;
	bool thread_made;
	bool ending;
};

void rtc_init(struct rtc *rtc, const struct rtc_ops *ops, void *ctx);
void rtc_destroy(struct rtc *rtc);
void rtc_reset(struct rtc *rtc);
int rtc_start(struct rtc *rtc);
uint64_t rtc_advance(struct rtc *rtc);
uint64_t rtc_read(void *rtc, uint64_t offset, unsigned int size);
void rtc_write(void *rtc, uint64_t offset, unsigned int size, uint64_t value);

#endif
