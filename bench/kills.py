"""Kill `leaktight fix --yes` with SIGKILL at random moments, most of them while it writes: every file has to be whole, old or new."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = 120
VIEWS = """\
import secrets

from django.shortcuts import redirect


def view_{number}(request):
    handle = secrets.token_urlsafe(32)
    response = redirect("home")
    response.set_cookie("auth", handle, httponly=True, samesite="Lax")
    return response
"""
FIX = [sys.executable, "-m", "leaktight", "fix", "--yes", "--quiet", "-j", "1"]


def main() -> None:
    """Print how many kills there were, how many of them hit the writing, and how many files were neither old nor new."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    moments = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "shop"
        old = {f"view_{number}.py": VIEWS.format(number=number).encode() for number in range(FILES)}
        new = {name: text.replace(b'"Lax")', b'"Lax", secure=True)') for name, text in old.items()}
        first, last = _window(root, old)
        _expect(root, new)
        amid = damaged = left = 0
        for kill in range(given.kills):
            _lay_out(root, old)
            process = subprocess.Popen([*FIX, str(root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if kill % 5 == 0:  # one in five at any moment of the run
                time.sleep(moments.uniform(0, last))
            else:  # the others in the time it took to write, counted from the first file that is new
                _await_write(process, root, old, first * 5)
                time.sleep(moments.uniform(0, last - first))
            process.send_signal(signal.SIGKILL)
            process.wait()
            texts = {name: (root / name).read_bytes() for name in old}
            changed = sum(texts[name] == new[name] for name in old)
            amid += 0 < changed < FILES
            damaged += sum(texts[name] not in {old[name], new[name]} for name in old)
            left += sum(1 for path in root.iterdir() if path.name not in old)
        print(
            f"{given.kills} kills, {amid} between the first file and the last, {damaged} files damaged, {left} spare files left lying"
        )


def _lay_out(root: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name, text in files.items():
        (root / name).write_bytes(text)


def _window(root: Path, old: dict[str, bytes]) -> tuple[float, float]:
    """When a run that nobody kills has written the first file, and when it ends."""
    _lay_out(root, old)
    begin = time.monotonic()
    process = subprocess.Popen([*FIX, str(root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _await_write(process, root, old, 600)
    first = time.monotonic() - begin
    process.wait()
    return first, time.monotonic() - begin


def _await_write(process: subprocess.Popen[bytes], root: Path, old: dict[str, bytes], most: float) -> None:
    """Wait until the first file was replaced: files are written in the order they were changed, the first first."""
    name = min(old)
    begin = time.monotonic()
    while (root / name).read_bytes() == old[name] and process.poll() is None and time.monotonic() - begin < most:
        time.sleep(0.0005)


def _expect(root: Path, new: dict[str, bytes]) -> None:
    if any((root / name).read_bytes() != text for name, text in new.items()):
        raise SystemExit("the files were not repaired: nothing would be measured")


if __name__ == "__main__":
    main()
