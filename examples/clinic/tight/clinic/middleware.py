"""One log line for each request, so that support can follow what a visitor did."""

import logging
import time

logger = logging.getLogger(__name__)


class RequestLog:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        started = time.monotonic()
        response = self.get_response(request)
        took = (time.monotonic() - started) * 1000
        view = request.resolver_match.view_name if request.resolver_match else None
        logger.info("%s %s %s in %.0f ms", request.method, view, response.status_code, took)
        return response
