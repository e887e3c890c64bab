"""A terminal to run commands on: what they write goes through an emulator, and a test reads the screen that is left."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import pyte

ROWS = 200  # nothing scrolls away


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a command left.

    Attributes:
        code: Its exit code.
        lines: The lines of the final screen, without blanks at their ends and without empty lines.
        written: Everything it wrote to the terminal.
        cursor_hidden: Whether it left the cursor hidden.
    """

    code: int
    lines: list[str]
    written: str
    cursor_hidden: bool

    @property
    def text(self) -> str:
        """The final screen as one text, lines that the edge of the screen cut joined again."""
        return "\n".join(self.lines)


def run(
    command: Sequence[str],
    *,
    columns: int = 80,
    environment: Mapping[str, str] | None = None,
    out: IO[bytes] | None = None,
    err: IO[bytes] | None = None,
    watch: Callable[[str, int], None] = lambda written, terminal: None,
    seconds: float = 600,
) -> Seen:
    """Run a command on a terminal of so many columns, with either stream elsewhere if it is given.

    `watch` sees what was written so far, and may type on the terminal.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    base = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=out or theirs,
        stderr=err or theirs,
        env={**base, "TERM": "xterm-256color", **(environment or {})},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C reaches it
    )
    os.close(theirs)
    written = _read(ours, watch, time.monotonic() + seconds)
    os.close(ours)
    code = process.wait(timeout=30)
    screen = pyte.Screen(columns, ROWS)
    pyte.ByteStream(screen).feed(written)
    lines = [line.rstrip() for line in screen.display if line.strip()]
    return Seen(
        code=code, lines=lines, written=written.decode("utf-8", "replace"), cursor_hidden=bool(screen.cursor.hidden)
    )


def _read(terminal: int, watch: Callable[[str, int], None], deadline: float) -> bytes:
    written = b""
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the last process has closed its end
            return written
        if not part:
            return written
        written += part
        watch(written.decode("utf-8", "replace"), terminal)
    raise TimeoutError(written[-2000:].decode("utf-8", "replace"))
