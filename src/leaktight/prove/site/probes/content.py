"""What pages make a browser do: load in clear, send in clear, and tell other sites."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from leaktight.policy import Channel, is_safe_host
from leaktight.prove.site.observatory.scripts import registrable
from leaktight.prove.site.probes.setting import Setting

_PASSIVE = frozenset({"img", "audio", "video", "source", "track"})


def probe_content(run: Setting) -> None:
    """Judge every page that was walked."""
    host = urlsplit(run.start).hostname or ""
    others: Counter[str] = Counter()
    pages = 0
    for _, walk in run.walks:
        for answer, page in walk.pages:
            pages += 1
            if answer.is_secure:
                _judge_loads(run, page.url, page.loads)
                for form in page.forms:
                    if urlsplit(form.action).scheme == "http":
                        run.book.leak(
                            "mixed-content",
                            f"a form of {urlsplit(page.url).path} is sent over plain HTTP",
                            rule="cleartext-form-action",
                            channel=Channel.REQUEST_BODY.value,
                            missing=("https",),
                            request=run.book.sent("GET", page.url),
                            evidence=f"action {run.book.masked(form.action)}",
                            remedy="write an https:// address, or one without a host",
                        )
            for _, address in page.loads:
                other = urlsplit(address).hostname or ""
                if other != host and not _is_one_site(other, host):
                    others[other] += 1
                    _judge_third_party(run, page.url, address)
    if pages and run.is_secure and not run.book.leaks("mixed-content"):
        run.book.tight("mixed-content", f"{pages} pages load and send over HTTPS only", channel="page")
    if pages and not run.book.leaks("third-party"):
        what = "none is told a planted value" if others else "there is none"
        run.book.tight(
            "third-party", f"{len(others)} other sites are asked for resources by {pages} pages: {what}", channel="third-party"
        )
    if others:
        run.book.notes.append("pages load from other sites: " + ", ".join(sorted(others)[:10]))


def _is_one_site(one: str, other: str) -> bool:
    return registrable(one) is not None and registrable(one) == registrable(other)


def _judge_loads(run: Setting, url: str, loads: list[tuple[str, str]]) -> None:
    for tag, address in loads:
        if urlsplit(address).scheme != "http" or is_safe_host(address) == "loopback":
            continue
        kind = "" if tag in _PASSIVE else ", and whoever is on the way decides what runs in the page"
        run.book.leak(
            "mixed-content",
            f"{urlsplit(url).path} loads <{tag}> over plain HTTP{kind}",
            rule="mixed-content",
            channel=Channel.PAGE.value,
            missing=("https",),
            request=run.book.sent("GET", url),
            evidence=run.book.masked(address)[:200],
            remedy="write an https:// address",
        )


def _judge_third_party(run: Setting, page: str, address: str) -> None:
    for sighting in run.book.finder().sightings(address):
        run.book.leak(
            "third-party",
            f"the {sighting.canary.label or 'value'} from {sighting.canary.planted} is in an address that a page loads from another site",
            rule="secret-to-third-party",
            channel=Channel.THIRD_PARTY.value,
            label=sighting.canary.label,
            form=sighting.form,
            missing=("masked",),
            request=run.book.sent("GET", page, planted=sighting.canary.planted),
            evidence=run.book.masked(sighting.line),
        )
