# SPDX-License-Identifier: GPL-2.0-only
"""The machines that the lab can boot: Bochs, and QEMU with nested KVM.

Both boot the same CD. The first serial line is the kernel's console, the second the command's output;
port 0xE9 is the debug port of the core.
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

# idle=halt: without it Bochs loses wake-ups between processors that wait in MWAIT.
# panic=0: the log is complete and still; `machine` ends the run.
# loglevel=5: a serial line costs 8,700 instructions a character, so boot messages stay in the kernel's
# buffer; init raises the level before it loads the module.
# cryptomgr.notests: the self-tests are the longest single step of the boot.
PARAMETERS = (
	"console=ttyS0,115200 idle=halt mitigations=off nokaslr tsc=reliable "
	"panic=0 oops=panic loglevel=5 cryptomgr.notests=1"
)
ISOLINUX = "/usr/lib/ISOLINUX/isolinux.bin"
LDLINUX = "/usr/lib/syslinux/modules/bios/ldlinux.c32"


class EngineError(Exception):
	pass


def make_cd(args):
	"""Boot loader and parameters into DIR/cd, and all of it into DIR/cd.iso."""
	cd = os.path.join(args.dir, "cd")
	for file in (ISOLINUX, LDLINUX):
		subprocess.run(["cp", file, os.path.join(cd, "isolinux")], check=True)
	with open(os.path.join(cd, "isolinux", "isolinux.cfg"), "w", encoding="ascii") as config:
		config.write(
			"default lab\nprompt 0\ntimeout 0\nlabel lab\n\tkernel /boot/vmlinuz\n"
			f"\tappend initrd=/boot/initrd {PARAMETERS} {args.append}\n"
		)
	image = os.path.join(args.dir, "cd.iso")
	made = subprocess.run(
		["xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", image,
		 "-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat",
		 "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", cd],
		capture_output=True, text=True, check=False)
	if made.returncode:
		raise EngineError(f"xorriso could not make the boot CD: {made.stderr}")
	return image


def die_with_parent():
	"""A killed lab leaves no machine running."""
	PR_SET_PDEATHSIG = 1
	ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Engine:
	def __init__(self, args):
		self.dir = args.dir
		self.console = os.path.join(args.dir, "console.txt")
		self.output = os.path.join(args.dir, "output.txt")
		# Bochs's screen wants a terminal; it is also where its debug port comes out.
		self.terminal, other = pty.openpty()
		fcntl.fcntl(self.terminal, fcntl.F_SETFL, os.O_NONBLOCK)
		self.process = subprocess.Popen(
			self.command(args), cwd=args.dir, stdin=other, stdout=other, stderr=other,
			start_new_session=True, preexec_fn=die_with_parent,
			env={**os.environ, "TERM": "xterm", "LINES": "25", "COLUMNS": "80"})
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


class Bochs(Engine):
	# Escape sequences of the screen, which shares the terminal with the debug port.
	ESCAPES = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|[()][0-9A-B]|[=>]|\][^\a]*\a)|[\x0e\x0f]")

	def __init__(self, args):
		from watch import Follower
		super().__init__(args)
		self.cpus = args.cpus
		self.log = Follower(os.path.join(args.dir, "bochs.log"))

	def command(self, args):
		image = make_cd(args)
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
ata0-master: type=cdrom, path={image}, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={self.console}
com2: enabled=1, mode=file, dev={self.output}
port_e9_hack: enabled=1
log: {args.dir}/bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
""")
		# Debian's build has the debugger in it: it waits for a command to go.
		with open(os.path.join(args.dir, "debugger"), "w", encoding="ascii") as script:
			script.write(os.environ.get("HVMOD_LAB_DEBUGGER", "").replace(";", "\n") + "\nc\n")
		return ["bochs-bin", "-q", "-f", "bochsrc", "-rc", "debugger"]

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
		return self.log.read() + self.ESCAPES.sub(b"", self.read_terminal())


class Kvm(Engine):
	def command(self, args):
		return [
			"qemu-system-x86_64", "-enable-kvm", "-cpu", "host,+vmx", "-smp", str(args.cpus),
			"-m", str(args.memory), "-display", "none", "-no-reboot", "-nodefaults",
			"-cdrom", make_cd(args), "-boot", "d",
			"-serial", f"file:{self.console}", "-serial", f"file:{self.output}",
			"-debugcon", "stdio",
		]


ENGINES = {"bochs": Bochs, "kvm": Kvm}
