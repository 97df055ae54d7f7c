"""What the clinic's site has to do, whatever way it does it."""

import datetime
import hashlib
import hmac
import json
import re
from decimal import Decimal
from unittest.mock import Mock, patch

from django.contrib.auth import get_user_model
from django.core import mail
from django.core.cache import cache
from django.test import TestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import ApiClient, digest
from appointments.models import Appointment
from appointments.tasks import remind, send_passcodes
from integrations.models import Partner
from patients.models import Note, Patient
from payments.models import Payment
from tests.browser import Browser

ANNA = "correct horse battery"
DESK = "stapled to the desk"
NUMBER = "943 476 5919"


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])  # only for speed
class ClinicTest(TestCase):
    """Anna is a patient, Doctor Beck treats her, and Carol works at the desk."""

    def setUp(self):
        noon = timezone.localtime().replace(hour=12, minute=0)  # a day sheet read at midnight would show another day
        self.enterContext(patch("django.utils.timezone.now", return_value=noon))
        cache.clear()
        create = get_user_model().objects.create_user
        self.account = create("anna@example.com", "anna@example.com", ANNA, first_name="Anna", phone="0161 496 0000")
        self.beck = create("beck", "beck@example.com", DESK, is_staff=True, is_clinician=True)
        self.carol = create("carol", "carol@example.com", DESK, is_staff=True, is_superuser=True)
        self.patient = Patient.objects.create(
            account=self.account,
            national_id=NUMBER.replace(" ", ""),
            birth_date=datetime.date(1990, 4, 1),
            consented=timezone.now(),
        )
        self.anna, self.desk = Browser(), Browser()
        self.anna.force_login(self.account)
        self.desk.force_login(self.carol)

    def appointment(self, **facts):
        starts = timezone.now() + datetime.timedelta(minutes=1)
        return Appointment.objects.create(**{"patient": self.patient, "clinician": self.beck, "starts": starts, **facts})

    def payment(self, **facts):
        return Payment.objects.create(**{"appointment": self.appointment(), "amount": Decimal("30.00"), **facts})

    def mailed_path(self, message):
        return re.search(r"https?://[^/\s]+(/\S+)", message.body)[1]

    def can_sign_in(self, username, password):
        return Browser().login(username=username, password=password)


class AccountsTest(ClinicTest):
    def test_pages_for_everybody_open(self):
        for route in [
            "accounts:login",
            "accounts:sign-in-link",
            "accounts:password_reset",
            "patients:register",
            "patients:kiosk",
        ]:
            with self.subTest(route):
                self.assertEqual(Browser().get(reverse(route)).status_code, 200)

    def test_pages_for_patients_ask_to_sign_in(self):
        for route in [
            "appointments:list",
            "payments:statement",
            "patients:summary",
            "patients:export-notes",
            "accounts:change-password",
        ]:
            with self.subTest(route):
                self.assertIn(reverse("accounts:login"), Browser().get(reverse(route))["Location"])

    def test_sign_in_with_a_password(self):
        answer = Browser().submit(reverse("accounts:login"), username="anna@example.com", password=ANNA)
        self.assertContains(answer, "Your appointments")

    def test_sign_in_with_a_mailed_link_works_once(self):
        get_user_model().objects.update(last_login=None)
        Browser().submit(reverse("accounts:sign-in-link"), email="anna@example.com")
        path = self.mailed_path(mail.outbox[0])
        self.assertContains(Browser().get(path, follow=True), "Your appointments")
        self.assertNotContains(Browser().get(path, follow=True), "Your appointments")

    def test_an_unknown_address_gets_no_mail_but_the_same_answer(self):
        answer = Browser().submit(reverse("accounts:sign-in-link"), email="nobody@example.com")
        self.assertContains(answer, "a link is on its way")
        self.assertEqual(mail.outbox, [])

    def test_an_invited_patient_chooses_a_password(self):
        self.desk.submit(reverse("accounts:invite"), email="dora@example.com", first_name="Dora", last_name="Diaz")
        path = self.mailed_path(mail.outbox[0])
        Browser().submit(path, new_password1="a long enough one", new_password2="a long enough one")
        self.assertTrue(self.can_sign_in("dora@example.com", "a long enough one"))

    def test_the_desk_renews_an_account(self):
        self.desk.submit(reverse("accounts:invite"), email="x@example.com", first_name="X", last_name="Y")
        csrf = self.desk.cookies["csrftoken"].value
        answer = self.desk.post(reverse("accounts:renew", args=[self.account.pk]), {"csrfmiddlewaretoken": csrf}, follow=True)
        self.assertEqual(answer.status_code, 200)
        self.assertFalse(self.can_sign_in("anna@example.com", ANNA))

    def test_change_of_password(self):
        self.anna.submit(
            reverse("accounts:change-password"),
            old_password=ANNA,
            new_password1="quite another one",
            new_password2="quite another one",
        )
        self.assertTrue(self.can_sign_in("anna@example.com", "quite another one"))

    def test_forgotten_password(self):
        Browser().submit(reverse("accounts:password_reset"), email="anna@example.com")
        Browser().submit(self.mailed_path(mail.outbox[0]), new_password1="remember me now", new_password2="remember me now")
        self.assertTrue(self.can_sign_in("anna@example.com", "remember me now"))


class PatientsTest(ClinicTest):
    def test_registration_takes_two_pages(self):
        browser = Browser()
        browser.submit(
            reverse("patients:register"),
            email="eve@example.com",
            first_name="Eve",
            last_name="Ek",
            national_id="485 777 3456",
            birth_date="1980-02-03",
            password="the sixth long one",
        )
        self.assertFalse(self.can_sign_in("eve@example.com", "the sixth long one"))
        browser.submit(reverse("patients:consent"))
        self.assertTrue(self.can_sign_in("eve@example.com", "the sixth long one"))
        self.assertIsNotNone(Patient.objects.get(national_id="4857773456").consented)

    def test_a_number_registers_once(self):
        browser = Browser()
        answer = browser.submit(
            reverse("patients:register"),
            email="mallory@example.com",
            first_name="M",
            last_name="M",
            national_id=NUMBER,
            birth_date="1980-02-03",
            password="the sixth long one",
        )
        self.assertContains(answer, "ask at the desk")

    def test_the_desk_finds_a_patient(self):
        self.assertContains(self.desk.submit(reverse("patients:find"), national_id=NUMBER), "Anna")
        self.assertNotContains(self.desk.submit(reverse("patients:find"), national_id="1"), "Anna")

    def test_patients_do_not_search(self):
        self.assertEqual(self.anna.get(reverse("patients:find")).status_code, 403)

    def test_the_record_and_the_table_show_notes(self):
        Note.objects.create(patient=self.patient, author=self.beck, diagnosis="J06.9")
        self.assertContains(self.anna.get(reverse("patients:summary")), "J06.9")
        self.assertContains(self.anna.get(reverse("patients:export-notes")), "J06.9")
        self.assertContains(self.desk.get(reverse("patients:record", args=[self.patient.pk])), "J06.9")

    def test_check_in_with_the_passcode_of_the_day(self):
        appointment = self.appointment()
        with patch("appointments.tasks.send_text") as send:
            send_passcodes()
        passcode = re.search(r"\d{8}", send.call_args.args[1])[0]
        self.assertNotContains(Browser().submit(reverse("patients:kiosk"), passcode="0"), "checked in")
        self.assertContains(Browser().submit(reverse("patients:kiosk"), passcode=passcode), "checked in")
        appointment.refresh_from_db()
        self.assertTrue(appointment.arrived)


class AppointmentsTest(ClinicTest):
    def test_book_and_cancel(self):
        starts = timezone.localtime() + datetime.timedelta(days=3)
        self.anna.submit(reverse("appointments:book"), clinician=self.beck.pk, starts=f"{starts:%Y-%m-%dT%H:%M}")
        appointment = Appointment.objects.get(patient=self.patient)
        cancel = reverse("appointments:cancel", args=[appointment.pk])
        self.anna.submit(reverse("appointments:list"), action=cancel)
        appointment.refresh_from_db()
        self.assertTrue(appointment.cancelled)

    def test_the_day_sheet_of_a_clinician(self):
        self.appointment(room="R4", diagnosis="J06.9")
        doctor = Browser()
        doctor.force_login(self.beck)
        self.assertContains(doctor.get(reverse("appointments:day-sheet")), "J06.9")

    def test_a_call_can_be_joined_by_its_patient_only(self):
        page = reverse("appointments:video", args=[self.appointment(by_video=True).pk])
        self.assertContains(self.anna.get(page), "Join the call")
        self.assertEqual(self.desk.get(page).status_code, 404)

    def test_reminders_go_out_the_day_before(self):
        self.appointment(starts=timezone.now() + datetime.timedelta(days=1))
        remind()
        self.assertEqual(mail.outbox[0].to, ["anna@example.com"])


@patch("integrations.http.PartnerClient.call", return_value={"reference": "ref-1"})
class PaymentsTest(ClinicTest):
    card = {"card_number": "4000 0000 0000 0002", "expiry": "12/31", "cvc": "123"}

    def test_pay_in_two_pages(self, call):
        payment = self.payment()
        self.anna.submit(reverse("payments:checkout", args=[payment.pk]), **self.card)
        answer = self.anna.submit(reverse("payments:confirm", args=[payment.pk]))
        payment.refresh_from_db()
        self.assertEqual((payment.status, payment.card_last4, payment.reference), ("paid", "0002", "ref-1"))
        self.assertContains(answer, "•••• 0002")

    def test_a_wrong_card_number_is_refused(self, call):
        answer = self.anna.submit(reverse("payments:checkout", args=[self.payment().pk]), **{**self.card, "card_number": "12"})
        self.assertContains(answer, "not a card number")
        call.assert_not_called()

    def test_refund(self, call):
        payment = self.payment(status=Payment.PAID, reference="ref-2")
        self.desk.submit(reverse("payments:refund", args=[payment.pk]), reason="cancelled")
        payment.refresh_from_db()
        self.assertEqual(payment.status, Payment.REFUNDED)

    def test_statement_and_receipt(self, call):
        payment = self.payment(status=Payment.PAID, card_last4="0002")
        self.assertContains(self.anna.get(reverse("payments:statement")), "0002")
        receipt = reverse("payments:receipt", args=[payment.pk])
        self.assertContains(self.anna.get(receipt), "30.00")
        self.assertEqual(self.desk.get(receipt).status_code, 404)

    @override_settings(GATEWAY_WEBHOOK_SECRET="whsec")
    def test_webhook(self, call):
        payment = self.payment(reference="ref-3")
        body = json.dumps({"reference": "ref-3", "status": "paid"}).encode()
        right = hmac.new(b"whsec", body, hashlib.sha256).hexdigest()
        for signature, status in [("", 403), ("wrong", 403), (right, 204)]:
            answer = Browser().post(
                reverse("payments:webhook"),
                body,
                content_type="application/json",
                headers={"X-Gateway-Signature": signature},
            )
            self.assertEqual(answer.status_code, status)
        payment.refresh_from_db()
        self.assertEqual(payment.status, Payment.PAID)


class ApiTest(ClinicTest):
    def test_a_client_shows_its_key(self):
        ApiClient.objects.create(name="group", owner=self.carol, key_digest=digest("k-1"))
        self.appointment()
        slots = reverse("api:slot-list")
        self.assertEqual(Browser().get(slots).status_code, 401)
        self.assertEqual(Browser().get(slots, headers={"X-Api-Key": "k-2"}).status_code, 401)
        answer = Browser().get(slots, headers={"X-Api-Key": "k-1"})
        self.assertEqual(len(answer.json()["results"]), 1)

    def test_an_administrator_adds_a_colleague(self):
        ApiClient.objects.create(name="group", owner=self.carol, key_digest=digest("k-1"))
        facts = {"username": "fox", "password": "den of the fox", "first_name": "F", "is_clinician": True}
        answer = Browser().post(
            reverse("api:colleague-list"), facts, content_type="application/json", headers={"X-Api-Key": "k-1"}
        )
        self.assertEqual(answer.status_code, 201)
        self.assertTrue(self.can_sign_in("fox", "den of the fox"))

    def test_clients_and_clinicians_are_listed(self):
        ApiClient.objects.create(name="group", owner=self.carol, key_digest=digest("k-1"))
        self.assertEqual(self.desk.get(reverse("api:client-list")).json()[0]["name"], "group")
        self.assertEqual(len(self.desk.get(reverse("api:clinicians")).json()["clinicians"]), 1)

    def test_cover(self):
        question = {"national_id": self.patient.national_id, "treatment": "X-ray"}
        ApiClient.objects.create(name="group", owner=self.carol, key_digest=digest("k-1"))
        key = {"X-Api-Key": "k-1"}
        with patch("requests.post", return_value=Mock(ok=True, status_code=200, json=lambda: {"covered": True})):
            answer = Browser().post(reverse("api:cover-list"), question, content_type="application/json", headers=key)
        self.assertEqual(answer.json(), {"covered": True})
        answer = Browser().post(reverse("api:cover-list"), {}, content_type="application/json", headers=key)
        self.assertEqual(answer.status_code, 400)


class PartnersTest(ClinicTest):
    def test_the_operator_sees_partners(self):
        partner = Partner.objects.create(name="lab", address="https://lab.example.com", login="hv", password="p")
        self.assertEqual(self.desk.get(reverse("integrations:partners")).json()["partners"][0]["name"], "lab")
        self.assertEqual(self.desk.get(reverse("integrations:partner", args=[partner.pk])).json()["login"], "hv")

    def test_a_laboratory_that_is_down(self):
        with patch("integrations.views.fetch_result", side_effect=ConnectionRefusedError):
            self.assertEqual(self.desk.get(reverse("integrations:lab-result", args=["17"])).status_code, 502)

    def test_a_claim_goes_on_at_the_insurer(self):
        url = "https://portal.albion-insurance.net/claims/new"
        answers = Mock(ok=True, status_code=200, json=lambda: {"url": url, "known": True})
        with patch("requests.get", return_value=answers), patch("requests.post", return_value=answers):
            self.assertTrue(self.anna.get(reverse("integrations:new-claim"))["Location"].startswith(url))

    def test_health(self):
        with patch("requests.get", return_value=Mock(ok=True)):
            self.assertEqual(Browser().get("/healthz").json(), {"up": True, "side_car": True})
