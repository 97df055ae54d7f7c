"""The table of incidents."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table of incidents."""

    dependencies: ClassVar[list[Any]] = [("leaktight_guard", "0001_vault")]
    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(editable=False, max_length=32, unique=True)),
                ("view", models.CharField(blank=True, max_length=200)),
                ("channel", models.CharField(max_length=32)),
                ("label", models.CharField(max_length=32)),
                ("form", models.CharField(blank=True, max_length=32)),
                ("fingerprint", models.CharField(blank=True, max_length=16)),
                ("mode", models.CharField(max_length=8)),
                ("count", models.PositiveBigIntegerField(default=0)),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "incident", "verbose_name_plural": "incidents", "ordering": ("-last_seen", "-pk")},
        ),
    ]
