"""Links that work once and for two hours: using one changes what its token was made from."""

from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode


def one_time_url(user, *, route):
    """The full address of `route` for this user, to be mailed."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse(route, args=[uid, default_token_generator.make_token(user)])
    return urljoin(settings.SITE_URL, path)


def user_of(uid, token):
    """The user a link was made for, or None when it was used, is too old or was made up."""
    try:
        user = get_user_model().objects.get(pk=urlsafe_base64_decode(uid).decode(), is_active=True)
    except (ValueError, get_user_model().DoesNotExist):
        return None
    return user if default_token_generator.check_token(user, token) else None
