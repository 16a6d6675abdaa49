"""Events, their deliveries, and jobs."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from exchange.migrating import Together


class Migration(migrations.Migration):

    replaces = [('outbox', '0001_initial'), ('outbox', '0002_queues_and_jobs')]

    initial = True

    dependencies = [
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='Job',
                fields=[
                    ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                    ('period', models.BigIntegerField(default=0)),
                    ('ran_at', models.DateTimeField(null=True)),
                ],
            ),
            migrations.CreateModel(
                name='Event',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=60)),
                    ('queue', models.CharField(default='bells', max_length=10)),
                    ('subject_id', models.CharField(max_length=40)),
                    ('payload', models.JSONField(default=dict)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('parked_at', models.DateTimeField(null=True)),
                    ('reason', models.TextField(default='')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('finished_at', None), ('parked_at', None)), fields=['queue', 'due_at', 'id'], name='outbox_event_waiting'), models.Index(condition=models.Q(('finished_at__isnull', False)), fields=['finished_at'], name='outbox_event_finished')],
                },
            ),
            migrations.CreateModel(
                name='Handled',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('handler', models.CharField(max_length=120)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='handled', to='outbox.event')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('event', 'handler'), name='one_effect_per_handler')],
                },
            ),
        ]),
    ]
