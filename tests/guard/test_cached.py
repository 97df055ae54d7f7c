"""Caches: unguarded the value lies in them, guarded it does not, in any encoding."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.http import HttpResponse
from django.template import Context, Template
from django.test import override_settings
from guardsite.exposure import holds
from guardsite.outlets import CANARY, knowing, without
from guardsite.views_going import ENCODINGS

from leaktight.guard.incidents import leak_found
from leaktight.guard.outlets import cache as cache_outlet


@pytest.fixture(autouse=True)
def _own_place() -> Iterator[None]:
    place = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "cached"}
    with override_settings(CACHES={"default": place}):
        cache.clear()
        yield


TEMPLATE = Template("{% load cache %}{% cache 60 part %}<p>{{ card }}</p>{% endcache %}")
STORE: dict[str, Callable[[str], Any]] = {
    "set": lambda v: cache.set("k", v),
    "add": lambda v: cache.add("k", v),
    "get_or_set": lambda v: cache.get_or_set("k", v),
    "set_many": lambda v: cache.set_many({"k": v, "other": "fine"}),
    "a dictionary": lambda v: cache.set("k", {"a": [v]}),
    "bytes": lambda v: cache.set("k", v.encode()),
    "a response": lambda v: cache.set("k", HttpResponse(f"<p>{v}</p>")),
    "a part of a page": lambda v: TEMPLATE.render(Context({"card": v})),
    "async": lambda v: asyncio.run(caches["default"].aset("k", v)),
}


def _stored() -> bytes:
    return b"".join(caches["default"]._cache.values())  # type: ignore[attr-defined]


@pytest.mark.parametrize("way", STORE)
@pytest.mark.parametrize("encoding", ["plain", "base64", "hex", "json", "percent"])
def test_no_value_lies_in_a_cache(way: str, encoding: str) -> None:
    text = ENCODINGS[encoding](CANARY)
    heard: list[str] = []

    def listen(incident: Any, **_: Any) -> None:
        heard.append(str(incident.channel))

    with without(cache_outlet), knowing():
        STORE[way](text)
        assert holds(_stored(), CANARY)
        cache.clear()
    leak_found.connect(listen)
    try:
        with knowing():
            STORE[way](text)
    finally:
        leak_found.disconnect(listen)
    assert not holds(_stored(), CANARY)
    assert heard
    assert set(heard) == {"cache"}


def test_what_holds_no_value_is_cached() -> None:
    with knowing():
        cache.set("k", "fine")
        assert cache.add("l", "fine")
        cache.set_many({"k": CANARY, "m": "fine"})
        assert cache.get_or_set("n", CANARY) == CANARY
    assert [cache.get(key) for key in "klmn"] == ["fine", "fine", "fine", None]
    with override_settings(LEAKTIGHT={"MODES": {"cache": "report"}}), knowing():
        cache.set("k", CANARY)
    assert cache.get("k") == CANARY
