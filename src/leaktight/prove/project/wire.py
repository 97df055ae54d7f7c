"""What an eavesdropper would see: the same request without TLS, and forged from another site."""

from __future__ import annotations

from django.conf import settings

from leaktight.model import Sent, Tightness, Verdict
from leaktight.policy import Channel, Safeguard
from leaktight.prove.project.asking import Answer, Asking
from leaktight.prove.project.draft import Draft
from leaktight.prove.project.learning import is_watched
from leaktight.prove.project.objects import Role

_SIGNED = {"secure": "cookie-without-secure", "httponly": "cookie-without-http-only", "samesite": "cookie-without-same-site"}


class Wire:
    """Gathers what is open to whoever stands between the browser and the site."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Verdict] = {}

    def note(self, answer: Answer) -> None:
        """Look at the cookie of the session: whoever has it is signed in."""
        morsel = answer.response.cookies.get(settings.SESSION_COOKIE_NAME)
        if morsel is None or not morsel.value:
            return
        for flag, rule in _SIGNED.items():
            value = str(morsel[flag])
            if value and value.lower() not in {"none", "false"}:
                continue
            missing = {"secure": Safeguard.SECURE_COOKIE, "httponly": Safeguard.HTTP_ONLY, "samesite": Safeguard.SAME_SITE}[flag]
            self._tell(
                rule,
                Verdict(
                    Tightness.LEAKING,
                    f"the cookie of the session is set without {missing}",
                    rule=rule,
                    channel=Channel.COOKIE,
                    label="session-id",
                    form="plain",
                    missing=(missing,),
                    request=answer.draft.sent(answer.role),
                    evidence=f"Set-Cookie: {morsel.key}=•••; {flag}={value or 'absent'}",
                    remedy=f"Set SESSION_COOKIE_{flag.upper()}.",
                    reproduction=answer.draft.curl(),
                ),
            )

    def probe(self, asking: Asking, draft: Draft, role: Role, accepted: Answer) -> list[Answer]:
        """Send an accepted request in clear, and without the token against forgery; return the answers. Raises `Exhausted`."""
        sensitive = [canary for canary in accepted.canaries if is_watched(canary.label) and canary.label != "request-data"]
        matters = bool(sensitive) or bool(accepted.known) or role is not Role.ANONYMOUS
        asked = []
        if matters and (draft.endpoint.is_api or "https-not-enforced" not in self.verdicts):
            asked.append(self._in_clear(asking, draft, role, is_sensitive=bool(sensitive)))
        changes = draft.has_body and role is not Role.ANONYMOUS and not draft.endpoint.is_api
        if changes and not draft.as_json:
            asked.append(self._forged(asking, draft, role))
        return asked

    def _in_clear(self, asking: Asking, draft: Draft, role: Role, *, is_sensitive: bool) -> Answer:
        answer = asking.ask(draft, role, secure=False)
        if answer.location.startswith("https://"):
            if draft.endpoint.is_api:
                self._led_on(asking, answer)
        elif answer.status < 400:
            what = "a request that carries sensitive data" if is_sensitive else "a page that needs protection"
            self._tell(
                "https-not-enforced",
                Verdict(
                    Tightness.LEAKING,
                    f"{what} is served in clear: everybody on the way reads and changes it",
                    rule="https-not-enforced",
                    channel=Channel.CONNECTION,
                    missing=(Safeguard.HTTPS,),
                    request=draft.sent(role),
                    evidence=f"http://{asking.host}{draft.endpoint.shown} is answered with {answer.status}",
                    remedy="Set SECURE_SSL_REDIRECT = True, or put leaktight.guard in front.",
                    reproduction=draft.curl("http://localhost:8000"),
                ),
            )
        return answer

    def _led_on(self, asking: Asking, answer: Answer) -> None:
        """A program that is led to HTTPS has sent everything in clear before, and will the next time (ASVS 4.1.2)."""
        draft = answer.draft
        self._tell(
            "api led on",
            Verdict(
                Tightness.LEAKING,
                "a program that asks the API in clear is led to HTTPS instead of refused: what it sent was read on the way, and nobody notices",
                rule="cleartext-redirect",
                channel=Channel.REQUEST_BODY if draft.has_body else Channel.CONNECTION,
                missing=(Safeguard.HTTPS,),
                request=draft.sent(answer.role),
                place=asking.watch.code.of(draft.endpoint.view),
                evidence=f"http:// is answered with {answer.status} and an https:// address",
                remedy="Refuse what comes to the API in clear (403), as leaktight.guard does.",
                reproduction=draft.curl("http://localhost:8000"),
            ),
        )

    def _forged(self, asking: Asking, draft: Draft, role: Role) -> Answer:
        answer = asking.ask(draft, role, csrf=True)
        if answer.status < 400:
            self._tell(
                f"csrf {draft.endpoint.shown}",
                Verdict(
                    Tightness.LEAKING,
                    "a request that another site could have forged is accepted",
                    rule="csrf-missing",
                    channel=Channel.REQUEST_BODY,
                    missing=(Safeguard.CSRF,),
                    request=Sent(draft.method.upper(), draft.endpoint.shown, "", role),
                    evidence=f"without a CSRF token the answer is {answer.status}",
                    place=asking.watch.code.of(draft.endpoint.view),
                    remedy="Take csrf_exempt away, or protect the view with csrf_protect.",
                    reproduction=draft.curl(),
                ),
            )
        return answer

    def _tell(self, key: str, verdict: Verdict) -> None:
        self.verdicts.setdefault(key, verdict)
