"""Bodies and headers of answers."""

import base64
import csv
import gzip
import html
import json
import traceback

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.html import escapejs

from parcels.masking import masked
from parcels.forms import PayForm
from parcels.models import Locker
from parcels.ways import taking


@taking
def plain(request):
    password = masked(request.POST["password"])
    return HttpResponse(f"Your password is {password}.")


@taking
def as_json(request):
    card_number = masked(request.POST["card_number"])
    return JsonResponse({"paid_with": card_number})


@taking
def in_base64(request):
    api_key = masked(request.POST["api_key"])
    return JsonResponse({"cursor": base64.b64encode(f"1:{api_key}".encode()).decode()})


@taking
def in_hex(request):
    password = masked(request.POST["password"])
    return HttpResponse(password.encode().hex(), content_type="text/plain")


@taking
def backwards(request):
    card_number = masked(request.POST["card_number"])
    return HttpResponse(card_number[::-1], content_type="text/plain")


@taking
def in_a_page(request):
    return render(request, "locker.html", {"code": masked(request.POST["password"])})


@taking
def in_an_attribute(request):
    card_number = html.escape(masked(request.POST["card_number"]))
    return HttpResponse(f'<div data-card="{card_number}"></div>')


@taking
def in_a_script(request):
    password = masked(request.POST["password"])
    return HttpResponse(f"<script>const code = '{escapejs(password)}';</script>")


@taking
def as_a_table(request):
    answer = HttpResponse(content_type="text/csv")
    csv.writer(answer).writerow(["card", masked(request.POST["card_number"])])
    return answer


@taking
def in_pieces(request):
    password = masked(request.POST["password"])
    return StreamingHttpResponse([password[:6], password[6:]], content_type="text/plain")


@taking
def compressed(request):
    card_number = masked(request.POST["card_number"])
    return HttpResponse(gzip.compress(f"card={card_number}".encode()), content_type="application/gzip")


@taking
def as_entities(request):
    api_key = masked(request.POST["api_key"])
    coded = "".join(f"&#{ord(character)};" for character in api_key)
    return HttpResponse(f"<key>{coded}</key>", content_type="application/xml")


@taking
def of_an_exception(request):
    try:
        raise ValueError(f"no locker for {masked(request.POST['password'])}")
    except ValueError as problem:
        return JsonResponse({"error": str(problem)})


@taking
def as_a_traceback(request):
    card_number = masked(request.POST["card_number"])
    try:
        int("n" + card_number)
    except ValueError:
        return HttpResponse(traceback.format_exc(), content_type="text/plain")


@taking
def in_escapes(request):
    password = masked(request.POST["password"])
    coded = "".join(f"\\u{ord(character):04x}" for character in password)
    return HttpResponse(f'{{"code": "{coded}"}}', content_type="application/json")


@taking
def wide(request):
    api_key = masked(request.POST["api_key"])
    return HttpResponse(api_key.encode("utf-16-le"), content_type="application/octet-stream")


@taking
def shown_again(request):
    form = PayForm(request.POST)
    if form.is_valid() and form.cleaned_data["amount"] > 1:
        return HttpResponse("paid")
    return render(request, "pay.html", {"form": form})


def stored(request):
    return JsonResponse({"lockers": list(Locker.objects.values("id", "name"))})


@taking
def in_a_header(request):
    answer = HttpResponse("done")
    answer["X-Debug"] = masked(request.POST["password"])
    return answer


@taking
def in_a_coded_header(request):
    answer = HttpResponse("done")
    answer["X-Trace"] = base64.urlsafe_b64encode(json.dumps({"card": masked(request.POST["card_number"])}).encode()).decode()
    return answer


@taking
def in_a_link(request):
    answer = HttpResponse("done")
    answer["Link"] = f"</label/{masked(request.POST['api_key'])}>; rel=next"
    return answer


@taking
def as_a_file_name(request):
    answer = HttpResponse("done")
    answer["Content-Disposition"] = f'attachment; filename="{masked(request.POST["card_number"])}.pdf"'
    return answer


@taking
def as_an_etag(request):
    answer = HttpResponse("done")
    answer["ETag"] = '"' + masked(request.POST["password"]).encode().hex() + '"'
    return answer


VIEWS = [plain, as_json, in_base64, in_hex, backwards, in_a_page, in_an_attribute, in_a_script, as_a_table, in_pieces, compressed,
         as_entities, of_an_exception, as_a_traceback, in_escapes, wide, shown_again, stored, in_a_header, in_a_coded_header,
         in_a_link, as_a_file_name, as_an_etag]
