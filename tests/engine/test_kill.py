"""A process that writes files and is killed at any moment leaves each of them whole, old or new."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = int(os.environ.get("LEAKTIGHT_KILLS", "12"))
"""How many moments are tried; the bar of the project is 200."""
SIZE = 200_000
TEXTS = {letter.encode() * SIZE for letter in "abcd"}

WRITER = f"""
import sys
from pathlib import Path
from leaktight.engine.write import write_files

root = Path(sys.argv[1])
last = {{name: (root / name).read_bytes() for name in ("one.py", "two.py", "three.py")}}
print("ready", flush=True)
while True:
    for letter in (b"a", b"b", b"c", b"d"):
        files = {{name: letter * {SIZE} for name in last}}
        write_files(root, files, last)
        last = files
        print("written", flush=True)
"""


def test_a_kill_leaves_whole_files(tmp_path: Path) -> None:
    for name in ("one.py", "two.py", "three.py"):
        (tmp_path / name).write_bytes(b"a" * SIZE)
    moments = random.Random(0)
    seen = set()
    for _ in range(ROUNDS):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        for _ in range(moments.randrange(4)):
            assert writer.stdout.readline() == b"written\n"
        time.sleep(moments.uniform(0, 0.02))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        texts = [(tmp_path / name).read_bytes() for name in ("one.py", "two.py", "three.py")]
        assert all(text in TEXTS for text in texts), "a file is neither old nor new"
        seen.add(tuple(text[:1] for text in texts))
    assert len(seen) > 1, "nothing was written before the kill: the test would prove nothing"
