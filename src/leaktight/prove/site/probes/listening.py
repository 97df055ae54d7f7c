"""The wire itself: what an eavesdropper has after the whole run, and what becomes of a changed byte."""

from __future__ import annotations

from urllib.parse import urlsplit

from leaktight.policy import Channel
from leaktight.prove.relay import Relay, Relays
from leaktight.prove.site.probes.setting import Setting
from leaktight.prove.site.wire import NoAnswer, Wire

_PORTS = {"http": 80, "https": 443}


def _place(run: Setting) -> tuple[str, int]:
    parts = urlsplit(run.start)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme]


def probe_eavesdropper(run: Setting, relays: Relays) -> None:
    """Look for every canary, and for what the site answered, in every byte that went to the site and came back."""
    relay = relays.made.get(_place(run))
    if relay is None or not relay.to_client:
        run.book.open("eavesdropper", "nothing went over the wire", "see that the site is running")
        return
    size = len(relay.to_server) + len(relay.to_client)
    sightings = run.book.finder().sightings(relay.recorded)
    for sighting in sightings:
        label = sighting.canary.label
        run.book.leak(
            "eavesdropper",
            f"whoever listens on the wire reads the {label or 'value'} from {sighting.canary.planted}",
            rule="https-not-enforced",
            channel=Channel.REQUEST_BODY.value,
            label=label,
            form=sighting.form,
            missing=("https",),
            request=run.book.sent("POST", run.start, planted=sighting.canary.planted),
            evidence=run.book.masked(sighting.line)[:160],
        )
    readable = _readable_page(run, bytes(relay.to_client))
    if readable:
        run.book.leak(
            "eavesdropper",
            f"whoever listens on the wire reads what {readable} says",
            rule="https-not-enforced",
            channel=Channel.RESPONSE_BODY.value,
            missing=("https",),
            request=run.book.sent("GET", run.start),
            evidence=f"{len(relay.to_client)} bytes of answers, readable as they are",
            remedy="serve the site over HTTPS only",
        )
    if not sightings and not readable:
        run.book.tight(
            "eavesdropper",
            f"{size} bytes on the wire hold none of {len(run.book.canaries)} planted values, and no page that can be read",
            channel=Channel.REQUEST_BODY.value,
        )


def _readable_page(run: Setting, recorded: bytes) -> str:
    """Return the path of an answer whose body stands in the record as it is; empty if none does."""
    for exchange in run.seen:
        answer = exchange.answer
        if answer.status == 200 and len(answer.body) >= 20 and answer.body[:2000] in recorded:
            return run.book.masked(urlsplit(answer.url).path or "/")
    return ""


def probe_tamperer(run: Setting, *, ca_file: str | None) -> None:
    """Change one byte of an answer on its way, and see whether the client is told something else or nothing at all."""
    host, port = _place(run)
    said: bytes | None = None

    def change(data: bytes) -> bytes:
        """Change one byte: in clear one of the body, where it is no matter of the protocol; in TLS any."""
        if said is None or len(data) < 8:
            return data
        at = len(data) - 3 if run.is_secure else data.find(said[-20:]) if said else -1
        return data if at < 0 else data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    relay = Relay(port, change, host=host)
    wire = Wire(run.wire.limits, ca_file=ca_file, through=lambda _host, _port: ("127.0.0.1", relay.port))
    about = {"channel": Channel.RESPONSE_BODY.value, "request": run.book.sent("GET", run.start)}
    try:
        before = wire.send("GET", run.start, verify=run.verify)
        said = before.body
        after = wire.send("GET", run.start, verify=run.verify)
    except NoAnswer:
        if said is not None:
            run.book.tight("tamperer", "a changed byte ends the connection: nothing false is taken for the site's word", **about)
        else:
            run.book.open("tamperer", "the site gave no answer to be changed", "see that the site is running")
    else:
        if not run.is_secure and not run.has_said_anything:
            return
        missing = ("https", "verified-tls")
        run.book.leak(
            "tamperer",
            "whoever is on the way changes what the site says, and nobody notices",
            rule="https-not-enforced",
            missing=missing,
            evidence=f"one byte of {len(after.body)} was changed and arrived"
            if after.body != before.body
            else "a changed byte arrived",
            remedy="serve the site over HTTPS only",
            **about,
        )
    finally:
        wire.close()
        relay.close()
