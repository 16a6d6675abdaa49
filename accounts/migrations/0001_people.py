"""People, their keys, their care for the young, and their free hours."""

import accounts.models
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from exchange.migrating import Together


class Migration(migrations.Migration):

    replaces = [('accounts', '0001_initial'), ('accounts', '0002_keys'), ('accounts', '0003_age_band'), ('accounts', '0004_age_and_care'), ('accounts', '0005_other_times')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='District',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('slug', models.SlugField(unique=True)),
                    ('ar', models.CharField(max_length=80)),
                    ('en', models.CharField(max_length=80)),
                    ('x', models.FloatField(default=0)),
                    ('y', models.FloatField(default=0)),
                ],
            ),
            migrations.CreateModel(
                name='Person',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                    ('name', models.CharField(blank=True, max_length=60, verbose_name='name')),
                    ('language', models.CharField(choices=[('ar', 'العربية'), ('en', 'English')], default='ar', max_length=2, verbose_name='language')),
                    ('role', models.CharField(choices=[('resident', 'resident'), ('curator', 'curator'), ('admin', 'administrator')], default='resident', max_length=10)),
                    ('text_size', models.CharField(choices=[('normal', 'normal'), ('large', 'large'), ('largest', 'largest')], default='normal', max_length=8)),
                    ('contrast', models.CharField(choices=[('normal', 'soft'), ('high', 'strong')], default='normal', max_length=8)),
                    ('age', models.CharField(blank=True, choices=[('', 'not said'), ('18+', '18 or older'), ('13-17', '13 to 17')], db_default='', default='', max_length=5)),
                    ('welcomed_at', models.DateTimeField(blank=True, null=True)),
                    ('is_active', models.BooleanField(default=True)),
                    ('is_staff', models.BooleanField(default=False)),
                    ('joined_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                    ('district', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='people', to='accounts.district')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='one_person_per_email')],
                },
            ),
            migrations.CreateModel(
                name='TrustedContact',
                fields=[
                    ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='trusted_contact', serialize=False, to=settings.AUTH_USER_MODEL)),
                    ('name', models.CharField(max_length=60)),
                    ('email', models.EmailField(max_length=254)),
                    ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                    ('told_at', models.DateTimeField(blank=True, null=True)),
                ],
            ),
            migrations.CreateModel(
                name='Guardianship',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('email', models.EmailField(max_length=254)),
                    ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('accepted_at', models.DateTimeField(blank=True, null=True)),
                    ('consent', models.TextField(blank=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ('ended', models.CharField(blank=True, choices=[('declined', 'declined'), ('withdrawn', 'asked somebody else'), ('stopped', 'the guardian ended it'), ('grown', '18 by now')], max_length=9)),
                    ('guardian', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='wards', to=settings.AUTH_USER_MODEL)),
                    ('young', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='guardianships', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('young',), name='one_guardian_at_a_time'), models.CheckConstraint(condition=models.Q(('young', models.F('guardian')), _negated=True), name='nobody_guards_themselves'), models.CheckConstraint(condition=models.Q(('accepted_at', None), ('guardian__isnull', False), _connector='OR'), name='accepted_by_somebody')],
                },
            ),
            migrations.CreateModel(
                name='OtherTime',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('away', 'away'), ('free', 'also free')], max_length=4)),
                    ('starts_at', models.DateTimeField()),
                    ('ends_at', models.DateTimeField()),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='other_times', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(fields=['person', 'ends_at'], name='other_time_of_person')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='other_time_ends_after_start')],
                },
            ),
            migrations.CreateModel(
                name='Token',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('digest', models.CharField(max_length=64, unique=True)),
                    ('name', models.CharField(blank=True, max_length=60)),
                    ('ending', models.CharField(blank=True, max_length=4)),
                    ('scopes', models.JSONField(default=accounts.models.all_scopes)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('last_used_at', models.DateTimeField(blank=True, null=True)),
                    ('expires_at', models.DateTimeField(blank=True, null=True)),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(condition=models.Q(('name', ''), _negated=True), fields=('person', 'name'), name='one_key_per_name')],
                },
            ),
            migrations.CreateModel(
                name='Profile',
                fields=[
                    ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='profile', serialize=False, to=settings.AUTH_USER_MODEL)),
                    ('about', models.TextField(blank=True, max_length=1000, verbose_name='about me')),
                    ('about_lang', models.CharField(blank=True, max_length=2)),
                    ('speaks', models.JSONField(default=list)),
                    ('max_learners', models.PositiveSmallIntegerField(default=2, verbose_name='learners at once')),
                    ('paused_at', models.DateTimeField(blank=True, null=True)),
                    ('free_mask', models.PositiveIntegerField(default=0)),
                    ('age_band', models.CharField(blank=True, choices=[('', 'I would rather not say'), ('18-24', '18 to 24'), ('25-44', '25 to 44'), ('45-64', '45 to 64'), ('65+', '65 or older')], default='', max_length=5, verbose_name='your age')),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(('max_learners__range', (0, 20))), name='learners_between_0_and_20')],
                },
            ),
            migrations.CreateModel(
                name='Block',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('blocked', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blocks_met', to=settings.AUTH_USER_MODEL)),
                    ('blocker', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blocks_made', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('blocker', 'blocked'), name='one_block_per_pair'), models.CheckConstraint(condition=models.Q(('blocker', models.F('blocked')), _negated=True), name='nobody_blocks_themselves')],
                },
            ),
        ]),
    ]
