"""Mails."""

import base64

from django.core.mail import EmailMessage, EmailMultiAlternatives, mail_admins, send_mail
from django.http import HttpResponse

from parcels.ways import taking

FROM, TO = "desk@depot.example.org", ["customer@example.com"]


@taking
def in_the_text(request):
    send_mail("Welcome", f"Your password is {request.POST['password']}.", FROM, TO)  # planted: mail
    return HttpResponse("done")


@taking
def in_the_subject(request):
    send_mail(f"Key {request.POST['api_key']}", "See the subject.", FROM, TO)  # planted: mail
    return HttpResponse("done")


@taking
def in_the_other_part(request):
    mail = EmailMultiAlternatives("Paid", "Thank you.", FROM, TO)
    mail.attach_alternative(f"<p>Card {request.POST['card_number']}</p>", "text/html")
    mail.send()  # planted: mail
    return HttpResponse("done")


@taking
def attached(request):
    mail = EmailMessage("Report", "See the file.", FROM, TO)
    mail.attach("report.txt", f"number {request.POST['national_id']}", "text/plain")
    mail.send()  # planted: mail
    return HttpResponse("done")


@taking
def in_a_mailed_link(request):
    coded = base64.urlsafe_b64encode(request.POST["password"].encode()).decode()
    send_mail("Sign in", f"https://depot.example.org/in/?c={coded}", FROM, TO)  # planted: mail
    return HttpResponse("done")


@taking
def to_the_admins(request):
    mail_admins("Odd key", f"somebody used {request.POST['api_key']}")  # planted: mail
    return HttpResponse("done")


VIEWS = [in_the_text, in_the_subject, in_the_other_part, attached, in_a_mailed_link, to_the_admins]
