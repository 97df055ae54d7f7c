"""What is kept, and comes out later, for somebody else."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from parcels.forms import NoteForm
from parcels.models import Report
from parcels.ways import taking

BOARD = []


@taking
def write(request):
    form = NoteForm(request.POST)
    if form.is_valid():
        Report.objects.create(**form.cleaned_data)
        return HttpResponse("kept")
    return HttpResponse("what?", status=400)


@never_cache
def read(request):
    return JsonResponse({"reports": list(Report.objects.values_list("diagnosis", flat=True))})  # planted: response-body


@taking
def pin(request):
    BOARD.append(request.POST["access_key"])
    return HttpResponse("pinned")


@never_cache
def board(request):
    return render(request, "board.html", {"board": BOARD})  # planted: page


VIEWS = [write, read, pin, board]
