"""Fixes as text: a unified diff, and a line for each fix."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from leaktight.model import Fix
from leaktight.report.ink import Ink, Style, visible
from leaktight.report.mask import shield

_STYLES = {"+": Style.GREEN, "-": Style.RED, "@": Style.CYAN}


def render_diff(before: Mapping[str, bytes], after: Mapping[str, bytes], *, colour: bool = False) -> str:
    """Return what changes as a patch for people to read. No secret value of the source is shown, so it is not to be applied."""
    ink = Ink(colour)
    lines: list[str] = []
    for path in sorted(after):
        old, new = (_lines(data) for data in (before[path], after[path]))
        for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm=""):
            style = Style.BOLD if line.startswith(("+++", "---")) else _STYLES.get(line[:1])
            text = visible(shield(line))
            lines.append(ink(text, style) if style else text)
    return "".join(f"{line}\n" for line in lines)


def render_fixes(made: Sequence[Fix], undone: Sequence[tuple[str, str, int, str]], beyond: Sequence[Fix]) -> str:
    """Return a line for each fix that is made, that was not possible (rule, path, line, reason), and that asks for more courage."""
    lines = [f"fixed: {fix.rule} at {fix.span.path}:{fix.span.line}: {fix.title}{_effect(fix)}" for fix in made]
    lines += [f"not fixed: {rule} at {path}:{line}: {reason}" for rule, path, line, reason in undone]
    lines += [f"with --unsafe: {fix.rule} at {fix.span.path}:{fix.span.line}: {fix.title}{_effect(fix)}" for fix in beyond]
    return "".join(f"{visible(shield(line))}\n" for line in lines)


def _effect(fix: Fix) -> str:
    return f" ({fix.safety}: {fix.effect})" if fix.effect else f" ({fix.safety})"


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
