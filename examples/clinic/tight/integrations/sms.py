"""Text messages."""

import logging

import requests
from django.conf import settings

logger = logging.getLogger(__name__)


def send_text(phone, text):
    """Send one message and tell whether the gateway took it."""
    headers = {"Authorization": f"Bearer {settings.SMS_API_KEY}"}
    answer = requests.post(settings.SMS_URL, json={"to": phone, "text": text}, headers=headers, timeout=5)
    logger.info("text message of %d characters: %s", len(text), answer.status_code)
    return answer.ok
