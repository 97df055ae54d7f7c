"""The secret comes in by POST, waits sealed in the session of its owner, and is never sent back."""

from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from safe.forms import CombinationForm
from safe.sealing import seal, unseal

KEPT = "combination"


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
        request.session.cycle_key()
        request.session[KEPT] = seal(form.cleaned_data["sensitive_info"])
        return redirect("secure-page")


@method_decorator(never_cache, name="dispatch")
class SecurePageView(View):
    """Say what is kept for this visitor; the last two characters are enough to know it by."""

    def get(self, request):
        if KEPT not in request.session:
            return redirect("combination")
        hint = unseal(request.session[KEPT])[-2:]
        return render(request, "safe/secure_page.html", {"hint": hint})
