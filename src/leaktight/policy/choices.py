"""The closed choices the policy is written in: kinds of label, states, channels and safeguards."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class LabelKind(StrEnum):
    """Which class of data a label belongs to; the demand table has a block for each."""

    CREDENTIAL = "credential"
    PAYMENT = "payment"
    SPECIAL = "special"
    """Special categories: what the law protects most, and official identity numbers."""
    PERSONAL = "personal"
    INTERNAL = "internal"
    """What tells an attacker how the site works inside."""


class State(StrEnum):
    """What has been done to the data since it was plain."""

    PLAIN = "plain"
    ENCODED = "encoded"
    """Base64, hex, a URL encoding: anybody can undo it."""
    SIGNED = "signed"
    """Protected against change, not against reading."""
    HASHED = "hashed"
    ENCRYPTED = "encrypted"
    MASKED = "masked"
    LAST4 = "last4"
    """Only its last digits are left."""

    @property
    def is_readable(self) -> bool:
        """Whoever sees data in this state can read all of it."""
        return self in {State.PLAIN, State.ENCODED, State.SIGNED}


class Strength(IntEnum):
    """How surely a name means its label."""

    WEAK = 1
    """A word with many innocent uses: it needs other evidence."""
    STRONG = 2
    """A word that hardly means anything else."""


class Channel(StrEnum):
    """A way for data to leave."""

    REQUEST_URL = "request-url"
    REQUEST_BODY = "request-body"
    RESPONSE_BODY = "response-body"
    RESPONSE_HEADER = "response-header"
    REDIRECT = "redirect"
    COOKIE = "cookie"
    SESSION = "session"
    PAGE = "page"
    BROWSER_STORAGE = "browser-storage"
    LOG = "log"
    ERROR_REPORT = "error-report"
    EXCEPTION_TEXT = "exception-text"
    MAIL = "mail"
    MESSAGE = "message"
    THIRD_PARTY = "third-party"
    OUTGOING_HTTP = "outgoing-http"
    CONNECTION = "connection"
    TASK_QUEUE = "task-queue"
    CACHE = "cache"
    DATABASE = "database"
    FILE = "file"


class Safeguard(StrEnum):
    """A protection for data on a channel."""

    HTTPS = "https"
    HSTS = "hsts"
    VERIFIED_TLS = "verified-tls"
    MODERN_TLS = "modern-tls"
    POST = "post"
    CSRF = "csrf"
    MASKED = "masked"
    SERVER_SIDE = "server-side"
    ENCRYPTED = "encrypted"
    HASHED = "hashed"
    NO_STORE = "no-store"
    NO_REFERRER = "no-referrer"
    SECURE_COOKIE = "secure-cookie"
    HTTP_ONLY = "http-only"
    SAME_SITE = "same-site"
    COOKIE_PREFIX = "cookie-prefix"
    AUTHENTICATED = "authenticated"
    ONE_TIME = "one-time"
    SHORT_LIVED = "short-lived"
    TRUSTED_ORIGIN = "trusted-origin"
