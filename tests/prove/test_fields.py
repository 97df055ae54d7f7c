"""What forms are given: a time that every clock shows once."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.forms import DateTimeField
from django.utils import timezone

from leaktight.prove.project.fields import soon

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2027-03-28 00:30", BERLIN, "2027-03-28 01:30"),
        ("2027-03-28 01:30", BERLIN, "2027-03-28 03:30"),  # it goes from 02:00 to 03:00
        ("2027-10-31 01:30", BERLIN, "2027-10-31 03:30"),  # 02:30 comes twice
        ("2027-03-28 01:30", None, "2027-03-28 02:30"),
    ],
)
def test_a_form_takes_the_time_in_an_hour_when_clocks_are_changed(now, zone, expected):
    found = soon(datetime.datetime.fromisoformat(now), zone)
    assert f"{found:%Y-%m-%d %H:%M}" == expected
    with timezone.override(zone):
        assert DateTimeField().clean(f"{found:%Y-%m-%d %H:%M:%S}")
