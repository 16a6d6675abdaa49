import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from exchange.migrating import Together


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together([
            migrations.CreateModel(
                name='Audit',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                    ('faults', models.PositiveIntegerField(default=0)),
                    ('found', models.JSONField(default=dict)),
                    ('transfers', models.PositiveBigIntegerField(default=0)),
                    ('seconds', models.FloatField(default=0)),
                ],
            ),
            migrations.CreateModel(
                name='Account',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('person', 'person'), ('escrow', 'held'), ('pot', 'community pot'), ('issue', 'issued')], max_length=6)),
                    ('subject', models.CharField(blank=True, default='', max_length=60)),
                    ('title', models.CharField(blank=True, default='', max_length=120)),
                    ('url', models.CharField(blank=True, default='', max_length=200)),
                    ('shard', models.PositiveSmallIntegerField(default=0)),
                    ('balance', models.IntegerField(default=0)),
                    ('floor', models.IntegerField(null=True)),
                    ('ceiling', models.IntegerField(null=True)),
                    ('tip', models.BinaryField(max_length=32)),
                    ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('person', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('balance__gt', 0), ('kind', 'escrow')), fields=['person'], name='ledger_held_of_person')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('floor__isnull', True), ('balance__gte', models.F('floor')), _connector='OR'), name='balance_not_under_floor'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('pot', 'issue')), ('person__isnull', True)), models.Q(('kind__in', ('person', 'escrow')), ('person__isnull', False)), _connector='OR'), name='an_account_is_somebodys_or_common'), models.UniqueConstraint(condition=models.Q(('kind', 'person')), fields=('person',), name='one_account_per_person'), models.UniqueConstraint(condition=models.Q(('kind', 'escrow')), fields=('subject', 'person'), name='one_hold_per_subject_and_person'), models.UniqueConstraint(condition=models.Q(('kind__in', ('pot', 'issue'))), fields=('kind', 'shard'), name='one_row_per_shard')],
                },
            ),
            migrations.CreateModel(
                name='Transfer',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('start', 'to begin with'), ('hold', 'held'), ('settle', 'settled'), ('return', 'given back'), ('give', 'given'), ('share', 'from the community pot'), ('reverse', 'reversed')], max_length=7)),
                    ('key', models.CharField(max_length=120, unique=True)),
                    ('subject', models.CharField(blank=True, default='', max_length=60)),
                    ('asked', models.IntegerField(default=0)),
                    ('minutes', models.IntegerField()),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('title', models.CharField(blank=True, default='', max_length=120)),
                    ('url', models.CharField(blank=True, default='', max_length=200)),
                    ('note', models.CharField(blank=True, default='', max_length=200)),
                    ('digest', models.BinaryField(max_length=32)),
                    ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('payee', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                    ('payer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                    ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='ledger.transfer')),
                ],
                options={
                    'constraints': [models.CheckConstraint(condition=models.Q(('minutes__gt', 0)), name='a_transfer_moves_something')],
                },
            ),
            migrations.CreateModel(
                name='Posting',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('minutes', models.IntegerField()),
                    ('balance', models.IntegerField()),
                    ('before', models.BinaryField(max_length=32)),
                    ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='ledger.account')),
                    ('transfer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='ledger.transfer')),
                ],
                options={
                    'indexes': [models.Index(fields=['account', '-id'], name='ledger_statement')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('minutes', 0), _negated=True), name='a_posting_moves_something'), models.UniqueConstraint(fields=('transfer', 'account'), name='one_line_per_account_and_transfer')],
                },
            ),
        ]),
    ]
