"""Addresses of accounts; forgotten passwords are left to Django's own views."""

from django.contrib.auth import views as auth
from django.urls import path, reverse_lazy

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("login/", auth.LoginView.as_view(template_name="accounts/login.html"), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("link/", views.SignInLinkView.as_view(), name="sign-in-link"),
    path("link/sent/", views.SignInLinkSentView.as_view(), name="sign-in-link-sent"),
    path("link/<uid>/<token>/", views.SignInView.as_view(), name="sign-in"),
    path("invite/", views.InviteView.as_view(), name="invite"),
    path("renew/<int:pk>/", views.RenewView.as_view(), name="renew"),
    path("kiosk/", views.KioskEnrolView.as_view(), name="kiosk-enrol"),
    path("first-visit/<uid>/<token>/", views.FirstVisitView.as_view(), name="first-visit"),
    path("choose-password/", views.ChoosePasswordView.as_view(), name="choose-password"),
    path("password/", views.change_password, name="change-password"),
    path(
        "reset/",
        auth.PasswordResetView.as_view(
            success_url=reverse_lazy("accounts:password_reset_done"),
            email_template_name="accounts/mail/reset.txt",
        ),
        name="password_reset",
    ),
    path("reset/done/", auth.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path(
        "reset/<uidb64>/<token>/",
        auth.PasswordResetConfirmView.as_view(success_url=reverse_lazy("accounts:login")),
        name="password_reset_confirm",
    ),
]
