/* SPDX-License-Identifier: GPL-2.0-only */
/* Operations of the bit-manipulation extensions: rows of alu.c. */
#ifndef HVMOD_VMM_BITS_H
#define HVMOD_VMM_BITS_H

#include <stdbool.h>

struct alu;

bool bits_bsf(struct alu *alu);
bool bits_bsr(struct alu *alu);
bool bits_tzcnt(struct alu *alu);
bool bits_lzcnt(struct alu *alu);
bool bits_popcnt(struct alu *alu);
bool bits_crc32(struct alu *alu);
bool bits_adcx(struct alu *alu);
bool bits_adox(struct alu *alu);
bool bits_andn(struct alu *alu);
bool bits_bextr(struct alu *alu);
bool bits_bzhi(struct alu *alu);
bool bits_blsr(struct alu *alu);
bool bits_blsmsk(struct alu *alu);
bool bits_blsi(struct alu *alu);
bool bits_pdep(struct alu *alu);
bool bits_pext(struct alu *alu);
bool bits_rorx(struct alu *alu);
bool bits_sarx(struct alu *alu);
bool bits_shlx(struct alu *alu);
bool bits_shrx(struct alu *alu);
bool bits_mulx(struct alu *alu);

#endif
