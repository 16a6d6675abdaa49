"""Matches, rings, the ladder of waiting wishes, and what was learned from answers."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from exchange.migrating import Together


class Migration(migrations.Migration):

    replaces = [('matching', '0001_initial'), ('matching', '0002_kept_by_definition'), ('matching', '0003_ladder_and_rings'), ('matching', '0004_log_of_written_matches'), ('matching', '0005_rings_become_lessons')]

    initial = True

    dependencies = [
        ('accounts', '0001_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('lessons', '0001_lessons'),
        ('skills', '0001_concepts_and_listings'),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='Fit',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('values', models.JSONField()),
                    ('outcomes', models.PositiveIntegerField()),
                    ('log_loss', models.FloatField()),
                    ('prior_log_loss', models.FloatField()),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ],
            ),
            migrations.CreateModel(
                name='Neighbourhood',
                fields=[
                    ('concept', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='neighbourhood', serialize=False, to='skills.concept')),
                    ('near', models.JSONField(default=list)),
                ],
            ),
            migrations.CreateModel(
                name='Standing',
                fields=[
                    ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='standing', serialize=False, to=settings.AUTH_USER_MODEL)),
                    ('busy', models.PositiveSmallIntegerField(default=0)),
                    ('asked', models.PositiveSmallIntegerField(default=0)),
                    ('answered', models.PositiveSmallIntegerField(default=0)),
                ],
            ),
            migrations.CreateModel(
                name='State',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('as_of', models.DateField()),
                    ('rev', models.PositiveBigIntegerField(default=0)),
                    ('likeness_rev', models.PositiveIntegerField(default=0)),
                    ('concepts_version', models.PositiveIntegerField(default=0)),
                ],
            ),
            migrations.CreateModel(
                name='Written',
                fields=[
                    ('rev', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                    ('token', models.CharField(max_length=16)),
                    ('people', models.JSONField(default=list)),
                    ('lists', models.JSONField(default=list)),
                ],
            ),
            migrations.CreateModel(
                name='Climb',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('rung', models.CharField(max_length=10)),
                    ('since', models.DateTimeField()),
                    ('due_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('ended', models.CharField(blank=True, choices=[('answered', 'answered'), ('gone', 'no longer public')], default='', max_length=10)),
                    ('steward', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='wishes_kept', to=settings.AUTH_USER_MODEL)),
                    ('wish', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='climb', to='skills.listing')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='climb_due'), models.Index(condition=models.Q(('ended_at', None)), fields=['steward'], name='climb_of_steward')],
                },
            ),
            migrations.CreateModel(
                name='Held',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('concept', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='skills.concept')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='held', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('person', 'concept'), name='held_once')],
                },
            ),
            migrations.CreateModel(
                name='Match',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('score', models.FloatField()),
                    ('contributions', models.JSONField(default=dict)),
                    ('facts', models.JSONField(default=dict)),
                    ('for_offer', models.BooleanField(default=True)),
                    ('for_wish', models.BooleanField(default=True)),
                    ('found_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('offer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='matches_as_offer', to='skills.listing')),
                    ('wish', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='matches_as_wish', to='skills.listing')),
                ],
                options={
                    'indexes': [models.Index(fields=['wish', '-score'], name='match_of_wish'), models.Index(fields=['offer', '-score'], name='match_of_offer')],
                    'constraints': [models.UniqueConstraint(fields=('offer', 'wish'), name='one_match_per_pair')],
                },
            ),
            migrations.CreateModel(
                name='Dismissal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('offer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='skills.listing')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dismissals', to=settings.AUTH_USER_MODEL)),
                    ('wish', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='skills.listing')),
                    ('match', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='dismissals', to='matching.match')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('person', 'offer', 'wish'), name='one_dismissal_per_pair')],
                },
            ),
            migrations.CreateModel(
                name='Outcome',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('hello', 'hello'), ('dismissed', 'not for me')], max_length=9)),
                    ('shares', models.JSONField(default=dict)),
                    ('conversation_id', models.PositiveBigIntegerField(null=True)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('offer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='skills.listing')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('wish', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='skills.listing')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('kind', 'person', 'offer', 'wish'), name='one_outcome_per_act')],
                },
            ),
            migrations.CreateModel(
                name='Ring',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('state', models.CharField(choices=[('held', 'with the curator'), ('proposed', 'waiting for answers'), ('booking', 'finding times'), ('stands', 'stands'), ('broken', 'did not come about')], default='proposed', max_length=8)),
                    ('is_chain', models.BooleanField(default=False)),
                    ('weight', models.FloatField(default=0.0)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('deadline', models.DateTimeField()),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('bundle', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ring', to='lessons.bundle')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('state__in', ['held', 'proposed'])), fields=['deadline'], name='ring_open_deadline')],
                },
            ),
            migrations.CreateModel(
                name='Place',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveSmallIntegerField()),
                    ('learner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('lesson', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ring_places', to='lessons.lesson')),
                    ('offer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='skills.listing')),
                    ('teacher', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ring_places', to=settings.AUTH_USER_MODEL)),
                    ('wish', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='skills.listing')),
                    ('ring', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='places', to='matching.ring')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('ring', 'number'), name='one_place_per_number'), models.UniqueConstraint(fields=('ring', 'teacher'), name='one_place_per_teacher'), models.UniqueConstraint(fields=('ring', 'learner'), name='one_place_per_learner')],
                },
            ),
            migrations.CreateModel(
                name='RingAnswer',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('is_yes', models.BooleanField(null=True)),
                    ('at', models.DateTimeField(blank=True, null=True)),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ring_answers', to=settings.AUTH_USER_MODEL)),
                    ('ring', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='matching.ring')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('ring', 'person'), name='one_ring_answer_per_person')],
                },
            ),
            migrations.CreateModel(
                name='Step',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('what', models.CharField(max_length=10)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('facts', models.JSONField(default=dict)),
                    ('climb', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='matching.climb')),
                ],
            ),
            migrations.CreateModel(
                name='Together',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('people', models.PositiveIntegerField()),
                    ('one', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='skills.concept')),
                    ('other', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='skills.concept')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('one', 'other'), name='counted_once_together')],
                },
            ),
            migrations.CreateModel(
                name='Claim',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('until', models.DateTimeField()),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('outcome', models.CharField(blank=True, choices=[('hello', 'said hello'), ('let_go', 'let go'), ('lapsed', 'lapsed')], default='', max_length=7)),
                    ('mentor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='claims', to=settings.AUTH_USER_MODEL)),
                    ('wish', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='skills.listing')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('ended_at', None)), fields=['mentor'], name='claim_of_mentor')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('wish',), name='one_mentor_holds_a_wish')],
                },
            ),
        ]),
    ]
