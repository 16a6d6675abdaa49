"""Talks, their members and messages, files, and first words that wait."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from exchange.migrating import Together


class Migration(migrations.Migration):

    replaces = [('chat', '0001_initial'), ('chat', '0004_safe_first_words'), ('chat', '0005_talks_that_met'), ('chat', '0006_one_statement_and_screening'), ('chat', '0007_files'), ('chat', '0008_delivered_and_seen'), ('chat', '0009_groups'), ('chat', '0010_guardians')]

    initial = True

    dependencies = [
        ('accounts', '0001_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='Conversation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('subject', models.CharField(blank=True, max_length=200)),
                    ('subject_lang', models.CharField(blank=True, max_length=2)),
                    ('last_seq', models.PositiveIntegerField(default=0)),
                    ('last_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('met_at', models.DateTimeField(blank=True, null=True)),
                    ('is_group', models.BooleanField(db_default=False, default=False)),
                    ('about_url', models.CharField(blank=True, db_default='', default='', max_length=200)),
                    ('stopped_at', models.DateTimeField(blank=True, null=True)),
                ],
            ),
            migrations.CreateModel(
                name='Message',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('seq', models.PositiveIntegerField()),
                    ('client_id', models.UUIDField(default=uuid.uuid4)),
                    ('body', models.TextField(max_length=4000)),
                    ('reply_to', models.PositiveIntegerField(null=True)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('deleted_at', models.DateTimeField(null=True)),
                    ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='chat.conversation')),
                    ('sender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='chat_message_deleted')],
                    'constraints': [models.UniqueConstraint(fields=('conversation', 'seq'), name='one_message_per_place'), models.UniqueConstraint(fields=('sender', 'client_id'), name='one_message_per_client_id')],
                },
            ),
            migrations.CreateModel(
                name='SeenChoice',
                fields=[
                    ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='File',
                fields=[
                    ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='file', serialize=False, to='chat.message')),
                    ('kind', models.CharField(choices=[('photo', 'photo'), ('pdf', 'PDF'), ('voice', 'voice note')], max_length=5)),
                    ('media_type', models.CharField(max_length=20)),
                    ('path', models.CharField(max_length=80, unique=True)),
                    ('small_path', models.CharField(blank=True, max_length=80)),
                    ('name', models.CharField(blank=True, max_length=100)),
                    ('size', models.PositiveIntegerField()),
                    ('width', models.PositiveIntegerField(default=0)),
                    ('height', models.PositiveIntegerField(default=0)),
                    ('small_width', models.PositiveIntegerField(default=0)),
                    ('small_height', models.PositiveIntegerField(default=0)),
                    ('seconds', models.PositiveIntegerField(default=0)),
                    ('digest', models.CharField(max_length=64)),
                ],
            ),
            migrations.CreateModel(
                name='Screening',
                fields=[
                    ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='screening', serialize=False, to='chat.message')),
                    ('digest', models.CharField(max_length=64)),
                    ('findings', models.JSONField(default=list)),
                ],
            ),
            migrations.CreateModel(
                name='Held',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('client_id', models.UUIDField()),
                    ('body', models.TextField(max_length=4000)),
                    ('digest', models.CharField(max_length=64)),
                    ('findings', models.JSONField(default=list)),
                    ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                    ('decided_at', models.DateTimeField(blank=True, null=True)),
                    ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='held', to='chat.conversation')),
                    ('message', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='chat.message')),
                    ('sender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('sender', 'client_id'), name='one_held_per_client_id')],
                },
            ),
            migrations.CreateModel(
                name='Member',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('seen_seq', models.PositiveIntegerField(default=0)),
                    ('seen_at', models.DateTimeField(db_index=True, null=True)),
                    ('received_seq', models.PositiveIntegerField(db_default=0, default=0)),
                    ('first_seq', models.PositiveIntegerField(null=True)),
                    ('is_guardian', models.BooleanField(db_default=False, default=False)),
                    ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='chat.conversation')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='talks', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('conversation', 'person'), name='one_place_per_member')],
                },
            ),
        ]),
    ]
