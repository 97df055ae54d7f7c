"""Signing in without a password, invitations, and passwords."""

import logging

from django.contrib import messages
from django.contrib.auth import get_user_model, login, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView

from accounts.cookies import trust_device, trust_kiosk
from accounts.forms import AddressForm, InviteForm
from accounts.links import user_of
from accounts.mixins import StaffMixin
from accounts.models import Device
from accounts.services import invite, renew
from accounts.tasks import send_sign_in_link

logger = logging.getLogger(__name__)

FIRST_VISIT = "first_visit"


class SignInLinkView(FormView):
    """Ask for a link by mail. The answer is the same whether the address is known or not."""

    template_name = "accounts/sign_in_link.html"
    form_class = AddressForm
    success_url = reverse_lazy("accounts:sign-in-link-sent")

    def form_valid(self, form):
        people = get_user_model().objects.filter(email__iexact=form.cleaned_data["email"])
        user = people.filter(is_active=True).first()
        if user is not None:
            logger.info("user %s asked for a link", user.pk)
            send_sign_in_link.delay(user.pk)
        return super().form_valid(form)


class SignInLinkSentView(TemplateView):
    template_name = "accounts/sign_in_link_sent.html"


@method_decorator(never_cache, name="dispatch")
class SignInView(View):
    """Follow the mailed link: sign in, forget the link, trust the browser."""

    def get(self, request, uid, token):
        user = user_of(uid, token)
        if user is None:
            messages.error(request, "This link was used before or is too old.")
            return redirect("accounts:sign-in-link")
        login(request, user)
        handle = Device.remember(user, label=request.headers.get("User-Agent", "")[:80])
        return trust_device(redirect("appointments:list"), handle)


class KioskEnrolView(StaffMixin, View):
    """Turn the browser in front of us into a waiting-room screen."""

    def post(self, request):
        handle = Device.remember(request.user, label="kiosk")
        logger.info("kiosk enrolled by user %s", request.user.pk)
        return trust_kiosk(redirect("patients:kiosk"), handle)


class InviteView(StaffMixin, FormView):
    template_name = "accounts/invite.html"
    form_class = InviteForm
    success_url = reverse_lazy("accounts:invite")

    def form_valid(self, form):
        user = invite(**form.cleaned_data)
        messages.success(self.request, f"{user.first_name} can now choose a password.")
        return super().form_valid(form)


class RenewView(StaffMixin, View):
    """The desk helps a patient who is locked out."""

    def post(self, request, pk):
        user = get_object_or_404(get_user_model(), pk=pk, is_staff=False)
        renew(user)
        logger.info("user %s was renewed by user %s", user.pk, request.user.pk)
        messages.success(request, "A link to choose a new password was mailed.")
        return redirect("accounts:invite")


@method_decorator(never_cache, name="dispatch")
class FirstVisitView(View):
    """The link of the invitation leads here, and is moved out of the address at once."""

    def get(self, request, uid, token):
        if user_of(uid, token) is None:
            messages.error(request, "This invitation was used before or is too old.")
            return redirect("accounts:login")
        request.session[FIRST_VISIT] = [uid, token]
        return redirect("accounts:choose-password")


@method_decorator(sensitive_post_parameters("new_password1", "new_password2"), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ChoosePasswordView(FormView):
    """The invited person chooses the first password."""

    template_name = "accounts/choose_password.html"
    form_class = SetPasswordForm
    success_url = reverse_lazy("accounts:login")

    def get_form_kwargs(self):
        user = user_of(*self.request.session.get(FIRST_VISIT, ["", ""]))
        if user is None:
            raise Http404
        return {**super().get_form_kwargs(), "user": user}

    def form_valid(self, form):
        form.save()
        del self.request.session[FIRST_VISIT]
        return super().form_valid(form)


@sensitive_post_parameters("old_password", "new_password1", "new_password2")
@login_required
@never_cache
def change_password(request):
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        user.password_changed_at = timezone.now()
        user.save(update_fields=["password_changed_at"])
        update_session_auth_hash(request, user)
        logger.info("user %s changed the password at %s", user.pk, user.password_changed_at)
        return redirect("appointments:list")
    return render(request, "accounts/change_password.html", {"form": form})
