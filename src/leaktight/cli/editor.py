"""`leaktight lsp`: the server for editors, when what it needs is installed."""

from __future__ import annotations

from importlib.util import find_spec

from leaktight.cli.errors import UsageError
from leaktight.cli.rulebook import rulebook
from leaktight.report import Status


def serve() -> Status:
    """Serve one editor until it leaves."""
    if find_spec("pygls") is None:
        raise UsageError("the server for editors needs one more package: pip install leaktight[lsp]")
    from leaktight.lsp.server import serve
    from leaktight.rules.registry import load_rules

    serve(rulebook(load_rules()))
    return Status.TIGHT
