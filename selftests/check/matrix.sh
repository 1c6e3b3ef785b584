# SPDX-License-Identifier: GPL-2.0-only
# Which test runs under which kernel, and how that went; run has the rules.
# shellcheck shell=bash

# rows KERNELS <list: print "PART NAME TEST KERNEL COMMAND" for each test to run. TEST is NAME without the
# kernel; KERNEL is "-" for what boots none. With KERNELS a test of the emulated machine has a row for each
# of these, made of the first that `list` has of it; what wants the debug kernel keeps it.
rows() {
	awk -v kernels="$1" '
		/^#/ || NF < 3 { next }
		{
			test = $2
			kernel = $3 == "in-lab" ? "6.1" : "-"
			command = $3
			for (i = 4; i <= NF; i++)
				if ($i == "--kernel" && $3 == "in-lab")
					kernel = $(++i)
				else
					command = command " " $i
			if (kernel == "-") {
				print $1, $2, $2, "-", command
				next
			}
			at = index(test "-", "-" kernel "-")
			if (at && kernel != "debug")
				test = substr(test, 1, at - 1) substr(test, at + length(kernel) + 1)
			if (kernels == "" || kernel == "debug") {
				print $1, $2, test, kernel, command " --kernel " kernel
				next
			}
			if (($1, test) in seen)
				next
			seen[$1, test] = 1
			count = split(kernels, each, " ")
			for (i = 1; i <= count; i++)
				print $1, test "-" each[i], test, each[i], command " --kernel " each[i]
		}'
}

# matrix PLAN RESULTS: a table, test by kernel. PLAN has "NAME TEST KERNEL", RESULTS "NAME PASSED FAILED SKIPPED".
matrix() {
	[ -s "$1" ] || return 0
	awk '
		FILENAME == ARGV[1] { passed[$1] = $2; failed[$1] = $3; skipped[$1] = $4; next }
		{
			if (!($2 in known)) {
				known[$2] = 1
				tests[++rows] = $2
			}
			if (!($3 in used)) {
				used[$3] = 1
				kernels[++columns] = $3
			}
			if (!($1 in passed))
				next
			ran[$2, $3] = 1
			p[$2, $3] += passed[$1]
			f[$2, $3] += failed[$1]
			s[$2, $3] += skipped[$1]
		}
		function word(at) {
			if (!(at in ran))
				return "not run"
			if (f[at])
				return "FAILED"
			if (!p[at])
				return "skipped"
			return s[at] ? "passed, " s[at] " skipped" : "passed"
		}
		END {
			print "in the emulated machine, by its kernel:"
			line = sprintf("%-20s", "test")
			for (j = 1; j <= columns; j++)
				line = line sprintf("%-20s", kernels[j])
			print trim(line)
			for (i = 1; i <= rows; i++) {
				line = sprintf("%-20s", tests[i])
				for (j = 1; j <= columns; j++)
					line = line sprintf("%-20s", word(tests[i] SUBSEP kernels[j]))
				print trim(line)
			}
		}
		function trim(text) {
			sub(/ +$/, "", text)
			return text
		}' "$2" "$1"
}
