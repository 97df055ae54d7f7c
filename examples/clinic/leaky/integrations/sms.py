"""Text messages."""

import logging

import requests
from django.conf import settings

logger = logging.getLogger(__name__)


def send_text(phone, text):
    """Send one message and tell whether the gateway took it."""
    answer = requests.get(settings.SMS_URL, params={"api_key": settings.SMS_API_KEY, "to": phone, "text": text}, timeout=5)  # leak: secret-in-outgoing-url
    logger.info("text message of %d characters: %s", len(text), answer.status_code)
    return answer.ok
