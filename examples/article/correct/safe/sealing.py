"""Encrypt what waits in a session, so that a copy of the session table tells nothing."""

from functools import cache

from cryptography.fernet import Fernet
from django.conf import settings


@cache
def _fernet():
    return Fernet(settings.SEALING_KEY or Fernet.generate_key())


def seal(text):
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed):
    return _fernet().decrypt(sealed.encode(), ttl=settings.SESSION_COOKIE_AGE).decode()
