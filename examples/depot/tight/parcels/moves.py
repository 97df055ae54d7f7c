"""Redirects."""

import base64
from urllib.parse import quote, urlencode

from django.http import HttpResponseRedirect
from django.shortcuts import redirect

from parcels.masking import masked
from parcels.ways import taking


@taking
def in_the_query(request):
    return redirect("/done/?" + urlencode({"card": masked(request.POST["card_number"])}))


@taking
def in_the_path(request):
    return redirect(f"/labels/{masked(request.POST['national_id'])}/")


@taking
def behind_the_hash(request):
    return HttpResponseRedirect(f"/done/#{masked(request.POST['api_key'])}")


@taking
def in_base64(request):
    state = base64.urlsafe_b64encode(masked(request.POST["password"]).encode()).decode()
    return redirect(f"/done/?state={state}")


@taking
def in_an_address_inside(request):
    inner = f"/pay/?card={masked(request.POST['card_number'])}&x=1"
    return redirect(f"/sign-in/?then={quote(quote(inner, safe=''), safe='')}")


@taking
def to_another_site(request):
    return redirect(f"https://insurer.example.net/claims?member={masked(request.POST['national_id'])}")


VIEWS = [in_the_query, in_the_path, behind_the_hash, in_base64, in_an_address_inside, to_another_site]
