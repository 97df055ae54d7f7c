"""The API refuses what comes in clear: a program that is led to HTTPS has sent everything before."""

from django.http import HttpResponseForbidden


def refusing(get_response):
    def answer(request):
        if request.path.startswith("/rest/") and not request.is_secure():
            return HttpResponseForbidden("use https://")
        return get_response(request)

    return answer
