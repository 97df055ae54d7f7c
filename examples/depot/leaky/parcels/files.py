"""Files."""

import base64
import csv
import json
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse

from parcels.ways import taking

FOLDER = Path(settings.BASE_DIR)


@taking
def as_text(request):
    with open(FOLDER / "last.txt", "w") as file:  # planted: file
        file.write(f"card {request.POST['card_number']}\n")
    return HttpResponse("done")


@taking
def at_once(request):
    (FOLDER / "id.txt").write_text(request.POST["national_id"])  # planted: file
    return HttpResponse("done")


@taking
def as_json(request):
    with (FOLDER / "key.json").open("w") as file:  # planted: file
        json.dump({"key": request.POST["api_key"]}, file)
    return HttpResponse("done")


@taking
def appended(request):
    with open(FOLDER / "all.csv", "a", newline="") as file:  # planted: file
        csv.writer(file).writerow(["x", request.POST["password"]])
    return HttpResponse("done")


@taking
def coded(request):
    (FOLDER / "coded.bin").write_bytes(base64.b64encode(request.POST["card_number"].encode()))  # planted: file
    return HttpResponse("done")


VIEWS = [as_text, at_once, as_json, appended, coded]
