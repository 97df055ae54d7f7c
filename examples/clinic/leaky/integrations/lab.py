"""Orders to the laboratory, and the results it puts on its file server."""

import ftplib
import io
import xml.etree.ElementTree as ET

from django.conf import settings

from integrations.http import PartnerClient, PartnerError
from integrations.models import Partner

NAMESPACE = "http://hl7.org/fhir"


class LabError(Exception):
    """The laboratory did not take an order or keeps a result back."""


class Lab(PartnerClient):
    def __init__(self):
        super().__init__(settings.LAB_URL)
        self.partner = Partner.objects.filter(name="lab", active=True).first()

    def order(self, patient, test):
        """Order a test; the laboratory answers with the number of the order."""
        body = self.signed_in({"patient": patient.pk, "test": test})
        try:
            return self.call("POST", "/orders", json=body)["number"]
        except PartnerError:
            raise LabError(f"order not taken: {body}") from None  # leak: secret-in-exception

    def signed_in(self, body):
        """Add our login, which this laboratory wants in the body."""
        partner = self.partner
        if partner is None:
            raise LabError("the laboratory is switched off")
        return {**body, "login": partner.login, "password": partner.password}


def fetch_result(number):
    """Read one result from the file server and return its observations."""
    text = io.BytesIO()
    with ftplib.FTP(settings.LAB_FTP_HOST, settings.LAB_FTP_USER, settings.LAB_FTP_PASSWORD) as server:  # leak: cleartext-connection
        server.retrbinary(f"RETR results/{number}.xml", text.write)
    return parse_result(text.getvalue())


def parse_result(text):
    root = ET.fromstring(text)
    return {item.get("code"): item.get("value") for item in root.iter(f"{{{NAMESPACE}}}Observation")}
