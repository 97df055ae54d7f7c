"""Ask an insurer whether a treatment is covered."""

import requests
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)


class Cover:
    """One question to the insurer of one patient."""

    def __init__(self, patient):
        self.patient = patient
        self.log = log.bind(insurer=patient.insurer)

    def ask(self, treatment):
        question = self.question(treatment)
        answer = requests.post(settings.INSURER_URL + "/cover", json=question, headers=signed_in(), timeout=10)
        self.log.info("cover asked", status=answer.status_code)
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
    question = {"number": patient.national_id}
    found = requests.post(f"{settings.INSURER_PORTAL}/members/search", json=question, headers=signed_in(), timeout=10)
    return found.status_code == requests.codes.ok


def claim_url(patient):
    """Open a claim at the insurer; the answer is where the patient goes on with it."""
    claim = {"number": patient.national_id}
    opened = requests.post(f"{settings.INSURER_PORTAL}/claims", json=claim, headers=signed_in(), timeout=10)
    return opened.json()["url"]
