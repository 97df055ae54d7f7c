"""Ten thousand clean requests, seeded: pages as sites have them, and values that stand in them by chance or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import string
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from leaktight.guard.incidents import leak_found
from leaktight.guard.middleware import GuardMiddleware
from leaktight.guard.outlets.masking import Mask
from leaktight.guard.values.common import _common_passwords
from leaktight.guard.values.registry import Registry, watched
from leaktight.policy import Channel

WORDS = (
    "account address agree amount appointment basket billing cancel card change city clinic code complete confirm contact country "
    "customer date delivery details doctor email enter expires family file first form give health help history home house invoice last "
    "leave letter list login member message mobile monday month name needed network note number office open order page paid password "
    "patient pay payment person phone picture place please postcode price print profile question read receipt record report request "
    "result review save search secret security select send session shop show sign start state status street support table thank time "
    "token total update user value view visit week welcome world write year your"
).split()


def _number(chance: random.Random) -> str:
    kinds: list[Callable[[], str]] = [
        lambda: f"{chance.randint(1, 999)}.{chance.randint(0, 99):02}",
        lambda: f"20{chance.randint(10, 29)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        lambda: f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}",
        lambda: str(chance.randint(1000, 9999)),
        lambda: f"{chance.randint(0, 999_999):06}",
    ]
    return chance.choice(kinds)()


def _code(chance: random.Random) -> str:
    data = chance.randbytes(24)
    kinds: list[Callable[[], str]] = [
        lambda: str(uuid.UUID(bytes=data[:16])),
        lambda: hashlib.sha256(data).hexdigest(),
        lambda: base64.b64encode(data).decode(),
        lambda: f"csrf-{base64.urlsafe_b64encode(data).decode()}",
        lambda: f"#{data[:3].hex()}",
    ]
    return chance.choice(kinds)()


def _page(chance: random.Random) -> str:
    """A page as sites have them: sentences, numbers, forms that ask for sensitive things, codes in attributes, data in scripts."""
    parts = ["<!doctype html><title>" + " ".join(chance.choices(WORDS, k=4)) + "</title>"]
    for _ in range(chance.randint(5, 40)):
        words = chance.choices(WORDS, k=12)
        words.insert(chance.randrange(12), _number(chance))
        field = chance.choice(["password", "card_number", "cvv", "pin", "email", "city", "iban"])
        parts.append(
            chance.choice(
                [
                    f"<p>{' '.join(words).capitalize()}.</p>",
                    f'<label for="{field}">{field.title()}</label> <input name="{field}" maxlength="{chance.randint(3, 19)}">',
                    f'<a href="/{words[0]}/{_number(chance)}/?page={chance.randint(1, 99)}" id="{_code(chance)}">{words[1]}</a>',
                    f"<script>var data = {json.dumps({words[0]: _number(chance), words[1]: [_code(chance), words[2]]})}</script>",
                    f"<td>{_number(chance)}</td><td>{_number(chance)}</td>",
                    f'<img src="data:image/png;base64,{base64.b64encode(chance.randbytes(90)).decode()}" alt="{words[3]}">',
                ]
            )
        )
    return "\n".join(parts)


CHANCE = random.Random("clean pages")
MOST_USED = sorted(_common_passwords())
PAGES = [_page(CHANCE) for _ in range(300)]


def long(chance: random.Random) -> dict[str, str]:
    """Values of eight characters and more: what password managers make, phrases, card numbers and names of accounts."""
    letters = string.ascii_letters + string.digits
    kinds: list[Callable[[], dict[str, str]]] = [
        lambda: {"password": "".join(chance.choices(letters + "!?-_%&", k=chance.randint(8, 24)))},
        lambda: {"password": "-".join(chance.choices(WORDS, k=4))},
        lambda: {"card_number": "".join(chance.choices(string.digits, k=16))},
        lambda: {"iban": "DE" + "".join(chance.choices(string.digits, k=20))},
        lambda: {"api_key": chance.randbytes(chance.randint(4, 20)).hex()},
        lambda: {"password": "".join(chance.choices(string.digits, k=8))},
    ]
    return chance.choice(kinds)()


def short(chance: random.Random) -> dict[str, str]:
    return {chance.choice(["cvv", "pin"]): f"{chance.randint(0, 9999):04}"}


def word(chance: random.Random) -> dict[str, str]:
    """A password of the twenty thousand that are used most, most often one that stands in the pages, too."""
    common = [word for word in WORDS if len(word) > 2]
    return {"password": chance.choice(common if chance.random() < 0.7 else MOST_USED)}


@contextmanager
def counting() -> Iterator[list[Any]]:
    heard: list[Any] = []

    def listen(incident: Any, **_: Any) -> None:
        heard.append(incident)

    leak_found.connect(listen)
    try:
        yield heard
    finally:
        leak_found.disconnect(listen)


class Outcome(NamedTuple):
    """Of many clean requests: how many the guard changed or told of, and in how many the value stood in the page by chance."""

    alarms: int
    by_chance: int


def ask(give: Callable[[random.Random], dict[str, str]], requests: int) -> Outcome:
    """Send clean requests through the guard, always the same ones for a way to make values."""
    chance, make = random.Random(give.__name__), RequestFactory()
    page = [""]

    def view(request: HttpRequest) -> HttpResponse:
        assert request.POST
        response = HttpResponse(page[0], headers={"X-Request-Id": page[0][-36:].replace("\n", " ")})
        response.set_cookie("seen", str(len(page[0])))
        return response

    guarded = GuardMiddleware(view)
    changed = by_chance = 0
    with counting() as heard:
        for _ in range(requests):
            posted = give(chance)
            page[0] = chance.choice(PAGES)
            while _stands_behind_its_name(posted, page[0]):  # that is no clean page
                page[0] = chance.choice(PAGES)
            by_chance += any(value in page[0] for value in posted.values())
            response: Any = guarded(make.post("/nowhere/", {**posted, "city": "Berlin"}, secure=True))
            changed += response.content != page[0].encode() or "seen" not in response.cookies
    return Outcome(max(changed, len(heard)), by_chance)


def write(lines: int) -> Outcome:
    """Mask lines of a log of a request whose password is a plain word, always the same ones."""
    chance = random.Random("lines")
    changed = by_chance = 0
    with counting():
        for _ in range(lines):
            posted = word(chance)
            line = " ".join(chance.choices(WORDS, k=12)) + f" {chance.randint(1, 99_999)}."
            if _stands_behind_its_name(posted, line):
                continue
            by_chance += posted["password"] in line
            with watched(Registry()) as registry:
                registry.add(posted["password"], "password", "password")
                changed += Mask(Channel.LOG).text(line) != line
    return Outcome(changed, by_chance)


def _stands_behind_its_name(posted: dict[str, str], page: str) -> bool:
    """Tell whether a page names a word as what it is: `password … sunshine` as a whole word, a few words further on."""
    if "password" not in posted or not posted["password"].isalpha():
        return False
    return re.search(rf"password.{{0,60}}\b{re.escape(posted['password'])}\b", page, re.IGNORECASE | re.DOTALL) is not None
