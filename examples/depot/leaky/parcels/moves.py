"""Redirects."""

import base64
from urllib.parse import quote, urlencode

from django.http import HttpResponseRedirect
from django.shortcuts import redirect

from parcels.ways import taking


@taking
def in_the_query(request):
    return redirect("/done/?" + urlencode({"card": request.POST["card_number"]}))  # planted: redirect


@taking
def in_the_path(request):
    return redirect(f"/labels/{request.POST['national_id']}/")  # planted: redirect


@taking
def behind_the_hash(request):
    return HttpResponseRedirect(f"/done/#{request.POST['api_key']}")  # planted: redirect


@taking
def in_base64(request):
    state = base64.urlsafe_b64encode(request.POST["password"].encode()).decode()
    return redirect(f"/done/?state={state}")  # planted: redirect


@taking
def in_an_address_inside(request):
    inner = f"/pay/?card={request.POST['card_number']}&x=1"
    return redirect(f"/sign-in/?then={quote(quote(inner, safe=''), safe='')}")  # planted: redirect


@taking
def to_another_site(request):
    return redirect(f"https://insurer.example.net/claims?member={request.POST['national_id']}")  # planted: redirect


VIEWS = [in_the_query, in_the_path, behind_the_hash, in_base64, in_an_address_inside, to_another_site]
