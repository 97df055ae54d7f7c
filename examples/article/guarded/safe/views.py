"""The secret comes in by POST, waits in the vault for the session it belongs to, and is shown to it once."""

from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from leaktight.guard import sensitive
from leaktight.guard.pages import hand_over

from safe.forms import CombinationForm


@sensitive("sensitive_info")
@method_decorator(sensitive_post_parameters("sensitive_info"), name="dispatch")
@method_decorator(csrf_protect, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class CombinationView(View):
    """Take the combination of the safe."""

    def get(self, request):
        return render(request, "safe/combination.html", {"form": CombinationForm()})

    def post(self, request):
        form = CombinationForm(request.POST)
        if not form.is_valid():
            return render(request, "safe/combination.html", {"form": form})
        return hand_over(request, form.cleaned_data["sensitive_info"], to="secret")
