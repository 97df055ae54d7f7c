"""Checkout in two pages, refunds, statements, and what the gateway tells us."""

import json
import logging

import sentry_sdk
from django.contrib import messages
from django.http import HttpResponse, HttpResponseForbidden
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.generic import DetailView, FormView, ListView, TemplateView

from accounts.mixins import PrivateMixin, StaffMixin
from integrations.http import PartnerError
from payments.forms import CardForm, RefundForm
from payments.gateway import Card, Gateway, is_from_gateway
from payments.models import Payment

logger = logging.getLogger(__name__)

CHECKOUT = "checkout"


class MyPaymentMixin(PrivateMixin):
    """The payment is one of the signed-in patient, and still open."""

    def get_payment(self):
        mine = Payment.objects.filter(appointment__patient__account=self.request.user)
        return get_object_or_404(mine, pk=self.kwargs["pk"], status=Payment.OPEN)


@method_decorator(sensitive_post_parameters("card_number", "expiry", "cvc"), name="dispatch")
class CheckoutView(MyPaymentMixin, FormView):
    """First page: which card?"""

    template_name = "payments/checkout.html"
    form_class = CardForm

    def get_context_data(self, **kwargs):
        return {**super().get_context_data(**kwargs), "payment": self.get_payment()}

    def form_valid(self, form):
        payment = self.get_payment()
        card = Card(form.cleaned_data["card_number"], form.cleaned_data["expiry"], form.cleaned_data["cvc"])
        try:
            kept = Gateway().keep(card)
        except PartnerError:
            messages.error(self.request, "The card was refused.")
            return redirect("payments:checkout", pk=payment.pk)
        self.request.session[CHECKOUT] = {"payment": payment.pk, "kept": kept, "last4": card.last4}
        return redirect("payments:confirm", pk=payment.pk)


class ConfirmView(MyPaymentMixin, TemplateView):
    """Second page: really pay?"""

    template_name = "payments/confirm.html"

    def get_context_data(self, **kwargs):
        return {**super().get_context_data(**kwargs), "payment": self.get_payment()}

    def post(self, request, pk):
        payment = self.get_payment()
        checkout = request.session.get(CHECKOUT, {})
        if checkout.get("payment") != payment.pk:
            return redirect("payments:checkout", pk=pk)
        try:
            about = f"appointment {payment.appointment_id}"
            payment.reference = Gateway().charge(checkout["kept"], amount=payment.amount, about=about)
        except PartnerError:
            sentry_sdk.set_context("payment", {"id": payment.pk, "amount": str(payment.amount)})
            sentry_sdk.capture_exception()
            messages.error(request, "The card was refused.")
            return redirect("payments:checkout", pk=pk)
        payment.card_last4 = checkout["last4"]
        payment.status = Payment.PAID
        payment.save()
        del request.session[CHECKOUT]
        logger.info("%s with •••• %s", payment, payment.card_last4)
        messages.success(request, f"Thank you, {payment.amount} was charged to •••• {payment.card_last4}.")
        return redirect("appointments:list")


class DeskPaymentView(StaffMixin, View):
    """The desk types a card in for a patient on the phone."""

    @method_decorator(sensitive_post_parameters("card_number", "expiry", "cvc"))
    def post(self, request, pk):
        payment = get_object_or_404(Payment, pk=pk, status=Payment.OPEN)
        form = CardForm(request.POST)
        if not form.is_valid():
            messages.error(request, "This card cannot be used.")
            return redirect("payments:statement")
        card = Card(form.cleaned_data["card_number"], form.cleaned_data["expiry"], form.cleaned_data["cvc"])
        gateway = Gateway()
        payment.reference = gateway.charge(gateway.keep(card), amount=payment.amount, about=f"phone, payment {payment.pk}")
        payment.card_last4 = card.last4
        payment.status = Payment.PAID
        payment.save()
        return redirect("payments:statement")


class RefundView(StaffMixin, View):
    """The desk pays back."""

    def get(self, request, pk):
        payment = get_object_or_404(Payment, pk=pk, status=Payment.PAID)
        return render(request, "payments/refund.html", {"payment": payment, "form": RefundForm()})

    def post(self, request, pk):
        payment = get_object_or_404(Payment, pk=pk, status=Payment.PAID)
        form = RefundForm(request.POST)
        if not form.is_valid():
            return render(request, "payments/refund.html", {"payment": payment, "form": form})
        Gateway().refund(payment, form.cleaned_data["reason"])
        payment.status = Payment.REFUNDED
        payment.save(update_fields=["status"])
        return redirect("payments:statement")


class StatementView(PrivateMixin, ListView):
    """What I paid, and what for."""

    template_name = "payments/statement.html"
    context_object_name = "payments"

    def get_queryset(self):
        mine = Payment.objects.filter(appointment__patient__account=self.request.user)
        return mine.select_related("appointment").order_by("-created")


class ReceiptView(PrivateMixin, DetailView):
    template_name = "payments/receipt.html"
    context_object_name = "payment"

    def get_queryset(self):
        return Payment.objects.filter(appointment__patient__account=self.request.user)


@csrf_exempt
@require_POST
def gateway_webhook(request):
    """The gateway tells how a payment went on; its signature takes the place of a CSRF token."""
    if not is_from_gateway(request.body, request.headers.get("X-Gateway-Signature", "")):
        logger.warning("webhook with a wrong signature, %d bytes", len(request.body))
        return HttpResponseForbidden()
    event = json.loads(request.body)
    changed = Payment.objects.filter(reference=event["reference"]).update(status=event["status"])
    logger.info("webhook changed %d payments", changed)
    return HttpResponse(status=204)
