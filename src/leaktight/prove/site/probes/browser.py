"""Opens pages in Chromium: what scripts keep in the browser, load in clear, and tell other sites while a form is filled in."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from leaktight.policy import Channel, is_safe_host
from leaktight.prove.page import Form
from leaktight.prove.site.filling import fill
from leaktight.prove.site.probes.setting import Setting
from leaktight.prove.site.wire import NotAllowed, Spent

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Route

    from leaktight.prove.canary import Canary
    from leaktight.prove.site.probes.sessions import LoggedIn

_MOST_PAGES = 10
_PATIENCE = 10_000
"""Milliseconds a page may take to load."""
_SETTLING = 400
"""Milliseconds, on the page's own clock, that scripts put off what they do after a form was filled in."""
_LAST = "/leaktight-has-seen-all/"
"""An address of the site that is asked for last, by the page, and by nobody on the wire."""
_SETTLED = """([last, settling, patience]) => new Promise(done => {
    setTimeout(() => fetch(location.origin + last).then(done, done), settling);
    setTimeout(done, patience);
})"""
"""What a page puts off for no longer than that comes first, and what it asks for is known before what it asks for last, however slow it is."""
_FLAGS = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
)
_STORED = "() => JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])"


def probe_browser(run: Setting, logged: LoggedIn | None, *, ca_file: str | None) -> None:
    """Open each walked page, fill in its forms without sending them, and look at what scripts did."""
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as play:
            program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
            flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
            chromium = play.chromium.launch(executable_path=program, args=flags, headless=True)
            for visitor, walk in run.walks:
                context = chromium.new_context(ignore_https_errors=bool(ca_file) or not run.verify)
                if logged and visitor is logged.visitor:
                    context.add_cookies([_cookie(run, cookie.name, cookie.value) for cookie in visitor.jar.sent_to(run.start)])
                for answer, page in walk.pages[:_MOST_PAGES]:
                    if run.book.masked(answer.url) == answer.url:
                        _open(run, context, answer.url, page.forms)
                context.close()
            chromium.close()
    except Error as error:
        run.book.open(
            "browser", f"Chromium does not run: {str(error).splitlines()[0]}", "install chromium, or leave --browser out"
        )
        return
    for check, channel, what in (
        ("browser-storage", Channel.BROWSER_STORAGE, "scripts keep no planted value in the browser"),
        ("browser-requests", Channel.THIRD_PARTY, "scripts tell other sites no planted value"),
    ):
        if not run.book.leaks(check):
            run.book.tight(check, what, channel=channel.value)


def _cookie(run: Setting, name: str, value: str) -> Any:
    host = urlsplit(run.start).hostname
    return {"name": name, "value": value, "url": run.start} if name.startswith("__Host-") else {
        "name": name, "value": value, "domain": host, "path": "/",
    }  # fmt: skip


@contextmanager
def _watched(run: Setting, context: BrowserContext, seen: list[tuple[str, str, str]]) -> Iterator[Page]:
    """Give a page whose requests are noted; those to other hosts are not sent."""
    page = context.new_page()

    def look(route: Route) -> None:
        request = route.request
        if urlsplit(request.url).path == _LAST:
            route.fulfill(status=204)
            return
        seen.append((request.url, request.headers.get("referer", ""), request.post_data or ""))
        host = urlsplit(request.url).hostname or ""
        try:
            run.wire.limits.take(host)
        except (NotAllowed, Spent):
            route.abort()
        else:
            route.continue_()

    def complaint(message: ConsoleMessage) -> None:
        if "Mixed Content" in message.text:
            seen.append((_mixed(message.text), "", ""))

    page.route("**/*", look)
    page.on("console", complaint)
    try:
        yield page
    finally:
        page.close()


def _mixed(text: str) -> str:
    """Return the address that Chromium complains of; it asks for it over HTTPS instead, or not at all."""
    found = re.search(r"['\"]((?:http|ws)://[^'\"]+)['\"]", text)
    return found[1] if found else ""


def _open(run: Setting, context: BrowserContext, url: str, forms: list[Form]) -> None:
    from playwright.sync_api import Error

    seen: list[tuple[str, str, str]] = []
    with _watched(run, context, seen) as page:
        try:
            page.goto(url, timeout=_PATIENCE)
        except Error as error:
            reason = str(error).splitlines()[0]
            run.book.open("browser", f"Chromium does not open {urlsplit(url).path}: {reason}", "see that the page can be opened")
            return
        for number, form in enumerate(forms):
            filled = fill(form, run.mint)
            run.book.canaries += filled.canaries
            place = page.locator("form").nth(number)
            for canary in filled.canaries:
                field = place.locator(f'[name="{canary.name}"]').first
                if field.is_visible():  # another one takes nothing
                    _write(run, url, field, canary)
        _settle(page)
        stored = str(page.evaluate(_STORED))
    _judge_stored(run, url, stored)
    _judge_requests(run, url, seen)


def _settle(page: Page) -> None:
    """Wait until scripts have done what they do after an input; when they lead to another page, until that one has."""
    from playwright.sync_api import Error

    for _ in range(2):
        try:
            page.evaluate(_SETTLED, [_LAST, _SETTLING, _PATIENCE])
        except Error:  # the page is left meanwhile
            continue
        return


def _write(run: Setting, url: str, field: Locator, canary: Canary) -> None:
    from playwright.sync_api import Error

    try:
        field.fill(canary.text, timeout=_PATIENCE)
    except Error as error:
        path, reason = urlsplit(url).path, str(error).splitlines()[0]
        run.book.open("browser", f"Chromium cannot fill in {canary.name} of {path}: {reason}", "see that a visitor can")


def _judge_stored(run: Setting, url: str, stored: str) -> None:
    for sighting in run.book.finder().sightings(stored):
        run.book.leak(
            "browser-storage",
            f"a script keeps the {sighting.canary.label or 'value'} from {sighting.canary.planted} in the browser's storage",
            rule="secret-in-browser-storage",
            channel=Channel.BROWSER_STORAGE.value,
            label=sighting.canary.label,
            form=sighting.form,
            missing=("server-side",),
            request=run.book.sent("GET", url, planted=sighting.canary.planted),
            remedy="keep it in the session on the server",
        )


def _judge_requests(run: Setting, url: str, seen: list[tuple[str, str, str]]) -> None:
    own = urlsplit(run.start).hostname
    for address, referer, body in seen:
        parts = urlsplit(address)
        if run.is_secure and parts.scheme in {"http", "ws"} and is_safe_host(address) != "loopback":
            run.book.leak(
                "mixed-content",
                f"{urlsplit(url).path} makes the browser ask {parts.hostname} in clear",
                rule="mixed-content",
                channel=Channel.PAGE.value,
                missing=("https",),
                request=run.book.sent("GET", url),
                evidence=run.book.masked(address)[:200],
            )
        if parts.scheme not in {"http", "https", "ws", "wss"} or parts.hostname == own:
            continue
        for place, text in (("the address of a request", address), ("the Referer of a request", referer), ("a request", body)):
            for sighting in run.book.finder().sightings(text) if text else []:
                run.book.leak(
                    "browser-requests",
                    f"the {sighting.canary.label or 'value'} from {sighting.canary.planted} is in {place} to {parts.hostname}",
                    rule="leaky-referrer-policy" if "Referer" in place else "secret-to-third-party",
                    channel=Channel.THIRD_PARTY.value,
                    label=sighting.canary.label,
                    form=sighting.form,
                    missing=("masked",),
                    request=run.book.sent("GET", url, planted=sighting.canary.planted),
                    remedy="send nothing that a visitor writes to another site before he sends it himself",
                )
