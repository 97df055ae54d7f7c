"""The API."""

import logging

from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class Account(serializers.Serializer):
    email = serializers.EmailField()
    password = serializers.CharField(min_length=8, write_only=True)
    plan = serializers.ChoiceField(choices=["small", "large"])


class Register(APIView):
    def post(self, request):
        serializer = Account(data=request.data)
        serializer.is_valid(raise_exception=True)
        logger.info("new account, plan %s", serializer.validated_data["plan"])
        return Response({"plan": serializer.validated_data["plan"]}, status=201)


class Accounts(APIView):
    def post(self, request):
        serializer = Account(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)


class Lookup(APIView):
    def post(self, request):
        logger.warning("lookup, %d fields", len(request.data))
        return Response({"found": False})
