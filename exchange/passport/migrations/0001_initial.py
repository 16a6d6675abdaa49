import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from exchange.migrating import Together


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('lessons', '0001_lessons'),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='Story',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('due_at', models.DateTimeField()),
                    ('opened_at', models.DateTimeField(blank=True, null=True)),
                    ('lesson', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='story', to='lessons.lesson')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('opened_at', None)), fields=['due_at'], name='story_sealed_due')],
                },
            ),
            migrations.CreateModel(
                name='Thanks',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('learned', models.CharField(blank=True, max_length=300)),
                    ('thanks', models.CharField(blank=True, max_length=300)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('shown', models.CharField(choices=[('private', 'only in my passport'), ('public', 'also on my page'), ('hidden', 'nowhere')], default='private', max_length=7)),
                    ('taken_down_at', models.DateTimeField(blank=True, null=True)),
                    ('receiver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='thanks_received', to=settings.AUTH_USER_MODEL)),
                    ('story', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='words', to='passport.story')),
                    ('writer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='thanks_written', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('shown', 'public')), fields=['receiver'], name='thanks_shown_to_all')],
                    'constraints': [models.UniqueConstraint(fields=('story', 'writer'), name='one_thanks_per_writer_and_story'), models.CheckConstraint(condition=models.Q(('writer', models.F('receiver')), _negated=True), name='nobody_thanks_themselves'), models.CheckConstraint(condition=models.Q(('learned', ''), ('thanks', ''), _negated=True), name='thanks_say_something')],
                },
            ),
        ]),
    ]
