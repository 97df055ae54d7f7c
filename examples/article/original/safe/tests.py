"""What is wrong with this project, shown by running it."""

from django.test import SimpleTestCase


class CombinationTest(SimpleTestCase):
    def test_anybody_is_told_the_secret_over_plain_http_and_may_keep_it(self):
        response = self.client.get("/combination/")
        self.assertContains(response, "21 right")
        self.assertEqual(response.request["wsgi.url_scheme"], "http")
        self.assertNotIn("Cache-Control", response)
