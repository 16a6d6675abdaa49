"""Concepts in two languages, listings with their texts, and what a curator changed."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from exchange.migrating import Together


class Migration(migrations.Migration):

    replaces = [('skills', '0001_initial'), ('skills', '0003_translations_and_changes')]

    initial = True

    dependencies = [
        ('accounts', '0001_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='ConceptsVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveIntegerField(default=1)),
                ],
            ),
            migrations.CreateModel(
                name='Concept',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('uri', models.CharField(max_length=200, unique=True)),
                    ('ar', models.CharField(blank=True, max_length=200)),
                    ('en', models.CharField(blank=True, max_length=200)),
                    ('source', models.CharField(blank=True, max_length=60)),
                    ('domain', models.CharField(blank=True, db_index=True, max_length=40)),
                    ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='skills.concept')),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(('ar', ''), ('en', ''), _negated=True), name='concept_has_a_name')],
                },
            ),
            migrations.CreateModel(
                name='Closure',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('distance', models.PositiveSmallIntegerField()),
                    ('ancestor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='below_rows', to='skills.concept')),
                    ('descendant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='above', to='skills.concept')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('ancestor', 'descendant'), name='one_closure_row_per_pair')],
                },
            ),
            migrations.CreateModel(
                name='ConceptChange',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('act', models.CharField(choices=[('created', 'new skill'), ('named', 'another name'), ('renamed', 'renamed'), ('merged', 'merged')], max_length=8)),
                    ('said', models.CharField(max_length=420)),
                    ('before', models.JSONField(default=dict)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('undone_at', models.DateTimeField(blank=True, null=True)),
                    ('concept', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='changes', to='skills.concept')),
                    ('curator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('undone_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(fields=['-at'], name='concept_change_newest')],
                },
            ),
            migrations.CreateModel(
                name='Label',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('lang', models.CharField(choices=[('ar', 'العربية'), ('en', 'English')], max_length=2)),
                    ('text', models.CharField(max_length=200)),
                    ('folded', models.CharField(db_index=True, max_length=200)),
                    ('is_preferred', models.BooleanField(default=False)),
                    ('source', models.CharField(blank=True, max_length=60)),
                    ('concept', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='labels', to='skills.concept')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('concept', 'lang', 'text'), name='one_label_per_text'), models.UniqueConstraint(condition=models.Q(('is_preferred', True)), fields=('concept', 'lang'), name='one_preferred_label_per_language')],
                },
            ),
            migrations.CreateModel(
                name='Link',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('broader', 'broader'), ('related', 'related')], max_length=8)),
                    ('concept', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='skills.concept')),
                    ('other', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links_in', to='skills.concept')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('concept', 'other', 'kind'), name='one_link_per_kind'), models.CheckConstraint(condition=models.Q(('concept', models.F('other')), _negated=True), name='no_concept_links_itself')],
                },
            ),
            migrations.CreateModel(
                name='Listing',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('title', models.CharField(blank=True, max_length=90, verbose_name='title')),
                    ('body', models.TextField(blank=True, max_length=3000, verbose_name='description')),
                    ('lang', models.CharField(choices=[('ar', 'العربية'), ('en', 'English')], default='ar', max_length=2)),
                    ('format', models.CharField(choices=[('place', 'in person'), ('online', 'online'), ('both', 'in person or online')], default='place', max_length=6)),
                    ('place', models.CharField(blank=True, max_length=120, verbose_name='place')),
                    ('free_mask', models.PositiveIntegerField(default=0)),
                    ('speaks', models.JSONField(default=list)),
                    ('in_return', models.CharField(choices=[('gift', 'as a gift'), ('hours', 'for an hour of time'), ('swap', 'in exchange for another lesson')], default='gift', max_length=5)),
                    ('in_return_note', models.CharField(blank=True, max_length=160)),
                    ('kind', models.CharField(choices=[('offer', 'offer'), ('wish', 'wish')], max_length=5)),
                    ('key', models.CharField(blank=True, max_length=100, null=True, unique=True)),
                    ('state', models.CharField(choices=[('draft', 'draft'), ('in_review', 'with the curator'), ('published', 'published'), ('paused', 'paused'), ('closed', 'closed'), ('expired', 'resting')], default='draft', max_length=9)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('published_at', models.DateTimeField(blank=True, null=True)),
                    ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                    ('asked_at', models.DateTimeField(blank=True, null=True)),
                    ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('search_rev', models.PositiveBigIntegerField(default=1)),
                    ('title_tokens', models.TextField(blank=True, default='')),
                    ('body_tokens', models.TextField(blank=True, default='')),
                    ('concept_tokens', models.TextField(blank=True, default='')),
                    ('district', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.district')),
                    ('main_concept', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='skills.concept')),
                    ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='listings', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(fields=['state', 'kind', '-published_at'], name='listing_public'), models.Index(fields=['owner', 'state'], name='listing_of_owner'), models.Index(fields=['district', 'state'], name='listing_near')],
                },
            ),
            migrations.CreateModel(
                name='Revision',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('title', models.CharField(blank=True, max_length=90, verbose_name='title')),
                    ('body', models.TextField(blank=True, max_length=3000, verbose_name='description')),
                    ('lang', models.CharField(choices=[('ar', 'العربية'), ('en', 'English')], default='ar', max_length=2)),
                    ('format', models.CharField(choices=[('place', 'in person'), ('online', 'online'), ('both', 'in person or online')], default='place', max_length=6)),
                    ('place', models.CharField(blank=True, max_length=120, verbose_name='place')),
                    ('free_mask', models.PositiveIntegerField(default=0)),
                    ('speaks', models.JSONField(default=list)),
                    ('in_return', models.CharField(choices=[('gift', 'as a gift'), ('hours', 'for an hour of time'), ('swap', 'in exchange for another lesson')], default='gift', max_length=5)),
                    ('in_return_note', models.CharField(blank=True, max_length=160)),
                    ('state', models.CharField(choices=[('draft', 'draft'), ('in_review', 'with the curator'), ('accepted', 'let through'), ('returned', 'returned'), ('withdrawn', 'withdrawn')], default='draft', max_length=9)),
                    ('tags', models.JSONField(default=list)),
                    ('step', models.PositiveSmallIntegerField(default=1)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('saved_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('sent_at', models.DateTimeField(blank=True, null=True)),
                    ('skipped_until', models.DateTimeField(blank=True, null=True)),
                    ('district', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.district')),
                    ('listing', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='skills.listing')),
                ],
                options={
                    'indexes': [models.Index(fields=['state', 'sent_at'], name='revision_queue')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['draft', 'in_review'])), fields=('listing',), name='one_open_revision_per_listing')],
                },
            ),
            migrations.CreateModel(
                name='Tag',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('text', models.CharField(max_length=120)),
                    ('lang', models.CharField(choices=[('ar', 'العربية'), ('en', 'English')], max_length=2)),
                    ('score', models.FloatField(default=1.0)),
                    ('by', models.CharField(choices=[('author', 'author'), ('text', 'found in the text'), ('curator', 'curator')], default='author', max_length=7)),
                    ('place', models.PositiveSmallIntegerField(default=0)),
                    ('concept', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tags', to='skills.concept')),
                    ('listing', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='skills.listing')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('listing', 'text'), name='one_tag_per_text'), models.UniqueConstraint(condition=models.Q(('concept__isnull', False)), fields=('listing', 'concept'), name='one_tag_per_concept')],
                },
            ),
            migrations.CreateModel(
                name='Translation',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('ar', models.CharField(max_length=60)),
                    ('en', models.CharField(max_length=60)),
                    ('ar_en', models.FloatField()),
                    ('en_ar', models.FloatField()),
                    ('is_struck', models.BooleanField(default=False)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('ar', 'en'), name='one_translation_per_pair')],
                },
            ),
            migrations.CreateModel(
                name='Unmapped',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('text', models.CharField(max_length=120)),
                    ('folded', models.CharField(max_length=120, unique=True)),
                    ('lang', models.CharField(choices=[('ar', 'العربية'), ('en', 'English')], max_length=2)),
                    ('times', models.PositiveIntegerField(default=1)),
                    ('first_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('settled_at', models.DateTimeField(blank=True, null=True)),
                    ('concept', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='skills.concept')),
                ],
            ),
        ]),
    ]
