"""Notices, how and when each person wants them, and devices."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from exchange.migrating import Together


class Migration(migrations.Migration):

    replaces = [('notices', '0001_initial'), ('notices', '0002_how_and_when'), ('notices', '0003_devices')]

    initial = True

    dependencies = [
        ('accounts', '0001_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('chat', '0001_talks'),
        ('skills', '0001_concepts_and_listings'),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='Device',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('endpoint', models.CharField(max_length=500, unique=True)),
                    ('p256dh', models.CharField(max_length=100)),
                    ('auth', models.CharField(max_length=40)),
                    ('session_key', models.CharField(max_length=40)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='Habit',
                fields=[
                    ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='notice_habit', serialize=False, to=settings.AUTH_USER_MODEL)),
                    ('every', models.CharField(choices=[('day', 'every day'), ('week', 'once a week')], default='day', max_length=4)),
                    ('hour', models.PositiveSmallIntegerField(default=18)),
                    ('day', models.PositiveSmallIntegerField(default=6)),
                    ('quiet_from', models.PositiveSmallIntegerField(default=22)),
                    ('quiet_until', models.PositiveSmallIntegerField(default=7)),
                    ('zone', models.CharField(blank=True, default='', max_length=64)),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(('day__lte', 6), ('hour__lte', 23), ('quiet_from__lte', 23), ('quiet_until__lte', 23)), name='habits_are_hours_and_days')],
                },
            ),
            migrations.CreateModel(
                name='Choice',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(max_length=20)),
                    ('is_on', models.BooleanField()),
                    ('is_collected', models.BooleanField(db_default=False, default=False)),
                    ('on_page', models.BooleanField(db_default=True, default=True)),
                    ('on_devices', models.BooleanField(db_default=True, default=True)),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notice_choices', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'db_table': 'notices_mailchoice',
                    'constraints': [models.UniqueConstraint(fields=('person', 'kind'), name='one_mail_choice_per_kind')],
                },
            ),
            migrations.CreateModel(
                name='Notice',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(max_length=20)),
                    ('key', models.CharField(max_length=100)),
                    ('facts', models.JSONField(default=dict)),
                    ('url', models.CharField(max_length=200)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('on_page', models.BooleanField(db_default=True, default=True)),
                    ('read_at', models.DateTimeField(blank=True, null=True)),
                    ('mail_due_at', models.DateTimeField(blank=True, null=True)),
                    ('is_digest', models.BooleanField(db_default=False, default=False)),
                    ('claimed_at', models.DateTimeField(blank=True, null=True)),
                    ('claim', models.UUIDField(blank=True, null=True)),
                    ('mailed_at', models.DateTimeField(blank=True, null=True)),
                    ('push_due_at', models.DateTimeField(blank=True, null=True)),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('reason', models.CharField(blank=True, default='', max_length=300)),
                    ('listing', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='skills.listing')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
                    ('talk', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.conversation')),
                ],
                options={
                    'indexes': [models.Index(fields=['person', '-id'], name='notice_of_person'), models.Index(condition=models.Q(('read_at', None)), fields=['person'], name='notice_unread'), models.Index(condition=models.Q(('mail_due_at__isnull', False), ('mailed_at', None)), fields=['mail_due_at', 'id'], name='notice_due'), models.Index(condition=models.Q(('push_due_at__isnull', False)), fields=['push_due_at'], name='notice_push_due'), models.Index(condition=models.Q(('claim__isnull', False)), fields=['claim'], name='notice_claimed')],
                    'constraints': [models.UniqueConstraint(fields=('person', 'kind', 'key'), name='one_notice_per_occasion')],
                },
            ),
        ]),
    ]
