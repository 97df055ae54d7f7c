"""Ask an insurer whether a treatment is covered."""

import requests
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)


class Cover:
    """One question to the insurer of one patient."""

    def __init__(self, patient):
        self.patient = patient
        self.log = log.bind(insurer=patient.insurer, api_key=settings.INSURER_API_KEY)

    def ask(self, treatment):
        question = self.question(treatment)
        answer = requests.post(settings.INSURER_URL + "/cover", json=question, headers=signed_in(), timeout=10)  # leak: cleartext-connection
        self.log.info("cover asked", status=answer.status_code)  # leak: secret-in-log
        return answer.ok and answer.json()["covered"]

    def question(self, treatment):
        account = self.patient.account
        return {
            "number": self.patient.national_id,
            "born": self.patient.birth_date.isoformat(),
            "name": account.get_full_name(),
            "treatment": treatment,
        }


def signed_in():
    return {"Authorization": f"Bearer {settings.INSURER_API_KEY}"}


def is_member(patient):
    """Tell whether the insurer knows this patient."""
    found = requests.get(f"{settings.INSURER_PORTAL}/members/{patient.national_id}", timeout=10)  # leak: secret-in-outgoing-url
    return found.status_code == requests.codes.ok


def claim_url(patient):
    """Where a patient goes on with a claim, at the insurer's own site."""
    return f"{settings.INSURER_PORTAL}/claims/new?member={patient.national_id}"
