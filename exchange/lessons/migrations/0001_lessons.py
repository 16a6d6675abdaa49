"""Lessons with their steps and times, series, sittings, bundles, and feeds."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from exchange.migrating import Together


class Migration(migrations.Migration):

    replaces = [('lessons', '0001_initial'), ('lessons', '0002_hellos_wait'), ('lessons', '0003_talks_lead_to_listings'), ('lessons', '0004_lessons_agreed'), ('lessons', '0006_calendar_feed'), ('lessons', '0007_queues_for_seats'), ('lessons', '0008_bundles')]

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
                name='Feed',
                fields=[
                    ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='calendar_feed', serialize=False, to=settings.AUTH_USER_MODEL)),
                    ('digest', models.CharField(max_length=64, unique=True)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ],
            ),
            migrations.CreateModel(
                name='Rest',
                fields=[
                    ('listing', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='rest', serialize=False, to='skills.listing')),
                    ('until', models.DateTimeField(db_index=True)),
                ],
            ),
            migrations.CreateModel(
                name='Bundle',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('due_at', models.DateTimeField(blank=True, null=True)),
                    ('booked_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('booked_at', None), ('ended_at', None)), fields=['due_at'], name='bundle_open_due')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('booked_at', None), ('ended_at', None), _connector='OR'), name='bundle_booked_or_let_go')],
                },
            ),
            migrations.CreateModel(
                name='Series',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('count', models.PositiveSmallIntegerField(default=1)),
                    ('every_days', models.PositiveSmallIntegerField(db_default=7, default=7)),
                    ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name_plural': 'series',
                },
            ),
            migrations.CreateModel(
                name='Sitting',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('title', models.CharField(blank=True, db_default='', default='', max_length=90)),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField()),
                    ('minutes', models.PositiveSmallIntegerField()),
                    ('format', models.CharField(db_default='place', default='place', max_length=6)),
                    ('place', models.CharField(blank=True, db_default='', default='', max_length=160)),
                    ('in_return', models.CharField(db_default='gift', default='gift', max_length=5)),
                    ('seats', models.PositiveSmallIntegerField()),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                    ('uid', models.UUIDField(default=uuid.uuid4, unique=True)),
                    ('sequence', models.PositiveIntegerField(db_default=0, default=0)),
                    ('conversation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sittings', to='chat.conversation')),
                    ('listing', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sittings', to='skills.listing')),
                    ('teacher', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sittings', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='sitting_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(('seats__range', (1, 60))), name='sitting_seats_between_1_and_60')],
                },
            ),
            migrations.CreateModel(
                name='Lesson',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('state', models.CharField(choices=[('enquiry', 'enquiry'), ('asked', 'asked'), ('booked', 'booked'), ('held', 'held'), ('confirmed', 'confirmed'), ('declined', 'declined'), ('withdrawn', 'withdrawn'), ('cancelled', 'cancelled'), ('lapsed', 'lapsed'), ('no_show', 'somebody did not come'), ('disputed', 'disputed')], default='enquiry', max_length=10)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('rungs', models.PositiveSmallIntegerField(db_default=0, default=0)),
                    ('rung_due_at', models.DateTimeField(blank=True, null=True)),
                    ('full_at', models.DateTimeField(blank=True, null=True)),
                    ('full_until', models.DateTimeField(blank=True, null=True)),
                    ('starts_at', models.DateTimeField(blank=True, null=True)),
                    ('ends_at', models.DateTimeField(blank=True, null=True)),
                    ('minutes', models.PositiveSmallIntegerField(blank=True, null=True)),
                    ('format', models.CharField(choices=[('place', 'in person'), ('online', 'online')], db_default='place', default='place', max_length=6)),
                    ('place', models.CharField(blank=True, db_default='', default='', max_length=160)),
                    ('in_return', models.CharField(choices=[('hours', 'for hours of time'), ('gift', 'as a gift'), ('swap', 'in exchange for another lesson'), ('fee', 'for a fee')], db_default='gift', default='gift', max_length=5)),
                    ('fee', models.PositiveIntegerField(blank=True, null=True)),
                    ('currency', models.CharField(blank=True, db_default='', default='', max_length=3)),
                    ('asked_at', models.DateTimeField(blank=True, null=True)),
                    ('answer_due_at', models.DateTimeField(blank=True, null=True)),
                    ('due_at', models.DateTimeField(blank=True, null=True)),
                    ('reminded', models.PositiveSmallIntegerField(db_default=0, default=0)),
                    ('teacher_said', models.CharField(blank=True, choices=[('', 'nothing yet'), ('held', 'it was held'), ('missed', 'the other did not come')], db_default='', default='', max_length=6)),
                    ('teacher_said_at', models.DateTimeField(blank=True, null=True)),
                    ('learner_said', models.CharField(blank=True, choices=[('', 'nothing yet'), ('held', 'it was held'), ('missed', 'the other did not come')], db_default='', default='', max_length=6)),
                    ('learner_said_at', models.DateTimeField(blank=True, null=True)),
                    ('disputed_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('why', models.CharField(blank=True, db_default='', default='', max_length=12)),
                    ('why_note', models.CharField(blank=True, db_default='', default='', max_length=500)),
                    ('is_late', models.BooleanField(db_default=False, default=False)),
                    ('uid', models.UUIDField(null=True, unique=True)),
                    ('sequence', models.PositiveIntegerField(db_default=0, default=0)),
                    ('version', models.PositiveIntegerField(db_default=0, default=0)),
                    ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('bundle', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lessons', to='lessons.bundle')),
                    ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lessons', to='chat.conversation')),
                    ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('follows', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followed_by', to='lessons.lesson')),
                    ('learner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lessons_learned', to=settings.AUTH_USER_MODEL)),
                    ('listing', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='lessons', to='skills.listing')),
                    ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('partner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='lessons.lesson')),
                    ('teacher', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lessons_taught', to=settings.AUTH_USER_MODEL)),
                    ('series', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lessons', to='lessons.series')),
                    ('sitting', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lessons', to='lessons.sitting')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('rung_due_at__isnull', False)), fields=['rung_due_at'], name='lesson_rung_due'), models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='lesson_due'), models.Index(fields=['teacher', 'state', 'starts_at'], name='lesson_of_teacher'), models.Index(fields=['learner', 'state', 'starts_at'], name='lesson_of_learner')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('teacher', models.F('learner')), _negated=True), name='nobody_teaches_themselves'), models.UniqueConstraint(condition=models.Q(('state', 'enquiry')), fields=('listing', 'teacher', 'learner'), name='one_enquiry_per_pair_and_listing'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('booked', 'held', 'confirmed', 'no_show', 'disputed')), _negated=True), models.Q(('ends_at__gt', models.F('starts_at')), ('minutes__gt', 0), ('starts_at__isnull', False)), _connector='OR'), name='lesson_agreed_has_its_time'), models.CheckConstraint(condition=models.Q(models.Q(('fee__gt', 0), ('in_return', 'fee'), models.Q(('currency', ''), _negated=True)), models.Q(models.Q(('in_return', 'fee'), _negated=True), ('fee', None)), _connector='OR'), name='lesson_fee_only_where_one_is_asked'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'asked'), _negated=True), models.Q(('answer_due_at__isnull', False), ('asked_by__isnull', False), ('minutes__gt', 0)), _connector='OR'), name='lesson_asked_by_somebody')],
                },
            ),
            migrations.CreateModel(
                name='Proposal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField()),
                    ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='lessons.lesson')),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='proposal_ends_after_it_starts'), models.UniqueConstraint(fields=('lesson', 'starts_at'), name='one_proposal_per_start')],
                },
            ),
            migrations.CreateModel(
                name='Queued',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('offered_until', models.DateTimeField(blank=True, null=True)),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='queued', to=settings.AUTH_USER_MODEL)),
                    ('sitting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='queue', to='lessons.sitting')),
                ],
                options={
                    'verbose_name_plural': 'queued',
                    'indexes': [models.Index(condition=models.Q(('offered_until__isnull', False)), fields=['offered_until'], name='queued_offered')],
                    'constraints': [models.UniqueConstraint(fields=('sitting', 'person'), name='queued_once')],
                },
            ),
            migrations.CreateModel(
                name='Step',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('act', models.CharField(max_length=10)),
                    ('from_state', models.CharField(max_length=10)),
                    ('to_state', models.CharField(max_length=10)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('facts', models.JSONField(default=dict)),
                    ('key', models.CharField(blank=True, max_length=80, null=True)),
                    ('particulars', models.CharField(blank=True, default='', max_length=64)),
                    ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='lessons.lesson')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('lesson', 'key'), name='one_step_per_key')],
                },
            ),
            migrations.CreateModel(
                name='Taken',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField()),
                    ('lesson', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='taken', to='lessons.lesson')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='taken', to=settings.AUTH_USER_MODEL)),
                    ('sitting', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='taken', to='lessons.sitting')),
                ],
                options={
                    'verbose_name_plural': 'taken',
                    'indexes': [models.Index(fields=['person', 'starts_at'], name='taken_of_person')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='taken_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(models.Q(('lesson__isnull', False), ('sitting', None)), models.Q(('lesson', None), ('sitting__isnull', False)), _connector='OR'), name='taken_by_one_thing')],
                },
            ),
        ]),
        migrations.AddField(
            model_name='lesson',
            name='chosen',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='lessons.proposal'),
        ),
    ]
