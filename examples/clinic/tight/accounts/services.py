"""What may happen to an account."""

from django.contrib.auth import get_user_model

from accounts.tasks import send_new_start, send_welcome


def invite(*, email, first_name, last_name):
    """Open an account for somebody the desk has met; only a mailed link leads into it."""
    user = get_user_model().objects.create_user(
        username=email,
        email=email,
        first_name=first_name,
        last_name=last_name,
        password=None,
    )
    send_welcome.delay(user.pk)
    return user


def renew(user):
    """Give a locked-out patient a new start; the old password stops working."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    send_new_start.delay(user.pk)
