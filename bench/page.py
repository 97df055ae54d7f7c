"""Open an HTML report as a reader may: network and JavaScript off, light, dark, printed, narrow, wide; and ask axe what bars people from it.

`bench/page.py REPORT.html FOLDER [AXE.js]` writes pictures into the folder and prints what was asked for over the network (nothing may
be), the size, and what axe (`npm i axe-core`, its `axe.min.js`) found. Ends with status 1 for a request or a violation.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

SIZES = {"narrow": (360, 740), "wide": (1280, 900), "broad": (1920, 1080)}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def main() -> int:
    """Take the pictures, ask axe, and tell."""
    page_file, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        asked = pictures(browser, page_file, folder)
        violations = [text for scheme in SCHEMES for text in axe(browser, page_file, scheme)] if len(sys.argv) > 3 else []
        browser.close()
    print(f"{page_file.name}: {page_file.stat().st_size:,} bytes, {len(asked)} requests, {len(violations)} violations")
    print("\n".join([*asked, *violations]))
    return int(bool(asked or violations))


def pictures(browser: Browser, file: Path, folder: Path) -> list[str]:
    """Take pictures without network and JavaScript; give the addresses that were asked for nevertheless."""
    asked: list[str] = []
    for scheme in SCHEMES:
        for name, (width, height) in SIZES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=False, offline=True
            )
            page = context.new_page()
            page.on("request", lambda request: None if request.url.startswith("file:") else asked.append(request.url))
            page.goto(file.as_uri())
            page.screenshot(path=folder / f"{scheme}-{name}.png")
            page.screenshot(
                path=folder / f"{scheme}-{name}-whole.png", full_page=True, clip={"x": 0, "y": 0, "width": width, "height": 3000}
            )
            if scheme == "light" and name == "wide":
                page.emulate_media(media="print")
                page.pdf(path=folder / "print.pdf", format="A4", print_background=False)
            context.close()
    return asked


def axe(browser: Browser, file: Path, scheme: Scheme) -> list[str]:
    """Give what axe finds with everything unfolded; the page forbids scripts, so its policy is set aside for this one."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme, bypass_csp=True, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    page.add_script_tag(content=Path(sys.argv[3]).read_text("utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES)
    context.close()
    return [
        f"{scheme}: {item['id']} ({item['impact']}): {item['help']}: {item['nodes'][0]['html'][:200]} and {len(item['nodes']) - 1} more"
        for item in found["violations"]
    ]


if __name__ == "__main__":
    sys.exit(main())
