#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""screen.py COLUMNS LINES COMMAND...: run it in a terminal of that size.

Standard input says what to do: wait:TEXT until TEXT is on the screen, key:KEYS to type, signal:NAME to send, shot to print the
screen. The last line is "restored" if the terminal and the screen behind are as before. The exit status is
the command's. It knows the sequences that hvctl uses, and fails for any other.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

SEQUENCE = re.compile(rb"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Screen:
    def __init__(self, columns, lines):
        self.columns, self.lines = columns, lines
        self.alternate = False
        self.cursor_shown = True
        self.clear()
        self.row = self.column = 0

    def clear(self):
        self.cell = [[" "] * self.columns for _ in range(self.lines)]

    def sequence(self, private, argument, letter):
        if private and argument == "1049":
            self.alternate = letter == "h"
            self.clear()
        elif private and argument == "25":
            self.cursor_shown = letter == "h"
        elif letter == "H" and not argument:
            self.row = self.column = 0
        elif letter == "K" and not argument:
            self.cell[self.row][self.column:] = [" "] * (self.columns - self.column)
        elif letter == "J" and not argument:
            self.cell[self.row][self.column:] = [" "] * (self.columns - self.column)
            for row in range(self.row + 1, self.lines):
                self.cell[row] = [" "] * self.columns
        elif letter != "m":
            sys.exit(f"unknown sequence {private}{argument}{letter}")

    def feed(self, data):
        while data:
            match = SEQUENCE.match(data)
            if match:
                self.sequence(*(part.decode() for part in match.groups()))
                data = data[match.end():]
                continue
            if data[0] == 0x1B and len(data) < 12:
                return data
            self.character(chr(data[0]))
            data = data[1:]
        return b""

    def character(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            if self.row == self.lines - 1:
                self.cell = self.cell[1:] + [[" "] * self.columns]
            else:
                self.row += 1
        else:
            if self.column == self.columns:
                self.column = 0
                self.character("\n")
            self.cell[self.row][self.column] = character
            self.column += 1

    def text(self):
        return "\n".join("".join(row) for row in self.cell)


def main():
    columns, lines = int(sys.argv[1]), int(sys.argv[2])
    script = sys.stdin.read().splitlines()
    screen = Screen(columns, lines)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if not pid:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(slave, fd)
        os.environ["TERM"] = "xterm"
        os.execvp(sys.argv[3], sys.argv[3:])
    rest = b""

    def turn(seconds):
        nonlocal rest
        if select.select([master], [], [], seconds)[0]:
            rest = screen.feed(rest + os.read(master, 65536))

    for step in script:
        what, _, argument = step.partition(":")
        if what == "key":
            os.write(master, argument.encode())
        elif what == "signal":
            os.kill(pid, signal.Signals["SIG" + argument])
        elif what == "shot":
            print(screen.text())
        else:
            end = time.monotonic() + 30
            while argument not in screen.text():
                if time.monotonic() > end:
                    print(screen.text())
                    sys.exit(f"'{argument}' did not come")
                turn(0.1)
    end = time.monotonic() + 30
    done = 0
    while not done and time.monotonic() < end:
        turn(0.1)
        done, status = os.waitpid(pid, os.WNOHANG)
    if not done:
        sys.exit("it does not end")
    turn(0.1)
    if termios.tcgetattr(slave) == before and not screen.alternate and screen.cursor_shown:
        print("restored")
    sys.exit(os.waitstatus_to_exitcode(status))


main()
