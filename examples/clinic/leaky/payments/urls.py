"""Addresses of payments."""

from django.urls import path
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt

from payments import views

app_name = "payments"

urlpatterns = [
    path("", cache_page(600)(views.StatementView.as_view()), name="statement"),  # leak: cacheable-secret
    path("<int:pk>/", views.ReceiptView.as_view(), name="receipt"),
    path("<int:pk>/checkout/", views.CheckoutView.as_view(), name="checkout"),
    path("<int:pk>/confirm/", views.ConfirmView.as_view(), name="confirm"),
    path("<int:pk>/desk/", views.DeskPaymentView.as_view(), name="desk"),
    path("<int:pk>/refund/", csrf_exempt(views.RefundView.as_view()), name="refund"),  # leak: csrf-missing
    path("webhook/", views.gateway_webhook, name="webhook"),
]
