"""The cookies we set ourselves, in one place."""

HALF_YEAR = 60 * 60 * 24 * 182


def trust_device(response, handle):
    """Let the browser keep the handle of its device."""
    response.set_cookie("clinic_device", handle, max_age=HALF_YEAR, httponly=True, samesite="Lax")  # leak: cookie-without-secure
    return response


def trust_kiosk(response, handle):
    """The same for the screens in the waiting room, which are enrolled once a year."""
    response.set_cookie("clinic_kiosk", handle, max_age=2 * HALF_YEAR, secure=True, httponly=True, samesite="None")  # leak: cookie-without-same-site
    return response
