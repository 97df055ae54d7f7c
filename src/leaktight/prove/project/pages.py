"""Rendered pages: what a browser would load or send in clear, and what it would tell other sites in an address."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from leaktight.model import CodePlace, Tightness, Verdict
from leaktight.policy import Channel, Safeguard, is_safe_host
from leaktight.prove.page import read_page
from leaktight.prove.project.asking import Answer
from leaktight.prove.project.judging import Judge
from leaktight.prove.project.places import OwnCode
from leaktight.prove.project.watch import Arrival

_PASSIVE = frozenset({"img", "audio", "video", "source", "track"})
_MOST_SHOWN = 120


def judge_page(judge: Judge, answer: Answer) -> int:
    """Judge what a page makes a browser do; return how many leaks that showed. A page served in clear is not mixed: it is judged as such."""
    kind = answer.response.headers.get("Content-Type", "").partition(";")[0]
    if kind != "text/html" or not answer.secure or answer.status >= 400 or b"://" not in answer.body:
        return 0
    own = urlsplit(f"https://{answer.response.wsgi_request.get_host()}").hostname or ""
    page = read_page(f"https://{own}{answer.draft.address}", answer.body.decode("utf-8", "replace"))
    count = 0
    for verdict in _in_clear(judge, answer, page.loads, [form.action for form in page.forms]):
        count += judge.keep(verdict)
    for _, address in page.loads:
        parts = urlsplit(address)
        if parts.scheme in {"http", "https"} and parts.hostname != own:
            arrival = Arrival(Channel.THIRD_PARTY, address, f"an address the page loads from {parts.hostname}", None)
            count += judge.arrived(answer, arrival)
    return count


def _in_clear(judge: Judge, answer: Answer, loads: list[tuple[str, str]], actions: list[str]) -> Iterator[Verdict]:
    for tag, address in loads:
        if _is_clear(address):
            worse = "" if tag in _PASSIVE else ": whoever is on the way decides what runs in it"
            yield _verdict(judge, answer, f"the page loads <{tag}> over plain HTTP{worse}", "mixed-content", address)
    for action in actions:
        if _is_clear(action):
            yield _verdict(judge, answer, "a form of the page is sent over plain HTTP", "cleartext-form-action", action)


def _is_clear(address: str) -> bool:
    return urlsplit(address).scheme == "http" and is_safe_host(address) != "loopback"


def _verdict(judge: Judge, answer: Answer, message: str, rule: str, address: str) -> Verdict:
    parts = urlsplit(address)
    return Verdict(
        Tightness.LEAKING,
        message,
        rule=rule,
        channel=Channel.PAGE if rule == "mixed-content" else Channel.REQUEST_BODY,
        missing=(Safeguard.HTTPS,),
        request=answer.draft.sent(answer.role),
        evidence=f"http://{parts.netloc.rpartition('@')[2]}{parts.path}"[:_MOST_SHOWN],
        place=_written(judge.code, answer, f"http://{parts.netloc}") or judge.code.of(answer.draft.endpoint.view),
        remedy="Write an https:// address, or one without a host.",
        reproduction=answer.draft.curl(),
    )


def _written(code: OwnCode, answer: Answer, address: str) -> CodePlace | None:
    """Return the line of the project's templates that names an address."""
    for template in getattr(answer.response, "templates", None) or ():
        name = str(getattr(getattr(template, "origin", None), "name", "") or "")
        if path := code.path_of(name):
            for number, line in enumerate(_lines(name), 1):
                if address in line:
                    return CodePlace(path, number)
    return None


@lru_cache(maxsize=512)
def _lines(file: str) -> tuple[str, ...]:
    try:
        return tuple(Path(file).read_text("utf-8", "replace").splitlines())
    except OSError:
        return ()
