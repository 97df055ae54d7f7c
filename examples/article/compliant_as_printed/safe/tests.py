"""What is wrong with this project, shown by running it."""

from unittest.mock import Mock

from django.test import RequestFactory, TestCase
from django.views.decorators.csrf import csrf_protect

from safe.views import CombinationView, SecurePageView


class CombinationTest(TestCase):
    def test_the_decorator_for_error_reports_refuses_a_method(self):
        with self.assertRaisesMessage(TypeError, "didn't receive an HttpRequest"):
            self.client.post("/combination/", {"sensitive_info": "x"})

    def test_the_decorator_against_forgery_takes_the_view_for_the_request(self):
        with self.assertRaises(AttributeError):
            csrf_protect(Mock())(CombinationView(), RequestFactory().post("/combination/"))

    def test_without_the_decorators_the_secure_page_still_cannot_see_the_session(self):
        post = CombinationView.post
        while hasattr(post, "__wrapped__"):
            post = post.__wrapped__
        response = post(CombinationView(), RequestFactory().post("/combination/"))
        self.assertEqual(response["Location"], "/secure_page")
        self.assertEqual(response.cookies, {})
        self.client.cookies.update(response.cookies)
        self.assertContains(self.client.get(response["Location"]), "Nothing is kept for you.")

    def test_the_secure_page_shows_what_a_session_of_the_request_keeps(self):
        request = RequestFactory().get("/secure_page")
        request.session = {"sensitive_info": "x"}
        self.assertEqual(SecurePageView.as_view()(request).content, b"It is kept for you.")
