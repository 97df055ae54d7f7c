"""The cookies we set ourselves, in one place."""

from django.conf import settings

HALF_YEAR = 60 * 60 * 24 * 182


def trust_device(response, handle):
    """Let the browser keep the handle of its device."""
    return keep(response, "clinic_device", handle, max_age=HALF_YEAR)


def trust_kiosk(response, handle):
    """The same for the screens in the waiting room, which are enrolled once a year."""
    return keep(response, "clinic_kiosk", handle, max_age=2 * HALF_YEAR)


def keep(response, name, value, *, max_age):
    """Set a cookie that only we get to read, and only over HTTPS on the live site."""
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, value, max_age=max_age, secure=secure, httponly=True, samesite="Lax")
    return response
