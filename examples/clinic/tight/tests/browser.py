"""A very small browser: it sends a form the way the page says, so the tests do not depend on how."""

import html
import re
from urllib.parse import urljoin

from django.test import Client

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.S)
INPUT = re.compile(r"<input\b([^>]*)>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


class Browser(Client):
    """A client that checks CSRF tokens and can fill in the last form of a page."""

    def __init__(self, **defaults):
        super().__init__(enforce_csrf_checks=True, **defaults)

    def open(self, url):
        """Get a page, following redirects; return its response and its address."""
        response = self.get(url, follow=True)
        asked = response.request
        query = asked.get("QUERY_STRING", "")
        return response, asked["PATH_INFO"] + (f"?{query}" if query else "")

    def submit(self, url, action=None, **answers):
        """Fill in the last form of the page (or the one that leads to `action`), and send it."""
        response, address = self.open(url)
        forms = [(dict(ATTRIBUTE.findall(a)), inner) for a, inner in FORM.findall(response.content.decode())]
        if action is not None:
            forms = [form for form in forms if form[0].get("action") == action]
        attributes, inner = forms[-1]
        fields = [dict(ATTRIBUTE.findall(found)) for found in INPUT.findall(inner)]
        hidden = {f["name"]: html.unescape(f.get("value", "")) for f in fields if f.get("type") == "hidden"}
        target = urljoin(address, attributes.get("action") or address)
        send = self.post if attributes.get("method", "get").lower() == "post" else self.get
        return send(target, {**hidden, **answers}, follow=True)
