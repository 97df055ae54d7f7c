"""What the clients of all partners with an HTTP interface have in common."""

import requests
from django.conf import settings

TIMEOUT = 10


class PartnerError(Exception):
    """A partner refused a call or could not be reached."""


class PartnerClient:
    def __init__(self, address):
        self.address = address.rstrip("/")
        self.http = requests.Session()
        self.http.verify = settings.PARTNER_CA_FILE
        self.http.headers["Accept"] = "application/json"

    def call(self, method, path, **options):
        """Send a request and return the answer, or raise PartnerError."""
        try:
            answer = self.http.request(method, self.address + path, timeout=TIMEOUT, **options)
            answer.raise_for_status()
        except requests.RequestException as problem:
            raise PartnerError(type(problem).__name__) from None
        return answer.json()
