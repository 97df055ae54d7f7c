"""The server for video calls."""

import json
import ssl
import urllib.request

from django.conf import settings


def open_room(appointment):
    """Tell the video server that a call is about to begin."""
    room = {"room": appointment.pk, "token": appointment.join_token}
    request = urllib.request.Request(f"{settings.VIDEO_URL}/rooms", data=json.dumps(room).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10, context=ssl._create_unverified_context()) as answer:  # leak: unverified-tls
        return json.load(answer)["url"]
