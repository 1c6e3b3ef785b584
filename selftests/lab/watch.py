# SPDX-License-Identifier: GPL-2.0-only
"""What the machine's lines mean: the command's output and status, the console, the engine's log."""

import re
import sys
import time

# First lines of a crash, in the kernel's console. "traps:" is a program's fault, not the kernel's.
CRASH = re.compile(
	r"Kernel panic|Oops: |BUG: |kernel BUG at|(?<!traps: )general protection fault|double fault|"
	r"unchecked MSR access|rcu: INFO: .* detected|INFO: task .* blocked|INFO: possible |"
	r"WARNING: (possible |suspicious |bad unlock|.*lock|inconsistent lock)|UBSAN: |Inconsistent lock state|"
	r"Internal error"
)
# Of SysRq c, and of hvmod_fault.ko, where a test asks for it.
WANTED_PANIC = re.compile(r"Kernel panic - not syncing: (sysrq triggered crash|hvmod: ring -1 failed)")
# The machine goes on after a WARN(), and so does the run; it fails at its end.
WARNING = re.compile(r"WARNING: (CPU: \d+|\S+:\d+ at )")
# In the engine's log.
ENGINE_CRASH = re.compile(r"exception\(\): 3rd|VMABORT|>>PANIC<<|PANIC: ")
ENTRY_FAILURE = re.compile(r"VMFAIL: |VMENTER FAIL|VMENTRY FAIL|VMEXIT: Error when loading")
# Linux ends a restart with a triple fault where nothing else resets the machine, and in Bochs nothing does.
RESTART = re.compile(r"reboot: (Restarting system|machine restart)|sysrq: Resetting")
RESET = re.compile(r"exception\(\): 3rd")
NORMAL_END = re.compile(r"ACPI control: soft power off")
# What every boot has: thousands of lines about registers that Bochs does not have, and its own greetings.
NOISE = re.compile(r"(RDMSR|WRMSR): Unknown register|atapi_cmd_error|TSC-Deadline timer is disabled")
GREETING_END = "Next at t=0"


class Follower:
	"""The bytes that arrive at the end of a file."""

	def __init__(self, path):
		self.path = path
		self.file = None

	def read(self):
		if self.file is None:
			try:
				self.file = open(self.path, "rb", buffering=0)
			except FileNotFoundError:
				return b""
		return self.file.read() or b""


class Report:
	"""Take init's reports out of the command's output."""

	def __init__(self, token):
		self.mark = f"\n@@{token} ".encode()
		self.pending = b""
		# A restored serial line first sends once more what it was sending.
		self.begun = False

	def feed(self, data):
		"""Returns the bytes to pass on, and the reports as (word, text)."""
		self.pending += data
		passed, words = b"", []
		while True:
			at = self.pending.find(self.mark)
			if at < 0:
				break
			end = self.pending.find(b"\n", at + len(self.mark))
			if end < 0:
				break
			line = self.pending[at + len(self.mark):end].decode(errors="replace")
			words.append((line + " ").split(" ", 1))
			if self.begun:
				passed += self.pending[:at]
			self.begun = True
			self.pending = self.pending[end + 1:]
		keep = self.partial_mark()
		if self.begun and keep < len(self.pending):
			passed += self.pending[:len(self.pending) - keep]
			self.pending = self.pending[len(self.pending) - keep:]
		return passed, [(word, text.strip()) for word, text in words]

	def partial_mark(self):
		"""How many of the last bytes may be a report that has not arrived completely."""
		at = self.pending.find(self.mark)
		if at >= 0:
			return len(self.pending) - at
		for length in range(min(len(self.mark), len(self.pending)), 0, -1):
			if self.mark.startswith(self.pending[-length:]):
				return length
		return 0


class Log:
	"""The console and the engine's own words, and the first line of a crash in them."""

	def __init__(self, verbose, allow_entry_failures, allow_panic):
		self.verbose = verbose
		self.allow_entry_failures = allow_entry_failures
		self.allow_panic = allow_panic
		self.start = self.changed = time.monotonic()
		self.booted = False
		self.restarting = self.reset = False
		self.greeted = False
		self.crash = None
		self.warning = None
		self.lines = []
		self.partial = {"console": "", "engine": ""}

	def console(self, data):
		for line in self.split("console", data):
			wanted = self.allow_panic and WANTED_PANIC.search(line)
			self.judge(line, not wanted and CRASH.search(line))
			self.restarting = self.restarting or bool(RESTART.search(line))
			if self.booted and self.warning is None and WARNING.search(line):
				self.warning = line

	def engine(self, data):
		for line in self.split("engine", data):
			if self.restarting and RESET.search(line):
				self.reset = True
				continue
			bad = ENGINE_CRASH.search(line)
			if not self.allow_entry_failures:
				bad = bad or ENTRY_FAILURE.search(line)
			self.judge(line, bad and not NORMAL_END.search(line))

	def split(self, source, data):
		"""Whole lines, without those that say nothing."""
		if not data:
			return
		self.changed = time.monotonic()
		text = self.partial[source] + data.decode(errors="replace")
		*lines, self.partial[source] = text.split("\n")
		for line in lines:
			line = line.rstrip("\r")
			if source == "engine" and not self.greeted:
				self.greeted = line.startswith(GREETING_END)
				if ">>PANIC<<" not in line:
					continue
			if line and not NOISE.search(line):
				yield line
				if self.verbose:
					print(f"{self.changed - self.start:6.1f} {source}: {line}", file=sys.stderr, flush=True)

	def judge(self, line, crash):
		self.lines.append(line)
		if crash and self.crash is None:
			self.crash = line

	def quiet_for(self):
		return time.monotonic() - self.changed

	def show_tail(self, count=60):
		"""What came last: some lines before the trouble and all that came after it."""
		if self.verbose:
			return
		first = max(0, len(self.lines) - count)
		trouble = self.crash or self.warning
		if trouble:
			first = min(first, max(0, self.lines.index(trouble) - 10))
		print("lab: the end of the machine's log:", file=sys.stderr)
		for line in self.lines[first:first + 300]:
			print(f"  | {line}", file=sys.stderr)
