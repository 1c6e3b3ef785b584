# SPDX-License-Identifier: GPL-2.0-only
"""What the machine's lines mean: the command's output and status, the console, the engine's log."""

import re
import sys
import time

# First lines of a crash, in the kernel's console. A WARNING is a crash of its own kind: it is
# reported at the end of a log, but the machine goes on.
CRASH = re.compile(
	r"Kernel panic|Oops|BUG: |kernel BUG|general protection fault|double fault|"
	r"stack segment|unchecked MSR access|watchdog: BUG|rcu: INFO: .* detected stall|"
	r"possible (recursive|circular|irq).*lock|INFO: possible|KASAN:|UBSAN:|DEADLOCK|"
	r"hung_task: blocked|invalid opcode: 0000"
)
# The same in the engine's log.
ENGINE_CRASH = re.compile(
	r"VMENTRY FAILED|VMENTER FAIL|VMFAIL|VMABORT|shutdown status|3rd \(.*\) exception|"
	r"triple fault|>>PANIC<<"
)
NORMAL_END = re.compile(r"ACPI control: soft power off|User requested shutdown")
# Bochs's words about registers it does not have, thousands of lines a boot.
NOISE = re.compile(r"RDMSR|WRMSR|rdmsr|wrmsr|unknown MSR|Unknown MSR")


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
				passed += self.pending[:at]
				self.pending = self.pending[at:]
				return passed, words
			line = self.pending[at + len(self.mark):end].decode(errors="replace")
			words.append((line + " ").split(" ", 1))
			passed += self.pending[:at]
			self.pending = self.pending[end + 1:]
		keep = 0
		for length in range(min(len(self.mark), len(self.pending)), 0, -1):
			if self.mark.startswith(self.pending[-length:]):
				keep = length
				break
		passed += self.pending[:len(self.pending) - keep]
		self.pending = self.pending[len(self.pending) - keep:]
		return passed, [(word, text.strip()) for word, text in words]


class Log:
	"""The console and the engine's own words, and the first line of a crash in them."""

	def __init__(self, verbose):
		self.verbose = verbose
		self.start = time.monotonic()
		self.crash = None
		self.lines = []
		self.partial = {"console": "", "engine": ""}

	def console(self, data):
		self.add("console", data, CRASH)

	def engine(self, data):
		self.add("engine", data, ENGINE_CRASH)

	def add(self, source, data, crash):
		if not data:
			return
		text = self.partial[source] + data.decode(errors="replace")
		*lines, self.partial[source] = text.split("\n")
		for line in lines:
			line = line.rstrip("\r")
			if not line or NOISE.search(line):
				continue
			self.lines.append(line)
			if self.verbose:
				print(f"{time.monotonic() - self.start:6.1f} {source}: {line}", file=sys.stderr, flush=True)
			if self.crash is None and crash.search(line) and not NORMAL_END.search(line):
				self.crash = line

	def show_tail(self, _engine, count=80):
		"""What came last: the lines before a crash and all that came after it."""
		if self.verbose:
			return
		first = max(0, len(self.lines) - count)
		if self.crash:
			first = min(first, max(0, self.lines.index(self.crash) - 10))
		print("lab: the end of the machine's log:", file=sys.stderr)
		for line in self.lines[first:first + 200]:
			print(f"  | {line}", file=sys.stderr)
