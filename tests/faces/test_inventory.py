"""The inventory: every way out, protected or not, and what a change starts and stops."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]

VIEWS = """\
import logging

from django.contrib.auth.hashers import make_password


def login(request):
    logging.info("login %s", request.POST["password"])


def keep(request):
    logging.info("kept %s", make_password(request.POST["password"]))


def quiet(request):
    return len(request.POST)
"""


@pytest.fixture
def shop(project: Callable[[dict[str, str]], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    root = project({"manage.py": "", "shop/views.py": VIEWS})
    monkeypatch.chdir(root)
    return root


def ways(run: Run, *more: str) -> list[dict]:
    status, out, _ = run("inventory", "--format", "json", "--channel", "log", *more)
    assert status == 0
    return json.loads(out)["ways"]


def test_it_tells_protected_and_unprotected_ways(shop: Path, leaktight: Run):
    told = {way["line"]: way for way in ways(leaktight)}
    assert set(told) == {7, 11}
    assert (told[7]["label"], told[7]["state"], told[7]["missing"], told[7]["open"]) == ("password", "plain", ["masked"], True)
    assert (told[11]["state"], told[11]["missing"], told[11]["present"], told[11]["open"]) == ("hashed", [], ["masked"], False)
    assert told[7]["through"] == "logging.info"


def test_what_holds_nothing_sensitive_is_not_in_it(shop: Path, leaktight: Run):
    (shop / "shop/views.py").write_text("def quiet(request):\n    return len(request.POST)\n")
    assert ways(leaktight) == []


def test_text_and_markdown_name_label_channel_place_and_what_is_missing(shop: Path, leaktight: Run):
    for format_ in ("text", "markdown"):
        _, out, _ = leaktight("inventory", "--format", format_)
        for word in ("password", "log", "shop/views.py:7 !", "shop/views.py:11", "masked"):
            assert word in out, (format_, word)


def test_csv_has_a_row_for_each_way(shop: Path, leaktight: Run):
    _, out, _ = leaktight("inventory", "--format", "csv", "--channel", "log")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["line"], row["missing"], row["open"]) for row in rows] == [("7", "masked", "yes"), ("11", "", "no")]


def test_html_loads_nothing(shop: Path, leaktight: Run):
    _, out, _ = leaktight("inventory", "--format", "html")
    assert "default-src 'none'" in out
    assert "<td>password</td>" in out
    assert "<script" not in out


def test_a_change_is_told_in_plain_words(shop: Path, leaktight: Run, git: Callable[..., str]):
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    _, out, _ = leaktight("inventory", "--diff", "HEAD", "--channel", "log")
    assert out.startswith("nothing sensitive leaves in another way than in HEAD\n")
    changed = VIEWS.replace("return len(request.POST)", 'logging.info("paid with %s", request.POST["card_number"])')
    (shop / "shop/views.py").write_text(
        "# moved\n" + changed.replace('request.POST["password"])\n\n\ndef keep', '"x")\n\n\ndef keep')
    )
    _, out, _ = leaktight("inventory", "--diff", "HEAD", "--channel", "log")
    lines = out.splitlines()
    assert (
        lines[0]
        == "starts: card is written to the log through logging.info in shop.views.quiet (shop/views.py:16), without masked"
    )
    assert (
        lines[1]
        == "stops: password is written to the log through logging.info in shop.views.login (shop/views.py:7), without masked"
    )
    assert lines[2] == ""


def test_no_value_of_the_source_is_printed(shop: Path, leaktight: Run):
    (shop / "shop/views.py").write_text(
        'import logging\nPASSWORD = "hunter2-not-so-secret"\n\n\ndef x(request):\n    logging.info(PASSWORD)\n'
    )
    for format_ in ("text", "markdown", "csv", "json", "html"):
        _, out, err = leaktight("inventory", "--format", format_)
        assert "hunter2" not in out + err


def test_gaps_are_told_and_end_with_3(shop: Path, leaktight: Run):
    (shop / "shop/broken.py").write_text("def (:\n")
    status, out, err = leaktight("inventory")
    assert status == 3
    assert "not analysed: shop/broken.py" in out
    assert err.startswith("exit status 3: ")
    assert leaktight("inventory", "--allow-gaps")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--label", "pasword"], 'did you mean "password"?'),
        (["--diff", "nowhere"], "this is no git repository"),
        (["elsewhere"], "no file or folder"),
    ],
)
def test_wrong_use(shop: Path, leaktight: Run, arguments: list[str], said: str):
    status, out, err = leaktight("inventory", *arguments)
    assert (status, out) == (2, "")
    assert said in err or "git knows no revision" in err
