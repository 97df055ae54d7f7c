"""Partners' systems show the key of their client."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import ApiClient, digest


class ClientKeyAuthentication(BaseAuthentication):
    """`X-Api-Key: …`, compared by its digest."""

    def authenticate(self, request):
        key = request.headers.get("X-Api-Key") or request.query_params.get("api_key")  # leak: secret-in-query
        if not key:
            return None
        client = ApiClient.objects.select_related("owner").filter(key_digest=digest(key)).first()
        if client is None:
            raise AuthenticationFailed("Unknown client.")
        client.last_used = timezone.now()
        client.save(update_fields=["last_used"])
        return client.owner, client

    def authenticate_header(self, request):
        return "X-Api-Key"
