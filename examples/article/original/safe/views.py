"""The view the whole story begins with: whoever asks is told the secret, and so is everybody who listens."""

from django.http import HttpResponse
from django.views import View


class CombinationView(View):
    def get(self, request):  # leak: secret-on-get
        sensitive_info = "The safe opens with 7 left, 21 right, 4 left."
        return HttpResponse(sensitive_info)  # leak: secret-in-response
