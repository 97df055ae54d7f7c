"""The card gateway."""

import hashlib
import hmac
import logging
from dataclasses import dataclass, field

from django.conf import settings

from integrations.http import PartnerClient, PartnerError

logger = logging.getLogger(__name__)


@dataclass
class Card:
    number: str = field(repr=False)
    expiry: str = field(repr=False)
    cvc: str = field(repr=False)

    @property
    def last4(self):
        return self.number[-4:]


class Gateway(PartnerClient):
    """Keeps cards for us, charges them and pays back."""

    def __init__(self):
        super().__init__(settings.GATEWAY_URL)
        self.http.headers["Authorization"] = f"Bearer {settings.GATEWAY_API_KEY}"

    def keep(self, card):
        """Hand the card over once; the answer is what we know it by from now on."""
        facts = {"number": card.number, "expiry": card.expiry, "cvc": card.cvc}
        return self.call("POST", "/cards", json=facts)["reference"]

    def charge(self, kept, *, amount, about):
        """Take the money from a kept card; the answer is the reference of the payment."""
        order = {"amount": str(amount), "about": about, "card": kept}
        try:
            return self.call("POST", "/charges", json=order)["reference"]
        except PartnerError as problem:
            logger.warning("refused for %s: %s", about, problem)
            raise

    def refund(self, payment, reason):
        self.call("POST", f"/charges/{payment.reference}/refund", json={"reason": reason})


def is_from_gateway(body, signature):
    """Tell whether a webhook was signed by the gateway."""
    expected = hmac.new(settings.GATEWAY_WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)
