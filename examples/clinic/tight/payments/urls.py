"""Addresses of payments."""

from django.urls import path

from payments import views

app_name = "payments"

urlpatterns = [
    path("", views.StatementView.as_view(), name="statement"),
    path("<int:pk>/", views.ReceiptView.as_view(), name="receipt"),
    path("<int:pk>/checkout/", views.CheckoutView.as_view(), name="checkout"),
    path("<int:pk>/confirm/", views.ConfirmView.as_view(), name="confirm"),
    path("<int:pk>/desk/", views.DeskPaymentView.as_view(), name="desk"),
    path("<int:pk>/refund/", views.RefundView.as_view(), name="refund"),
    path("webhook/", views.gateway_webhook, name="webhook"),
]
