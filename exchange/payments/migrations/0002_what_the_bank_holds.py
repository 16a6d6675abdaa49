"""A payment that a bank holds or took back has a state of its own; before, it read as if it were not to be paid."""

from typing import Any

from django.db import migrations, models


def name_them(apps: Any, _editor: Any) -> None:
    """Give rows that were paid and stand as not to be paid the state they have."""
    taken = apps.get_model("payments", "Payment").objects.filter(state="void").exclude(paid_at=None)
    taken.filter(is_disputed=True).update(state="bank")
    taken.filter(is_disputed=False).update(state="taken")


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_money")]

    operations = [
        migrations.AlterField(
            model_name="payment",
            name="state",
            field=models.CharField(
                choices=[
                    ("due", "to be paid"),
                    ("held", "paid, held until the lesson"),
                    ("released", "handed on to the teacher"),
                    ("returned", "given back to the learner"),
                    ("shared", "half handed on, half given back"),
                    ("void", "not to be paid any more"),
                    ("bank", "the bank holds it back"),
                    ("taken", "taken back by the bank"),
                ],
                default="due",
                max_length=8,
            ),
        ),
        migrations.RunPython(name_them, migrations.RunPython.noop, elidable=True),
    ]
