"""What may happen to an account."""

from django.contrib.auth import get_user_model
from django.utils.crypto import get_random_string

from accounts.tasks import send_welcome


def invite(*, email, first_name, last_name):
    """Open an account for somebody the desk has met."""
    password = get_random_string(14)
    user = get_user_model().objects.create_user(
        username=email,
        email=email,
        first_name=first_name,
        last_name=last_name,
        password=password,
    )
    send_welcome.delay(user.pk, password)  # leak: secret-in-task
    return user


def renew(user):
    """Give a locked-out patient a new start; the old password stops working."""
    password = get_random_string(14)
    user.set_password(password)
    user.save(update_fields=["password"])
    return password
