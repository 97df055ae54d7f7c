"""The language server, driven by a real client over its standard input and output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

VIEWS = """\
import logging


def login(request):
    name = "\N{SNOWMAN}\N{GRINNING FACE}"; logging.info("%s", request.POST["password"])


def remember(request, response):
    response.set_cookie("sessionid", request.session.session_key, httponly=True, samesite="Lax")
    return response
"""
SNOW = '    name = "\N{SNOWMAN}\N{GRINNING FACE}"; '


class Editor:
    """An editor with one project open."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.client = LanguageClient("test-editor", "1")
        self.told: dict[str, list[lsp.Diagnostic]] = {}
        self.news = asyncio.Event()

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: lsp.PublishDiagnosticsParams) -> None:
            self.told[params.uri] = list(params.diagnostics)
            self.news.set()

    async def start(self) -> None:
        await self.client.start_io(sys.executable, "-m", "leaktight", "lsp")
        capabilities = lsp.ClientCapabilities()
        await self.client.initialize_async(lsp.InitializeParams(capabilities=capabilities, root_uri=self.root.as_uri()))
        self.client.initialized(lsp.InitializedParams())

    async def stop(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    async def open(self, path: str) -> list[lsp.Diagnostic]:
        item = lsp.TextDocumentItem(self.uri(path), "python", 1, (self.root / path).read_text("utf-8"))
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return await self.next(path)

    async def save(self, path: str, text: str) -> list[lsp.Diagnostic]:
        (self.root / path).write_text(text, "utf-8")
        self.client.text_document_did_save(lsp.DidSaveTextDocumentParams(self.document(path)))
        return await self.next(path)

    async def next(self, path: str) -> list[lsp.Diagnostic]:
        self.news.clear()
        await asyncio.wait_for(self.news.wait(), 300)
        nowhere = lsp.HoverParams(self.document(path), lsp.Position(0, 0))
        await self.client.text_document_hover_async(nowhere)  # its answer comes behind all that is told of one scan
        return self.told.get(self.uri(path), [])

    def document(self, path: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(path))

    async def actions(self, path: str, place: lsp.Range) -> list[lsp.CodeAction]:
        params = lsp.CodeActionParams(self.document(path), place, lsp.CodeActionContext([]))
        found = await self.client.text_document_code_action_async(params)
        return [item for item in found or [] if isinstance(item, lsp.CodeAction)]


@pytest.fixture
def edit(project: Callable[[dict[str, str]], Path]) -> Callable[[Callable[[Editor], Coroutine[Any, Any, None]]], None]:
    """Return a function that plays a session in an editor."""

    def play(session: Callable[[Editor], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            editor = Editor(project({"manage.py": "", "shop/views.py": VIEWS}).resolve())
            await editor.start()
            try:
                await session(editor)
            finally:
                await editor.stop()

        asyncio.run(run())

    return play


def of(rule: str, diagnostics: list[lsp.Diagnostic]) -> lsp.Diagnostic:
    [found] = [item for item in diagnostics if item.code == rule]
    return found


def applied(text: str, edits: list[lsp.TextEdit]) -> str:
    """Make the edits as an editor does: positions are UTF-16 units."""
    lines = text.split("\n")

    def offset(position: lsp.Position) -> int:
        head = lines[position.line].encode("utf-16-le")[: position.character * 2].decode("utf-16-le")
        return sum(len(line) + 1 for line in lines[: position.line]) + len(head)

    for edit in sorted(edits, key=lambda item: offset(item.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


def test_a_session(edit):
    async def session(editor: Editor) -> None:
        path = "shop/views.py"
        told = await editor.open(path)
        leak = of("secret-in-log", told)
        assert leak.severity == lsp.DiagnosticSeverity.Error
        assert leak.source == "leaktight"
        units = len(SNOW.encode("utf-16-le")) // 2
        assert leak.range.start == lsp.Position(4, units + len('logging.info("%s", '))
        notes = [(item.message, item.location.uri) for item in leak.related_information or []]
        assert notes[0][0].startswith("`password` comes in")
        assert {uri for _, uri in notes} == {editor.uri(path)}

        shown = await editor.client.text_document_hover_async(lsp.HoverParams(editor.document(path), leak.range.start))
        assert shown is not None
        assert isinstance(shown.contents, lsp.MarkupContent)
        assert "**secret-in-log**" in shown.contents.value
        nothing = await editor.client.text_document_hover_async(lsp.HoverParams(editor.document(path), lsp.Position(0, 0)))
        assert nothing is None

        cookie = of("cookie-without-secure", told)
        fixes = [item for item in await editor.actions(path, cookie.range) if item.is_preferred]
        assert [item.title for item in fixes] == ["add `secure=True`, or the site's own setting for its session cookie (safe)"]
        assert fixes[0].edit is not None
        repaired = applied(VIEWS, list((fixes[0].edit.changes or {})[editor.uri(path)]))
        told = await editor.save(path, repaired)
        assert "cookie-without-secure" not in [item.code for item in told]

        allow = [
            item
            for item in await editor.actions(path, of("secret-in-log", told).range)
            if item.title.startswith("allow secret-in-log")
        ]
        assert allow[0].edit is not None
        claimed = applied(repaired, list((allow[0].edit.changes or {})[editor.uri(path)]))
        assert "    # leaktight: allow[secret-in-log] \n" in claimed
        told = await editor.save(path, claimed)
        assert {"malformed-claim", "secret-in-log"} <= {item.code for item in told}
        told = await editor.save(path, claimed.replace("allow[secret-in-log] ", "allow[secret-in-log] a test bench"))
        assert not {"malformed-claim", "secret-in-log"} & {item.code for item in told}

    edit(session)


def test_what_is_repaired_goes_away_and_gaps_are_told(edit):
    async def session(editor: Editor) -> None:
        assert await editor.open("shop/views.py")
        assert await editor.save("shop/views.py", "x = 1\n") == []
        [gap] = await editor.save("shop/views.py", "def (:\n")
        assert gap.code == "gap"

    edit(session)


def test_the_editor_says_what_the_command_says(edit, run_leaktight):
    import json

    async def session(editor: Editor) -> None:
        await editor.open("shop/views.py")
        done = await asyncio.to_thread(run_leaktight, "scan", editor.root, "--format", "json")
        said = sorted((item["path"], item["rule"], item["line"]) for item in json.loads(done.stdout)["findings"])
        told = sorted(
            (uri.removeprefix(f"{editor.root.as_uri()}/"), str(item.code), item.range.start.line + 1)
            for uri, items in editor.told.items()
            for item in items
        )
        assert told == said

    edit(session)
