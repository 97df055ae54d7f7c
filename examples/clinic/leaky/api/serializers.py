"""How the API shows our records."""

from rest_framework import serializers

from accounts.models import ApiClient, User
from appointments.models import Appointment


class SlotSerializer(serializers.ModelSerializer):
    """An appointment as other systems may know it: when and with whom."""

    class Meta:
        model = Appointment
        fields = ["id", "clinician", "starts", "by_video", "cancelled"]


class ColleagueSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "first_name", "last_name", "is_clinician", "password"]  # leak: overexposed-fields

    def create(self, validated_data):
        return User.objects.create_user(is_staff=True, **validated_data)


class ApiClientSerializer(serializers.ModelSerializer):
    class Meta:
        model = ApiClient
        fields = "__all__"  # leak: overexposed-fields
