"""Header sets for `observatory.py`: drawn from lists of values that sites really send, right and wrong, with a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

CSP = [
    "default-src 'none'",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "default-src 'self'",
    "default-src 'self'; script-src 'self' 'unsafe-inline'",
    "default-src 'self'; style-src 'self' 'unsafe-inline'",
    "default-src 'self'; script-src 'self' 'unsafe-eval'",
    "default-src 'self'; style-src 'unsafe-eval'",
    "default-src https:; script-src 'self'; object-src 'none'",
    "default-src 'self' http://cdn.example.com",
    "default-src 'self'; img-src http://img.example.com",
    "default-src 'self'; media-src ftp://media.example.com",
    "default-src 'none'; script-src 'nonce-abc123' 'unsafe-inline'",
    "default-src 'none'; script-src 'nonce-abc123' 'strict-dynamic' https: 'unsafe-inline' 'self'",
    "script-src 'strict-dynamic' 'self'; object-src 'none'",
    "default-src 'self' 'unsafe-inline' 'sha256-abcdef='",
    "script-src 'self'",
    "object-src 'none'",
    "frame-ancestors 'self'",
    "upgrade-insecure-requests",
    "default-src",
    "img-src",
    "abc",
    "",
    ";;;",
    "default-src 'self'; default-src 'none'",
    "default-src 'self'; report-uri /one; report-uri /two",
    "default-src 'none'; report-to a; report-to b; report-uri http://reports.example.com/",
    "DEFAULT-SRC 'SELF'; Script-Src 'Self' 'NONCE-abc'",
    "default-src 'self' data:; object-src 'none'; script-src 'self'",
    "default-src 'self'; script-src data:",
    "default-src *",
    "default-src 'self' https://*.example.com; script-src https://a.example.com https://a.example.com/js/ https://a.example.com/js/x.js",
    "default-src 'self', default-src 'none'",
    "default-src 'self' https://a.example.com, default-src https://a.example.com https://b.example.com",
    "script-src 'self' 'unsafe-inline', script-src 'self'",
    "default-src 'self' https://a.example.com/%zz, default-src 'self' https://a.example.com/%zz",
    "default-src 'none'; img-src https://a.example.com/x/, img-src https://a.example.com/x/y; style-src 'self'",
    "default-src 'self',",
    "default-src 'self', script-src 'none', style-src 'unsafe-inline'",
    "sandbox",
    "default-src 'none'; base-uri 'self'; require-trusted-types-for 'script'",
]
COOKIES = [
    "sessionid=a; HttpOnly; Path=/; SameSite=Lax; Secure",
    "sessionid=a; HttpOnly; Path=/; SameSite=Lax",
    "sessionid=a; Path=/; Secure",
    "__Host-session=a; HttpOnly; Path=/; SameSite=Strict; Secure",
    "__Host-session=a; HttpOnly; SameSite=Strict; Path=/",
    "__Secure-login=a; Secure; HttpOnly",
    "csrftoken=a; Path=/; SameSite=Lax; Secure",
    "csrftoken=a; Path=/; Secure",
    "csrftoken=a; Path=/",
    "language=en; Path=/",
    "language=en; Path=/; Secure",
    "language=en; Path=/; SameSite=None",
    "language=en; Path=/; SameSite=None; Secure",
    "theme=dark; SameSite=Sometimes; Secure",
    "theme=dark; SameSite; Secure",
    "theme=dark; SameSite=; Secure",
    "theme=dark; secure; httponly; samesite=STRICT",
    "heroku-session-affinity=a; Path=/",
    "LOGIN_HINT=x; Secure; HttpOnly; SameSite=Lax",
    "nameless",
    "=valueonly",
    "gone=; Max-Age=0; Path=/",
    "elsewhere=1; Domain=example.com; Secure",
    "weird=1; Secure=yes; HttpOnly=no; SameSite=lax ",
]
HSTS = [
    "max-age=31536000; includeSubDomains; preload",
    "max-age=63072000; includeSubDomains",
    "max-age=15768000",
    "max-age=15552000",
    "max-age=15551999",
    "max-age=0",
    "max-age=300; includeSubDomains",
    "Max-Age=31536000",
    "max-age = 31536000",
    'max-age="31536000"',
    "max-age=",
    "max-age=31536000abc",
    "max-age=-5",
    "includeSubDomains",
    "max-age=31536000, max-age=31536000",
    "max-age=300; max-age=31536000",
    "",
    "nonsense",
]
REFERRER = [
    "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin", "origin-when-cross-origin",
    "unsafe-url", "no-referrer-when-downgrade", "", "nonsense", "no-referrer, strict-origin-when-cross-origin",
    "strict-origin, nonsense", "No-Referrer", "unsafe-url, no-referrer", "always",
]  # fmt: skip
FRAMES = ["DENY", "SAMEORIGIN", "sameorigin", "ALLOW-FROM https://a.example.com", "ALLOWALL", "", "DENY, DENY", " deny "]
SNIFFING = ["nosniff", "NOSNIFF", "none", "", "nosniff, nosniff", "nosniff;"]
CORP = ["same-origin", "same-site", "cross-origin", "Same-Origin", "none", "", "same-origin, same-origin"]
COEP = [
    "require-corp", "credentialless", "unsafe-none", 'require-corp; report-to="x"', '"require-corp"', "Require-Corp", "none", "",
    "require-corp, require-corp", "require-corp;", "require-corp; a; b=1; c=?1",
]  # fmt: skip
COOP = [
    "same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none", 'same-origin; report-to="x"', "SAME-ORIGIN",
    "same-origin,unsafe-none", "", "same-origin ;x", "same-origin;  x=1.5",
]  # fmt: skip
CORS = [
    ("*", None), ("*", "true"), ("<origin>", "true"), ("<origin>", None), ("<origin>", "TRUE"), ("https://a.example.com", "true"),
    ("null", "true"), ("", "true"),
]  # fmt: skip
SCRIPTS = [
    '<script src="/own.js"></script>',
    '<script src="own.js" integrity="sha384-abc"></script>',
    '<script src="https://cdn.example.com/a.js"></script>',
    '<script src="https://cdn.example.com/a.js" integrity="sha384-abc" crossorigin="anonymous"></script>',
    '<script src="http://cdn.example.com/a.js"></script>',
    '<script src="http://cdn.example.com/a.js" integrity="sha384-abc"></script>',
    '<script src="//cdn.example.com/a.js"></script>',
    '<script src="//cdn.example.com/a.js" integrity="sha384-abc"></script>',
    "<script>inline()</script>",
    '<SCRIPT SRC="https://cdn.example.com/b.js"></SCRIPT>',
    '<!-- <script src="http://commented.example.com/a.js"></script> -->',
    '<script src=""></script>',
    '<script src="data:text/javascript,1"></script>',
    '<script integrity="" src="https://cdn.example.com/c.js"></script>',
]
METAS = [
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">',
    "<meta http-equiv=\"content-security-policy\" content=\"script-src 'self' 'unsafe-inline'\">",
    '<meta http-equiv="Content-Security-Policy" content="frame-ancestors \'none\'">',
    '<meta http-equiv="Content-Security-Policy" content="">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="referrer" content="unsafe-url">',
    '<meta name="Referrer" content="nonsense">',
    '<meta http-equiv="X-Frame-Options" content="DENY">',
]
TYPES = ["text/html; charset=utf-8", "text/html", "application/xhtml+xml", "application/json", "text/plain", "TEXT/HTML"]
PLAIN = ["to-https", "to-https", "page", "closed", "to-http-first", "to-other-host", "to-http-only"]


@dataclass(frozen=True, slots=True)
class Case:
    """What a server says to a visit: headers of the page, its body, what plain HTTP does, and how TLS is set up."""

    number: int
    headers: tuple[tuple[str, str], ...]
    body: str
    plain: str
    tls: str
    status: int
    cors: tuple[str, str | None] | None


def cases(count: int, seed: int = 20261126) -> list[Case]:
    """Return header sets; the same ones for the same seed."""
    draw = random.Random(seed)
    return [_case(number, draw) for number in range(count)]


def _case(number: int, draw: random.Random) -> Case:
    headers: list[tuple[str, str]] = []

    def maybe(name: str, values: list[str], chance: float) -> None:
        if draw.random() < chance:
            headers.append((name, draw.choice(values)))

    maybe("Content-Type", TYPES if draw.random() < 0.3 else TYPES[:1], 0.95)
    maybe("Content-Security-Policy", CSP, 0.75)
    if draw.random() < 0.1:
        headers.append(("Content-Security-Policy", draw.choice(CSP)))
    maybe("Content-Security-Policy-Report-Only", CSP[:3], 0.15)
    headers += [("Set-Cookie", cookie) for cookie in draw.sample(COOKIES, draw.choice([0, 0, 1, 1, 2, 3]))]
    maybe("Strict-Transport-Security", HSTS if draw.random() < 0.7 else HSTS[:3], 0.8)
    maybe("Referrer-Policy", REFERRER, 0.6)
    maybe("X-Frame-Options", FRAMES, 0.6)
    maybe("X-Content-Type-Options", SNIFFING if draw.random() < 0.5 else SNIFFING[:1], 0.7)
    maybe("Cross-Origin-Resource-Policy", CORP, 0.5)
    maybe("Cross-Origin-Embedder-Policy", COEP, 0.5)
    maybe("Cross-Origin-Opener-Policy", COOP, 0.5)
    metas = draw.sample(METAS, draw.choice([0, 0, 0, 1, 2]))
    scripts = draw.sample(SCRIPTS, draw.choice([0, 1, 1, 2, 3]))
    body = f"<!doctype html><html><head><title>t</title>{''.join(metas)}</head><body><p>x</p>{''.join(scripts)}</body></html>"
    return Case(
        number,
        tuple(headers),
        body,
        draw.choice(PLAIN),
        draw.choice(["good", "good", "good", "good", "untrusted", "none"]),
        draw.choice([200, 200, 200, 200, 401, 403]),
        draw.choice([None, None, *CORS]),
    )
