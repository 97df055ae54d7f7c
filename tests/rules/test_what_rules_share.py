"""The small judgements rules share: wording, trusted origins, cache headers, names of cookies."""

from __future__ import annotations

import pytest

from leaktight.policy import LABELS
from leaktight.project import Project
from leaktight.project.symbols import Program
from leaktight.rules.cookies.flags import signs_in
from leaktight.rules.requests.exemptions import trusts_everybody
from leaktight.rules.responses.caching import directives
from leaktight.rules.wording import an

PROJECT = Project(Program.of({}))


@pytest.mark.parametrize(
    ("label", "words"),
    [("password", "a password"), ("email", "an e-mail address"), ("card", "card data"), ("our-own", "an our own")],
)
def test_labels_are_spoken_of_with_their_article(label: str, words: str) -> None:
    assert an(label) == words


def test_every_label_has_words() -> None:
    assert all(an(label) for label in LABELS)


@pytest.mark.parametrize(
    "origin", ["*", "https://*", "https://*.com", "http://partner.harbour-goods.com", "http://*.harbour-goods.com"]
)
def test_origins_that_trust_too_many(origin: str) -> None:
    assert trusts_everybody(origin)


@pytest.mark.parametrize(
    "origin", ["https://shop.harbour-goods.com", "https://*.harbour-goods.com", "http://localhost:3000", "harbour-goods.com"]
)
def test_origins_that_can_be_trusted(origin: str) -> None:
    assert trusts_everybody(origin) is None


def test_a_lifetime_of_nothing_is_none() -> None:
    assert directives("public, max-age=60") == {"public", "max-age"}
    assert directives("Max-Age=0, s-maxage = 0, No-Store") == {"no-store"}


@pytest.mark.parametrize(
    "name", ["sessionid", "session", "session_id", "auth", "authToken", "jwt", "remember_me", "__Host-sso", "access_token"]
)
def test_cookies_that_sign_somebody_in(name: str) -> None:
    assert signs_in(PROJECT, name)


@pytest.mark.parametrize(
    "name", ["", "language", "csrftoken", "XSRF-TOKEN", "session_expired", "auth_hint", "theme", "token_type", "page_token"]
)
def test_cookies_that_do_not(name: str) -> None:
    assert not signs_in(PROJECT, name)
