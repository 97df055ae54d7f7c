"""What is right with this project, shown by running it."""

import re

from django.contrib.sessions.models import Session
from django.test import Client, TestCase
from leaktight.guard.models import VaultEntry

SECRET = "7 left, 21 right, 4 left 93"


class CombinationTest(TestCase):
    def setUp(self):
        self.client = Client(enforce_csrf_checks=True, headers={"Referer": "https://testserver/"})

    def post(self, page, **fields):
        shown = self.client.get(page, secure=True).content.decode()
        csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown)[1]
        return self.client.post(page, {**fields, "csrfmiddlewaretoken": csrf}, secure=True)

    def test_the_secret_is_shown_once_to_the_one_who_handed_it_over(self):
        response = self.post("/combination/", sensitive_info=SECRET)
        page = response["Location"]
        self.assertEqual(response.status_code, 303)
        self.assertNotContains(self.client.get(page, secure=True), "21 right")
        shown = self.post(page)
        self.assertContains(shown, "21 right")
        self.assertIn("no-store", shown["Cache-Control"])
        self.assertEqual(shown["Referrer-Policy"], "no-referrer")
        self.assertContains(self.client.get(page, secure=True), "Nothing to show")

    def test_nothing_that_is_kept_can_be_read(self):
        self.post("/combination/", sensitive_info=SECRET)
        kept = str(list(Session.objects.values())) + str(list(VaultEntry.objects.values()))
        self.assertNotIn("21 right", kept)

    def test_a_forged_request_is_refused(self):
        self.assertEqual(self.client.post("/combination/", {"sensitive_info": SECRET}, secure=True).status_code, 403)

    def test_plain_http_is_refused_and_not_redirected(self):
        response = Client().post("/combination/", {"sensitive_info": SECRET})
        self.assertEqual(response.status_code, 403)
        self.assertNotIn("Location", response)

    def test_the_secret_in_an_address_is_refused(self):
        self.assertEqual(self.client.get("/combination/", {"sensitive_info": SECRET}, secure=True).status_code, 400)
