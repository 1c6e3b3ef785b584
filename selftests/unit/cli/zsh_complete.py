#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""zsh_complete.py DIRECTORY: type at a zsh that has loaded DIRECTORY/_hvctl, and see what the tab key makes of it."""
import os
import pty
import select
import sys
import time

DIRECTORY = sys.argv[1]
CASES = [
    ("hvctl pau", "hvctl pause"),
    ("hvctl pause we", "hvctl pause web"),
    ("hvctl create --on-cr", "hvctl create --on-crash="),
    ("hvctl list --js", "hvctl list --json"),
    ("hvctl -q pau", "hvctl -q pause"),
    ("hvctl -q pause we", "hvctl -q pause web"),
    ("hvctl --timeout 5 pause we", "hvctl --timeout 5 pause web"),
    ("hvctl --timeout=5 pause we", "hvctl --timeout=5 pause web"),
    ("hvctl sched -w 200 we", "hvctl sched -w 200 web"),
    ("hvctl resume we", "hvctl resume web"),
    ("hvctl ps --js", "hvctl ps --json"),
    ("hvctl create --on-crash pr", "hvctl create --on-crash preserve"),
    ("hvctl --color ne", "hvctl --color never"),
]


def main():
    pid, fd = pty.fork()
    if not pid:
        os.environ["PATH"] = DIRECTORY + "/bin:" + os.environ["PATH"]
        os.environ["TERM"] = "dumb"
        os.execvp("zsh", ["zsh", "-f", "-i"])
    seen = b""

    def expect(text, seconds=20):
        nonlocal seen
        end = time.monotonic() + seconds
        while text not in seen:
            left = end - time.monotonic()
            if left <= 0:
                print("#", seen[-300:])
                sys.exit(1)
            if select.select([fd], [], [], left)[0]:
                seen += os.read(fd, 65536)
        seen = seen[seen.index(text) + len(text):]

    def say(text):
        os.write(fd, text.encode())

    say("unsetopt zle_bracketed_paste; PS1='>''>'; autoload -U compinit; compinit -u -d "
        f"{DIRECTORY}/zcompdump; . {DIRECTORY}/_hvctl; echo rea''dy\n")
    expect(b"ready")
    # The line as the editor has it, whatever it draws.
    say("show() { print -r -- \"<<$BUFFER>''>\"; BUFFER=; zle accept-line }; zle -N show; bindkey '^T' show; echo bo''und\n")
    expect(b"bound")
    for line, wanted in CASES:
        say(line + "\t")
        time.sleep(0.5)
        say("\x14")
        expect(b"<<" + wanted.encode())
    say("exit\n")
    os.waitpid(pid, 0)


main()
