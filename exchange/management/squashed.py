"""Databases that stand half-way through migrations which were drawn together since."""

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def half_way() -> list[str]:
    """Give the apps of which this database has some of the old migrations and not all; Django itself may fail on them
    in several ways, and on PostgreSQL only in the middle."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    drawn = {key: each.replaces for key, each in MigrationLoader(None).disk_migrations.items() if each.replaces}
    return sorted(
        {
            app
            for (app, name), old in drawn.items()
            if (app, name) not in applied and applied & set(old) and not applied >= set(old)
        }
    )
