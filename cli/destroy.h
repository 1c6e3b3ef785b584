/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_DESTROY_H
#define HVCTL_DESTROY_H

#include "hvctl.h"

/**
 * destroy_domain() - end ctx->domain, with its VMM process's help or without
 *
 * Return: 0 when the kernel does not list it any more; or the exit status, and
 * the error has been reported.
 */
int destroy_domain(struct verb_context *ctx);

#endif
