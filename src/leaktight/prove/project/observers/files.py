"""Files: what is written to them. It goes to a folder that is removed afterwards; the project's own files stay as they are."""

from __future__ import annotations

import builtins
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from leaktight.policy import Channel
from leaktight.prove.project.observers.patching import replaced
from leaktight.prove.project.watch import Watch

_MOST = 1 << 20


@contextmanager
def observe(watch: Watch) -> Iterator[None]:
    """Stand in for the file system where it is written to."""
    real = io.open
    with tempfile.TemporaryDirectory(prefix="leaktight-files-") as folder:
        written: dict[str, str] = {}

        def opened(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            if not watch.is_open or isinstance(file, int) or not set(mode) & set("wax+"):
                known = "" if isinstance(file, int) else written.get(os.path.abspath(os.fspath(file)), "")  # noqa: PTH100
                return real(known or file, mode, *arguments, **named)
            path = os.path.abspath(os.fspath(file))  # noqa: PTH100 - it may be bytes, and need not exist
            twin = written.setdefault(str(path), os.path.join(folder, str(len(written))))  # noqa: PTH118
            if "+" in mode and "r" in mode and not Path(twin).exists() and Path(str(path)).is_file():
                Path(twin).write_bytes(Path(str(path)).read_bytes())
            stream = real(twin, mode, *arguments, **named)
            _tell_when_closed(stream, watch, twin, str(path), real)
            return stream

        with replaced(io, open=opened), replaced(builtins, open=opened):
            yield


def _tell_when_closed(stream: Any, watch: Watch, twin: str, path: str, real: Any) -> None:
    """Read a file again when it is closed; its place is where it was opened."""
    place = watch.code.here()
    close = stream.close

    def closed() -> None:
        was_closed = stream.closed
        close()
        if not was_closed and watch.is_open:
            with real(twin, "rb") as again:
                watch.saw(Channel.FILE, again.read(_MOST), f"file {os.path.basename(path)}", place=place)  # noqa: PTH119

    try:
        stream.close = closed
    except AttributeError:  # a stream of bytes cannot be changed: what is written is read from a text stream only
        return
