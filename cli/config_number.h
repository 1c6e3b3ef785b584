/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_CONFIG_NUMBER_H
#define HVCTL_CONFIG_NUMBER_H

#include <stdint.h>

/**
 * enum config_number - keys of a configuration that are whole numbers
 * @NUMBER_VCPUS: vCPUs
 * @NUMBER_WEIGHT: share of a processor, in relation to others
 * @NUMBER_CAP: CPU-time cap, percent of one processor; 0: none
 * @NUMBER_PERIOD: period over which the cap holds, microseconds
 */
enum config_number {
	NUMBER_VCPUS,
	NUMBER_WEIGHT,
	NUMBER_CAP,
	NUMBER_PERIOD,
};

/**
 * config_number() - parse one
 * @kind: which one
 * @text: what was written
 * @number: the number; untouched if it is none
 * @hint: what helps (out)
 *
 * Return: NULL, or what is wrong with it
 */
const char *config_number(enum config_number kind, const char *text, uint32_t *number,
			  const char **hint);

#endif
