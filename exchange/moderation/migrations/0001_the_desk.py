"""Decisions at the desk, reports, and notes that only curators read."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from exchange.migrating import Together


class Migration(migrations.Migration):

    replaces = [('moderation', '0001_initial'), ('moderation', '0002_safe_first_words'), ('moderation', '0003_texts_open_at_the_desk'), ('moderation', '0004_thanks_reported_and_private_notes')]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('chat', '0001_talks'),
        ('lessons', '0001_lessons'),
        ('passport', '0001_initial'),
        ('skills', '0001_concepts_and_listings'),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='HeldDecision',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('verdict', models.CharField(choices=[('through', 'let through'), ('kept', 'kept back')], max_length=8)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('curator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('held', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='decision', to='chat.held')),
                ],
            ),
            migrations.CreateModel(
                name='Look',
                fields=[
                    ('revision', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='look', serialize=False, to='skills.revision')),
                    ('until', models.DateTimeField()),
                    ('curator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='Decision',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('verdict', models.CharField(choices=[('accepted', 'let through'), ('returned', 'returned')], max_length=8)),
                    ('reason', models.CharField(blank=True, max_length=30)),
                    ('note', models.CharField(blank=True, max_length=500)),
                    ('before', models.JSONField(default=dict)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('undone_at', models.DateTimeField(blank=True, null=True)),
                    ('curator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to=settings.AUTH_USER_MODEL)),
                    ('revision', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='skills.revision')),
                    ('undone_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(fields=['curator', '-at'], name='decision_of_curator')],
                },
            ),
            migrations.CreateModel(
                name='PrivateNote',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('body', models.CharField(max_length=1000)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('decided_at', models.DateTimeField(blank=True, null=True)),
                    ('curator', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='private_notes', to='lessons.lesson')),
                    ('writer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('decided_at', None)), fields=['at'], name='private_notes_waiting')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('decided_at', None)), fields=('lesson', 'writer'), name='one_waiting_note_per_lesson')],
                },
            ),
            migrations.CreateModel(
                name='Report',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('seq', models.PositiveIntegerField(default=0)),
                    ('reason', models.CharField(max_length=12)),
                    ('is_severe', models.BooleanField(default=False)),
                    ('words', models.JSONField(default=list)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('verdict', models.CharField(blank=True, choices=[('calm', 'nothing against the rules'), ('warned', 'the talk stays closed')], max_length=8)),
                    ('decided_at', models.DateTimeField(blank=True, null=True)),
                    ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='chat.conversation')),
                    ('curator', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('reporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports_made', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(condition=models.Q(('decided_at', None)), fields=('conversation', 'reporter'), name='one_open_report_per_talk')],
                },
            ),
            migrations.CreateModel(
                name='ThanksReport',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('reason', models.CharField(max_length=12)),
                    ('learned', models.CharField(blank=True, max_length=300)),
                    ('words', models.CharField(blank=True, max_length=300)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('verdict', models.CharField(blank=True, choices=[('calm', 'nothing against the rules'), ('down', 'taken down')], max_length=8)),
                    ('why', models.CharField(blank=True, max_length=12)),
                    ('decided_at', models.DateTimeField(blank=True, null=True)),
                    ('curator', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('receiver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('reporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('thanks', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='reports', to='passport.thanks')),
                    ('writer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('decided_at', None)), fields=['at'], name='thanks_reports_waiting')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('decided_at', None)), fields=('thanks', 'reporter'), name='one_open_report_per_thanks')],
                },
            ),
        ]),
    ]
