"""The API."""

import logging

from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class Account(serializers.Serializer):
    email = serializers.EmailField()
    password = serializers.CharField(min_length=8)
    plan = serializers.ChoiceField(choices=["small", "large"])


class Register(APIView):  # planted: request-body
    def post(self, request):
        serializer = Account(data=request.data)
        serializer.is_valid(raise_exception=True)
        logger.info("new account %s", dict(serializer.validated_data))  # planted: log
        return Response({"plan": serializer.validated_data["plan"]}, status=201)


class Accounts(APIView):
    def post(self, request):
        serializer = Account(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)  # planted: response-body


class Lookup(APIView):
    def post(self, request):
        logger.warning("lookup %s", request.data)  # planted: log
        return Response({"found": False})
