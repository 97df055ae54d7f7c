"""What is right with this project, shown by running it."""

import re

from django.contrib.sessions.models import Session
from django.test import Client, TestCase

SECRET = "7 left, 21 right, 4 left 93"


class CombinationTest(TestCase):
    def setUp(self):
        self.client = Client(enforce_csrf_checks=True, headers={"Referer": "https://testserver/"})

    def hand_over(self):
        page = self.client.get("/combination/", secure=True).content.decode()
        csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        return self.client.post("/combination/", {"sensitive_info": SECRET, "csrfmiddlewaretoken": csrf}, secure=True)

    def test_the_secret_is_kept_sealed_and_only_its_end_is_shown(self):
        response = self.hand_over()
        self.assertEqual(response["Location"], "/secure-page/")
        page = self.client.get(response["Location"], secure=True)
        self.assertContains(page, "ends in 93")
        self.assertNotContains(page, "21 right")
        self.assertIn("no-store", page["Cache-Control"])
        kept = Session.objects.get().get_decoded()
        self.assertNotIn("21 right", str(kept))

    def test_the_session_belongs_to_the_visitor(self):
        cookie = self.hand_over().cookies["__Host-session"]
        self.assertTrue(cookie["secure"] and cookie["httponly"])
        self.assertEqual(cookie["samesite"], "Lax")

    def test_a_forged_request_is_refused(self):
        self.assertEqual(self.client.post("/combination/", {"sensitive_info": SECRET}, secure=True).status_code, 403)

    def test_plain_http_is_not_spoken(self):
        response = Client().get("/combination/")
        self.assertEqual(response["Location"], "https://testserver/combination/")

    def test_the_secret_is_masked_in_error_reports(self):
        request = self.hand_over().wsgi_request
        self.assertEqual(request.sensitive_post_parameters, ("sensitive_info",))
