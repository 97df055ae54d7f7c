"""What the load balancer asks: is the process up, and is its side-car?"""

import requests
from django.conf import settings
from django.http import JsonResponse
from django.views.decorators.cache import never_cache


@never_cache
def healthz(request):
    try:
        ready = requests.get(settings.STATUS_URL, timeout=1).ok
    except requests.RequestException:
        ready = False
    return JsonResponse({"up": True, "side_car": ready})
