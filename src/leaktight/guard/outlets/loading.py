"""Wait for libraries that a site may or may not load: they are hooked the moment they are, and never loaded by the guard."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_waiting: dict[str, list[Callable[[Any], None]]] = {}


def when_loaded(name: str, hook: Callable[[Any], None]) -> None:
    """Call a hook with a module: at once when it is loaded already, else as soon as it is."""
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    if module is not None and not getattr(spec, "_initializing", False):
        hook(module)
        return
    _waiting.setdefault(name, []).append(hook)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def wait_no_more(hook: Callable[[Any], None]) -> None:
    """Forget a hook that has not been called yet."""
    for name, hooks in list(_waiting.items()):
        _waiting[name] = [other for other in hooks if other != hook]
        if not _waiting[name]:
            del _waiting[name]


class _Finder(MetaPathFinder):
    """Finds nothing itself: it lets the others find, and looks when they have loaded."""

    def __init__(self) -> None:
        self._busy: set[str] = set()

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in _waiting or name in self._busy:
            return None
        self._busy.add(name)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._busy.discard(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                for hook in _waiting.pop(name, []):
                    hook(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


_FINDER = _Finder()
