// SPDX-License-Identifier: GPL-2.0-only
/* --vsock cid=N|auto */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/vmm.h"
#include "vsock_option.h"

#define CID	"cid="

static const char *parse_cid(const char *text, uint32_t *cid)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t value;

	if (!digits || text[digits])
		return "the CID is not a number";
	/* One that is too large for strtoull() is UINT64_MAX. */
	value = strtoull(text, NULL, 10);
	if (value < VMM_VSOCK_CID_MIN || value > VMM_VSOCK_CID_MAX)
		return "the CID is reserved or too large: those of guests are 3 to 4294967294";
	*cid = (uint32_t)value;
	return NULL;
}

const char *vsock_parse(const char *text, uint32_t *cid)
{
	*cid = VMM_VSOCK_AUTO;
	if (!strcmp(text, "auto"))
		return NULL;
	if (!strncmp(text, CID, strlen(CID)))
		return parse_cid(text + strlen(CID), cid);
	return "cid=N is expected, or auto for a number that is free";
}

const char *vsock_format(uint32_t cid, char *text)
{
	if (!cid)
		return NULL;
	if (cid == VMM_VSOCK_AUTO)
		return strcpy(text, "auto");
	snprintf(text, VSOCK_TEXT_MAX, CID "%" PRIu32, cid);
	return text;
}
