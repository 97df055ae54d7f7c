"""The language server: scans the project around an opened or saved file, and answers for what was found."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from leaktight import __version__
from leaktight.config import ConfigError, load
from leaktight.engine import scan
from leaktight.engine.baseline import FILE, Baseline, BaselineError, apply_baseline
from leaktight.engine.why import root_of
from leaktight.lsp.answers import Scanned, actions, diagnostics, hover
from leaktight.report import Rulebook
from leaktight.report.mask import shielded
from leaktight.source.cache import Cache, cache_folder
from leaktight.source.python import decode

_PAUSE = 0.2  # seconds without another event before a scan begins


class Server(LanguageServer):
    """One editor: the last scan of each project it has files of."""

    def __init__(self, rules: Rulebook) -> None:
        super().__init__("leaktight", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental)
        self.rules = rules
        self.scanned: dict[Path, Scanned] = {}
        self.asked: dict[Path, int] = {}
        self.told: dict[Path, set[str]] = {}

    def around(self, uri: str) -> tuple[Path, str] | None:
        """The project around a file, and the path in it."""
        name = to_fs_path(uri)
        if name is None:
            return None
        file = Path(name).resolve()
        root = root_of(file)
        return root, file.name if root == file else file.relative_to(root).as_posix()

    async def look(self, uri: str) -> None:
        """Scan the project around a file, unless something newer comes meanwhile, and tell what was found."""
        place = self.around(uri)
        if place is None:
            return
        root, _ = place
        number = self.asked[root] = self.asked.get(root, 0) + 1
        await asyncio.sleep(_PAUSE)
        if self.asked[root] != number:
            return
        try:
            scanned = await asyncio.get_running_loop().run_in_executor(None, scanned_at, root, self.rules)
        except (ConfigError, BaselineError, OSError) as error:
            self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, f"leaktight: {error}"))
            return
        self.scanned[root] = scanned
        found = diagnostics(scanned)
        for path in sorted(found.keys() | self.told.get(root, set())):
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(scanned.uri(path), found.get(path, [])))
        self.told[root] = set(found)

    def answering(self, uri: str) -> tuple[Scanned, str] | None:
        """The last scan of the project around a file, and the path in it."""
        place = self.around(uri)
        scanned = self.scanned.get(place[0]) if place else None
        return (scanned, place[1]) if place and scanned else None


def scanned_at(root: Path, rules: Rulebook) -> Scanned:
    """Scan a project as `leaktight scan` does: same configuration, same baseline, same findings."""
    found = load(root)
    config = found.config
    kept = Cache(cache_folder()) if config.cache else None
    today = datetime.date.today()  # noqa: DTZ011  # a claim ends where the user lives
    result = scan([root], config=config, audience=config.audience, today=today, offers=True, cache=kept)
    folder = root if root.is_dir() else root.parent
    baseline = (found.file.resolve().parent if found.file else folder) / FILE
    if baseline.is_file():
        text = baseline.read_text("utf-8")
        result = apply_baseline(result, Baseline.read(text), text, path=FILE if baseline.parent == root else None)

    @cache
    def text_of(path: str) -> str:
        try:
            return decode((folder / path).read_bytes())
        except (OSError, ValueError):
            return ""

    return Scanned(root, shielded(result), rules, text_of)


def make(rules: Rulebook) -> Server:
    """Make a server and say what it does on each event."""
    server = Server(rules)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        await server.look(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        await server.look(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(params: lsp.HoverParams) -> lsp.Hover | None:
        known = server.answering(params.text_document.uri)
        return hover(known[0], known[1], params.position) if known else None

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix]))
    def asked(params: lsp.CodeActionParams) -> Sequence[lsp.CodeAction]:
        known = server.answering(params.text_document.uri)
        return list(actions(known[0], known[1], params.range)) if known else []

    return server


def serve(rules: Rulebook) -> None:
    """Serve one editor on standard input and output until it leaves."""
    make(rules).start_io()
