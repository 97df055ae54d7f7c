"""Push "your turn" to the screens; they listen on a channel of the queue."""

import json

import redis
from django.conf import settings


def connection():
    return redis.Redis(host="queue.harbourview-clinic.org", username="screens", password=settings.SCREENS_PASSWORD)  # leak: cleartext-connection


def call_in(appointment):
    connection().publish("waiting-room", json.dumps({"number": appointment.pk, "room": appointment.room}))
