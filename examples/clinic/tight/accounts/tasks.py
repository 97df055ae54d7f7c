"""Mails about accounts, sent by a worker."""

from celery import shared_task
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts.links import one_time_url


@shared_task
def send_welcome(user_id):
    user = get_user_model().objects.get(pk=user_id)
    link = one_time_url(user, route="accounts:first-visit")
    text = render_to_string("accounts/mail/welcome.txt", {"user": user, "link": link})
    send_mail("Welcome to Harbourview", text, None, [user.email])


@shared_task
def send_new_start(user_id):
    user = get_user_model().objects.get(pk=user_id)
    link = one_time_url(user, route="accounts:first-visit")
    text = render_to_string("accounts/mail/new_start.txt", {"user": user, "link": link})
    send_mail("A new start for your account", text, None, [user.email])


@shared_task
def send_sign_in_link(user_id):
    user = get_user_model().objects.get(pk=user_id)
    link = one_time_url(user, route="accounts:sign-in")
    text = render_to_string("accounts/mail/sign_in.txt", {"user": user, "link": link})
    send_mail("Your link to sign in", text, None, [user.email])
