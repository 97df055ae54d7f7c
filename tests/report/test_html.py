"""The HTML report: one file that loads nothing, runs nothing, and can be read by everyone."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from report.samples import CLEAN, ODD, RESULT, RULES, TRACED, finding, sources

from leaktight.model import Result, Severity, Span, Step
from leaktight.report import decide, render_html
from leaktight.report.html_map import draw_map, ways
from leaktight.report.html_source import excerpt

RESULTS = pytest.mark.parametrize("result", [RESULT, CLEAN, ODD], ids=["result", "clean", "odd"])
VOID = {"meta", "br", "input", "img", "link", "rect", "path"}


class Tags(HTMLParser):
    """The elements of a page with their attributes, and what is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(result: Result = RESULT) -> str:
    outcome = decide(result, fail_on=Severity.MEDIUM)
    return render_html(result, outcome, rules=RULES, sources=sources, version="1.2.3")


@RESULTS
def test_it_loads_and_runs_nothing(result: Result):
    text = page(result)
    tags = Tags(text)
    assert not {tag for tag, _ in tags.tags} & {"script", "link", "img", "iframe", "object", "form", "base"}
    for _, attributes in tags.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on") or name == "src"]
        assert (attributes.get("href") or "#").startswith("#")
    assert "default-src 'none'" in text
    assert "unsafe" not in text.partition("<style>")[0]
    assert not re.search(r"url\(|@import|https?://", text.partition("<style>")[2].partition("</style>")[0])


@RESULTS
def test_it_is_well_formed_and_its_links_lead_somewhere(result: Result):
    tags = Tags(page(result))
    assert (tags.open, tags.crossed) == ([], [])
    ids = [attributes["id"] for _, attributes in tags.tags if "id" in attributes]
    assert not [name for name, number in Counter(ids).items() if number > 1]
    targets = {(attributes["href"] or "")[1:] for _, attributes in tags.tags if "href" in attributes}
    assert targets <= set(ids)


@RESULTS
def test_it_can_be_read_aloud(result: Result):
    tags = Tags(page(result)).tags
    names = [tag for tag, _ in tags]
    assert names.count("h1") == names.count("main") == 1
    assert dict(tags)["html"]["lang"] == "en"
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")
    assert names.count("caption") == names.count("table")
    for tag, attributes in tags:
        if attributes.get("tabindex") == "0" and tag == "div":
            assert attributes["aria-label"]


def test_it_says_what_was_found_where_and_what_to_do():
    text = " ".join(Tags(page()).texts)
    for words in (
        "3 findings: 1 high, 1 medium, 1 low.",
        "password reset token is written to the log",
        "accounts/views.py:15",
        "token goes into the URL",
        "pass secure=True (safe)",
        "the page shows it",
        "not Python: invalid syntax",
    ):
        assert words in " ".join(text.split()), words


def test_nothing_found_is_said_with_what_was_looked_at():
    text = page(CLEAN)
    assert "<h1>Nothing sensitive was found to leave unprotected.</h1>" in text
    assert "<svg" not in text
    assert "31,415 lines" in text


def test_silence_with_gaps_is_not_praised():
    text = page(replace(CLEAN, gaps=RESULT.gaps))
    assert "<h1>Nothing was found, but not everything could be looked at.</h1>" in text


def test_text_of_the_project_is_no_markup():
    text = page(ODD)
    assert "<b>message</b>" not in text
    assert "&lt;b&gt;message&lt;/b&gt;" in text


def test_claimed_findings_are_told_as_claims_only():
    text = page()
    assert "scripts can read the cookie" not in text
    assert "cookie-without-http-only" in text


# -- source code -------------------------------------------------------------------------------


def test_values_are_masked_and_the_place_is_marked():
    lines = ['API_KEY = "hunter2-not-so-secret"', "log(API_KEY)"]
    shown = excerpt(lines, Span("a.py", 2, 5, 2, 12), around=1)
    assert "hunter2" not in shown
    assert "<mark>API_KEY</mark>" in shown


def test_masked_values_stay_masked_inside_the_marked_place():
    shown = excerpt(['send(password="hunter2 and more")'], Span("a.py", 1, 6, 1, 33))
    assert "hunter2" not in shown
    assert "•••" in shown


@pytest.mark.parametrize("line", ["x = '<b>&amp;'", "\tif x:  # <script>", "'unclosed", "{% x %}<a b='c'>", ""])
def test_the_text_of_a_line_is_kept(line: str):
    shown = excerpt([line], Span("a.html" if "%" in line else "a.py", 1, 1, 1, 3))
    text = "".join(Tags(shown).texts)
    assert text.strip().removeprefix("1").strip() == line.strip()


def test_a_place_that_is_gone_is_left_out():
    assert excerpt(None, Span("a.py", 1, 1, 1, 2)) == ""
    assert excerpt(["x"], Span("a.py", 7, 1, 7, 2)) == ""


# -- map ---------------------------------------------------------------------------------------


def test_the_map_has_a_node_for_each_label_place_and_channel():
    found = [finding(), TRACED, finding(span=Span("shop/a.py", 1, 1, 1, 2), label=None, channel="connection")]
    drawn = draw_map(found, {})
    assert {(way.label, way.place, way.channel) for way in ways(found)} == {
        ("email", "accounts/views.py", "cookie"),
        ("token", "accounts/views.py", "log"),
        ("any data", "shop/a.py", "connection"),
    }
    for name in ("email", "token", "any data", "accounts/views.py", "shop/a.py", "cookie", "log", "connection"):
        assert f"{name} " in drawn
    assert drawn.count('class="band') == 6


def test_many_files_are_gathered_in_folders():
    found = [finding(span=Span(f"app{number % 3}/views/v{number}.py", 1, 1, 1, 2)) for number in range(40)]
    assert {way.place for way in ways(found)} == {"app0/views", "app1/views", "app2/views"}
    many = [finding(span=Span(f"app{number}/views.py", 1, 1, 1, 2)) for number in range(40)]
    assert len({way.place for way in ways(many)}) == 14
    assert "elsewhere" in {way.place for way in ways(many)}


def test_bands_fill_their_nodes_exactly():
    found = [finding(label=label, channel=channel) for label in ("email", "token", "name") for channel in ("log", "mail", "page")]
    drawn = draw_map(found, {})
    heights = [float(value) for value in re.findall(r'<rect [^>]*height="([\d.]+)"', drawn)]
    assert len(heights) == 7
    assert heights[3] == pytest.approx(sum(heights[:3]), abs=0.5)


# -- in a browser ------------------------------------------------------------------------------


def test_a_browser_shows_it_without_network_and_script(tmp_path: Path):
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    flow = tuple(Step(Span("accounts/views.py", number, 1, number, 4), f"step {number}") for number in range(1, 20))
    file = tmp_path / "report.html"
    file.write_text(page(replace(RESULT, findings=(*RESULT.findings, finding(flow=flow)))), "utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium)
        context = browser.new_context(java_script_enabled=False, offline=True, viewport={"width": 360, "height": 800})
        tab = context.new_page()
        said: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("request", lambda request: said.append(request.url))
        tab.goto(file.as_uri())
        assert said == [file.as_uri()]
        assert tab.locator("h1").inner_text().startswith("4 findings")
        assert tab.locator("svg .band").first.bounding_box()["width"] > 100
        width = tab.locator("body").bounding_box()["width"]
        assert width <= 360
        closed = tab.locator("details.finding:not([open])").first
        closed.locator("> summary").focus()
        tab.keyboard.press("Enter")
        assert closed.count() == 0 or tab.locator("details.finding[open]").count() == 4
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_bars_people_from_it(tmp_path: Path, scheme: str):
    """With everything unfolded; the page forbids scripts, so its policy is set aside for this one."""
    from playwright.sync_api import sync_playwright

    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    ask = "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    many = tuple(finding(span=Span(f"app{number}/views.py", 1, 1, 1, 2)) for number in range(60))
    file = tmp_path / "report.html"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium)
        tab = browser.new_context(color_scheme=scheme, bypass_csp=True, offline=True).new_page()

        def barred(text: str) -> list[str]:
            file.write_text(text, "utf-8")
            tab.goto(file.as_uri())
            tab.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
            tab.add_script_tag(content=axe)
            return [f"{item['id']}: {item['nodes'][0]['html']}" for item in tab.evaluate(ask)["violations"]]

        whole = page(replace(RESULT, findings=(*RESULT.findings, *many)))
        assert barred(whole) == []
        assert [said.partition(":")[0] for said in barred(whole.replace("<html lang=", "<html x="))] == ["html-has-lang"]
        browser.close()


def test_the_page_itself_is_small():
    assert len(page(CLEAN).encode()) < 20_000
