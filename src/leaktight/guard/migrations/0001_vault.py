"""The table of the vault."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table of the vault."""

    initial = True
    dependencies: ClassVar[list[Any]] = []
    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="VaultEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=40, unique=True)),
                ("sealed", models.BinaryField()),
                ("reads", models.PositiveSmallIntegerField()),
                ("expires", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "vault entry", "verbose_name_plural": "vault entries"},
        ),
    ]
