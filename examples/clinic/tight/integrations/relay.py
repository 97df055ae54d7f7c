"""Discharge letters go to the family doctor by the relay of the medical association."""

import smtplib
import ssl

from django.conf import settings


class Relay:
    """One conversation with the relay."""

    def __init__(self):
        self.server = smtplib.SMTP("relay.medical-post.net", 587, timeout=20)

    def __enter__(self):
        self.server.starttls(context=ssl.create_default_context())
        self.server.login(*settings.RELAY_LOGIN)
        return self

    def __exit__(self, *failure):
        self.server.quit()

    def send(self, letter):
        self.server.send_message(letter)
