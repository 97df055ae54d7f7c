"""The demand table is whole, and says what it must for the cases everything else rests on."""

from __future__ import annotations

import pytest

from leaktight.policy import LABELS, Channel, Label, LabelKind, Safeguard, demands
from leaktight.policy.tables import table


@pytest.mark.parametrize("label", sorted(LABELS))
@pytest.mark.parametrize("channel", list(Channel))
def test_every_label_has_an_answer_on_every_channel(label: str, channel: Channel) -> None:
    assert demands(label, channel) <= set(Safeguard)


def test_every_safeguard_is_demanded_somewhere() -> None:
    assert {safeguard for label in LABELS for channel in Channel for safeguard in demands(label, channel)} == set(Safeguard)


def test_the_blocks_are_kinds_and_labels() -> None:
    rows = table("demands")
    assert rows.keys() == {"kind", "label"}
    assert rows["kind"].keys() == set(LabelKind)
    assert rows["label"].keys() <= LABELS.keys()
    assert all(row.keys() == set(Channel) for row in rows["kind"].values())
    assert all(row.keys() <= set(Channel) for row in rows["label"].values())


@pytest.mark.parametrize(
    ("label", "channel", "demanded"),
    [
        ("password", Channel.LOG, {Safeguard.MASKED}),
        ("password", Channel.DATABASE, {Safeguard.HASHED}),
        ("password", Channel.COOKIE, {Safeguard.HTTPS, Safeguard.SERVER_SIDE}),
        ("card", Channel.SESSION, {Safeguard.SERVER_SIDE, Safeguard.ENCRYPTED}),
        ("token", Channel.REQUEST_URL, {Safeguard.HTTPS, Safeguard.POST}),
        ("token", Channel.MAIL, {Safeguard.ONE_TIME, Safeguard.SHORT_LIVED}),
        ("email", Channel.MAIL, set()),
        ("email", Channel.DATABASE, set()),
        ("error-detail", Channel.RESPONSE_BODY, {Safeguard.MASKED}),
        ("error-detail", Channel.LOG, set()),
        ("request-data", Channel.LOG, {Safeguard.MASKED}),
        ("request-data", Channel.RESPONSE_BODY, set()),
        ("session-id", Channel.DATABASE, set()),
    ],
)
def test_what_is_demanded(label: str, channel: Channel, demanded: set[Safeguard]) -> None:
    assert demands(label, channel) == demanded


@pytest.mark.parametrize("label", [name for name, label in LABELS.items() if label.kind is not LabelKind.INTERNAL])
def test_no_sensitive_data_goes_over_the_wire_in_clear(label: str) -> None:
    for channel in (
        Channel.REQUEST_URL,
        Channel.REQUEST_BODY,
        Channel.RESPONSE_BODY,
        Channel.REDIRECT,
        Channel.COOKIE,
        Channel.PAGE,
    ):
        assert Safeguard.HTTPS in demands(label, channel)
    assert {Safeguard.HTTPS, Safeguard.VERIFIED_TLS} <= demands(label, Channel.OUTGOING_HTTP)


def test_a_label_of_the_project_is_judged_by_its_kind() -> None:
    own = Label("badge-number", LabelKind.SPECIAL, "badge number")
    assert all(demands(own, channel) == demands("government-id", channel) for channel in Channel)


def test_an_unknown_label_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        demands("unknown", Channel.LOG)
