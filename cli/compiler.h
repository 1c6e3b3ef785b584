/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's names for what the compiler offers: the same as in the VMM. */
#include "vmm/compiler.h"
