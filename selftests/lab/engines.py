# SPDX-License-Identifier: GPL-2.0-only
"""The machines that the lab can boot: Bochs, and QEMU with nested KVM.

Both boot the same CD and find what to do on a second. The first serial line is the kernel's console, the
second the command's output; port 0xE9 is the debug port of the core.
"""

import ctypes
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import time
import tty


class EngineError(Exception):
	pass


def die_with_parent():
	"""A killed lab leaves no machine running."""
	PR_SET_PDEATHSIG = 1
	ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Engine:
	def __init__(self, args):
		self.dir = args.dir
		self.environment = {**os.environ, "TERM": "xterm", "LINES": "25", "COLUMNS": "80"}
		self.console = os.path.join(args.dir, "console.txt")
		self.output = os.path.join(args.dir, "output.txt")
		# Bochs's screen wants a terminal; it is also where its debug port comes out.
		self.terminal, other = pty.openpty()
		fcntl.fcntl(self.terminal, fcntl.F_SETFL, os.O_NONBLOCK)
		command = self.command(args)
		self.process = subprocess.Popen(
			command, cwd=args.dir, stdin=other, stdout=other, stderr=other,
			start_new_session=True, preexec_fn=die_with_parent,
			env=self.environment)
		os.close(other)

	def descriptors(self):
		return [self.terminal] if self.terminal is not None else []

	def running(self):
		return self.process.poll() is None

	def read_terminal(self):
		data = b""
		while self.terminal is not None:
			try:
				piece = os.read(self.terminal, 65536)
			except BlockingIOError:
				break
			except OSError:
				piece = b""
			if not piece:
				os.close(self.terminal)
				self.terminal = None
				break
			data += piece
		return data

	def read(self):
		return self.read_terminal()

	def where(self):
		"""What the processors do now, for a machine that does not end: text to append to a sentence."""
		return ""

	def stop(self):
		if self.running():
			os.killpg(self.process.pid, signal.SIGKILL)
		self.process.wait()


class Screen:
	"""The screen of a Bochs that has the debugger in it: a terminal of its own.

	Nobody looks at it, but it has to be read: every blink of the cursor is written there, and when 20 KiB
	wait, half an hour after the start, the whole machine stands still.
	"""

	def __init__(self, process):
		self.process = process
		self.terminal = None

	def find(self):
		"""The other end of the one master that the process has; there is none before it has come so far."""
		base = f"/proc/{self.process.pid}"
		for descriptor in os.listdir(f"{base}/fd"):
			if os.readlink(f"{base}/fd/{descriptor}") not in ("/dev/ptmx", "/dev/pts/ptmx"):
				continue
			with open(f"{base}/fdinfo/{descriptor}", encoding="ascii") as info:
				number = re.search(r"^tty-index:\s*(\d+)$", info.read(), re.MULTILINE)
			self.terminal = os.open(f"/dev/pts/{number[1]}", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
			# Or what is read would come back as typed.
			tty.setraw(self.terminal)

	def drain(self):
		try:
			if self.terminal is None:
				self.find()
			while self.terminal is not None and os.read(self.terminal, 65536):
				pass
		except BlockingIOError:
			pass
		except OSError:
			# The process has ended.
			self.close()

	def close(self):
		if self.terminal is not None:
			os.close(self.terminal)
			self.terminal = None


class Bochs(Engine):
	# Escape sequences that get between what the debug port writes.
	ESCAPES = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|[()][0-9A-B]|[=>]|\][^\a]*\a)|[\x0e\x0f]")

	def __init__(self, args):
		from watch import Follower
		super().__init__(args)
		self.cpus = args.cpus
		self.screen = Screen(self.process)
		self.log = Follower(os.path.join(args.dir, "bochs.log"))

	@staticmethod
	def disk(args):
		"""What is written to it goes to a file beside, which Bochs deletes."""
		if not args.disk:
			return ""
		return "ata0-slave: type=disk, mode=volatile, path=disk.img, journal=disk.written, cylinders=0\n"

	def command(self, args):
		# Paths are relative: a saved state refers to the files of the run that it is used in.
		with open(os.path.join(args.dir, "bochsrc"), "w", encoding="ascii") as config:
			config.write(f"""\
config_interface: textconfig
display_library: term
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
vga: extension=vbe, update_freq=1
megs: {args.memory}
cpu: model={args.model}, count={args.cpus}, quantum=16, ips={args.ips}, reset_on_triple_fault=0
clock: sync=none, time0=1700000000
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=cd.iso, status=inserted
{self.disk(args)}ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15
ata1-master: type=cdrom, path=payload.img, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=console.txt
com2: enabled=1, mode=file, dev=output.txt
port_e9_hack: enabled=1
log: bochs.log
speaker: enabled=0
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
""")
		# Debian's build has the debugger in it: it waits for a command to go.
		with open(os.path.join(args.dir, "debugger"), "w", encoding="ascii") as script:
			script.write(os.environ.get("HVMOD_LAB_DEBUGGER", "").replace(";", "\n") + "\nc\n")
		start = ["-r", args.state] if args.state else ["-f", "bochsrc"]
		if args.save:
			self.environment["LD_PRELOAD"] = os.path.join(args.dir, "state.so")
			self.environment["HVMOD_LAB_SAVE"] = os.path.join(args.dir, "state")
		elif args.state:
			self.environment["LD_PRELOAD"] = os.path.join(os.path.dirname(args.state), "state.so")
			self.environment["HVMOD_LAB_RAM"] = os.path.join(args.state, "memory.ram")
		return ["bochs-bin", "-q", *start, "-rc", "debugger"]

	def save(self):
		"""To the debugger's prompt, where state.c takes over."""
		# The serial line sends what it is sending; the state would send it again.
		time.sleep(0.5)
		os.kill(self.process.pid, signal.SIGINT)

	def saved(self):
		return self.process.returncode == 0 and os.path.exists(os.path.join(self.dir, "state", "cpu0"))

	def where(self):
		"""Stop in the debugger and ask it for every processor's state."""
		os.kill(self.process.pid, signal.SIGINT)
		answer = self.ask(b"")
		for cpu in range(self.cpus):
			for question in (f"set $cpu={cpu}", "r", "creg", "print-stack 16"):
				answer += self.ask(question.encode() + b"\n")
		lines = self.ESCAPES.sub(b"", answer).decode(errors="replace").splitlines()
		return "; the processors were at:\n" + "\n".join(
			f"  | {line.rstrip()}" for line in lines if line.strip() and not line.startswith("<bochs"))

	def ask(self, question):
		"""One command to the debugger; what it prints until its next prompt."""
		answer = b""
		os.write(self.terminal, question)
		deadline = time.monotonic() + 3
		while not answer.endswith(b"> ") and time.monotonic() < deadline and self.terminal is not None:
			select.select([self.terminal], [], [], 0.2)
			answer += self.read_terminal()
		return answer

	def read(self):
		self.screen.drain()
		return self.log.read() + self.ESCAPES.sub(b"", self.read_terminal())

	def stop(self):
		self.screen.close()
		super().stop()


class Kvm(Engine):
	def command(self, args):
		disk = ["-drive", f"file={args.dir}/disk.img,index=1,format=raw,snapshot=on"] if args.disk else []
		return [
			"qemu-system-x86_64", "-enable-kvm", "-cpu", "host,+vmx", "-smp", str(args.cpus),
			"-m", str(args.memory), "-display", "none", "-no-reboot", "-nodefaults",
			"-drive", f"file={args.dir}/cd.iso,media=cdrom,index=0,format=raw,readonly=on",
			"-drive", f"file={args.dir}/payload.img,media=cdrom,index=2,format=raw,readonly=on",
			*disk, "-boot", "d",
			"-serial", f"file:{self.console}", "-serial", f"file:{self.output}",
			"-debugcon", "stdio",
		]


ENGINES = {"bochs": Bochs, "kvm": Kvm}
