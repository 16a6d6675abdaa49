import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

HOURS = models.Q(day__lte=6, hour__lte=23, quiet_from__lte=23, quiet_until__lte=23)


class Migration(migrations.Migration):
    """Adds only: processes of the version before go on with these tables. `Choice` keeps the table of `MailChoice`."""

    dependencies = [
        ("chat", "0001_initial"),
        ("notices", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("notice", "talk", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="chat.conversation")),
        migrations.AddField("notice", "on_page", models.BooleanField(db_default=True, default=True)),
        migrations.AddField("notice", "is_digest", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("notice", "claim", models.UUIDField(blank=True, null=True)),
        migrations.AddIndex("notice", models.Index(condition=models.Q(("claim__isnull", False)), fields=["claim"], name="notice_claimed")),
        migrations.AlterModelTable("mailchoice", "notices_mailchoice"),
        migrations.RenameModel("MailChoice", "Choice"),
        migrations.AlterField("choice", "person", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="notice_choices", to=settings.AUTH_USER_MODEL)),
        migrations.AddField("choice", "is_collected", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("choice", "on_page", models.BooleanField(db_default=True, default=True)),
        migrations.CreateModel(
            name="Habit",
            fields=[
                ("person", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="notice_habit", serialize=False, to=settings.AUTH_USER_MODEL)),
                ("every", models.CharField(choices=[("day", "every day"), ("week", "once a week")], default="day", max_length=4)),
                ("hour", models.PositiveSmallIntegerField(default=18)),
                ("day", models.PositiveSmallIntegerField(default=6)),
                ("quiet_from", models.PositiveSmallIntegerField(default=22)),
                ("quiet_until", models.PositiveSmallIntegerField(default=7)),
                ("zone", models.CharField(blank=True, default="", max_length=64)),
            ],
            options={"constraints": [models.CheckConstraint(condition=HOURS, name="habits_are_hours_and_days")]},
        ),
    ]
