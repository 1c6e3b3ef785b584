#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The same cases with VMM processes in the VMM's sandbox.
export HVCTL="${HVCTL:?}_sandboxed"
exec "${0%_sandboxed.sh}.sh"
