"""The repair as it is often printed. It looks right, and none of its three parts works."""

from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse, HttpResponseRedirect
from django.views import View
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters


class CombinationView(View):
    @sensitive_post_parameters("sensitive_info")  # leak: misapplied-decorator
    @csrf_protect  # leak: misapplied-decorator
    def post(self, request):
        session = SessionStore()  # leak: orphan-session
        session["sensitive_info"] = "The safe opens with 7 left, 21 right, 4 left."
        session.save()
        return HttpResponseRedirect("/secure_page")


class SecurePageView(View):
    def get(self, request):
        known = "sensitive_info" in request.session
        return HttpResponse("It is kept for you." if known else "Nothing is kept for you.")
