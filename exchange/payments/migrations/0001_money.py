import django.db.models.deletion
import django.utils.timezone
import exchange.payments.models
import uuid
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
                name='Account',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('ref', models.UUIDField(default=uuid.uuid4, unique=True)),
                    ('account_id', models.CharField(blank=True, max_length=100, null=True, unique=True)),
                    ('is_ready', models.BooleanField(default=False)),
                    ('is_waiting', models.BooleanField(default=False)),
                    ('links', models.PositiveIntegerField(default=0)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('looked_at', models.DateTimeField(blank=True, null=True)),
                    ('person', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='stripe_account', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='Gift',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('ref', models.UUIDField(default=uuid.uuid4, unique=True)),
                    ('token', models.CharField(default=exchange.payments.models.new_token, max_length=40, unique=True)),
                    ('amount', models.PositiveIntegerField()),
                    ('currency', models.CharField(max_length=3)),
                    ('is_monthly', models.BooleanField(default=False)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('page_id', models.CharField(blank=True, default='', max_length=100)),
                    ('page_url', models.TextField(blank=True, default='')),
                    ('page_asked', models.JSONField(blank=True, default=dict)),
                    ('intent_id', models.CharField(blank=True, default='', max_length=100)),
                    ('subscription_id', models.CharField(blank=True, default='', max_length=100)),
                    ('stopped_at', models.DateTimeField(blank=True, null=True)),
                    ('received', models.PositiveBigIntegerField(default=0)),
                    ('refunded', models.PositiveBigIntegerField(default=0)),
                    ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='gifts', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(fields=['person', '-id'], name='gift_person')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='gift_is_of_something')],
                },
            ),
            migrations.CreateModel(
                name='News',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('event_id', models.CharField(max_length=100, unique=True)),
                    ('type', models.CharField(max_length=100)),
                    ('object_id', models.CharField(max_length=100)),
                    ('account', models.CharField(blank=True, default='', max_length=100)),
                    ('happened_at', models.DateTimeField()),
                    ('received_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('done_at', models.DateTimeField(blank=True, null=True)),
                    ('flagged_at', models.DateTimeField(blank=True, null=True)),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('reason', models.CharField(blank=True, default='', max_length=100)),
                ],
                options={
                    'verbose_name_plural': 'news',
                    'indexes': [models.Index(condition=models.Q(('done_at', None), ('flagged_at', None)), fields=['due_at', 'id'], name='news_due'), models.Index(condition=models.Q(('done_at', None), ('flagged_at__isnull', False)), fields=['id'], name='news_flagged'), models.Index(fields=['received_at'], name='news_received')],
                },
            ),
            migrations.CreateModel(
                name='Payment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('ref', models.UUIDField(default=uuid.uuid4, unique=True)),
                    ('amount', models.PositiveIntegerField()),
                    ('currency', models.CharField(max_length=3)),
                    ('state', models.CharField(choices=[('due', 'to be paid'), ('held', 'paid, held until the lesson'), ('released', 'handed on to the teacher'), ('returned', 'given back'), ('shared', 'half handed on, half given back'), ('void', 'not to be paid any more')], default='due', max_length=8)),
                    ('due_at', models.DateTimeField()),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('paid_at', models.DateTimeField(blank=True, null=True)),
                    ('void_at', models.DateTimeField(blank=True, null=True)),
                    ('attempt', models.PositiveSmallIntegerField(default=1)),
                    ('page_id', models.CharField(blank=True, default='', max_length=100)),
                    ('page_url', models.TextField(blank=True, default='')),
                    ('page_asked', models.JSONField(blank=True, default=dict)),
                    ('intent_id', models.CharField(blank=True, default='', max_length=100)),
                    ('charge_id', models.CharField(blank=True, default='', max_length=100)),
                    ('received', models.PositiveIntegerField(default=0)),
                    ('refunded', models.PositiveIntegerField(default=0)),
                    ('transferred', models.PositiveIntegerField(default=0)),
                    ('is_disputed', models.BooleanField(default=False)),
                    ('lesson', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='payment', to='lessons.lesson')),
                    ('payee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments_received', to=settings.AUTH_USER_MODEL)),
                    ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments_made', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(fields=['payer', '-id'], name='payment_payer'), models.Index(fields=['payee', '-id'], name='payment_payee'), models.Index(condition=models.Q(('state', 'due')), fields=['due_at'], name='payment_due'), models.Index(condition=models.Q(('is_disputed', True)), fields=['-id'], name='payment_disputed')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='payment_is_of_something'), models.CheckConstraint(condition=models.Q(('payer', models.F('payee')), _negated=True), name='nobody_pays_themselves')],
                },
            ),
            migrations.CreateModel(
                name='Movement',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('object_id', models.CharField(max_length=100)),
                    ('effect', models.CharField(choices=[('paid', 'paid'), ('refunded', 'given back'), ('refund_failed', 'could not be given back'), ('transferred', 'handed on'), ('reversed', 'came back from the teacher'), ('disputed', 'taken back by the bank'), ('dispute_won', 'given by the bank again')], max_length=14)),
                    ('amount', models.BigIntegerField()),
                    ('currency', models.CharField(max_length=3)),
                    ('at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('gift', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='payments.gift')),
                    ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='payments.payment')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('object_id', 'effect'), name='one_movement_per_effect'), models.CheckConstraint(condition=models.Q(models.Q(('gift__isnull', False), ('payment', None)), models.Q(('gift', None), ('payment__isnull', False)), _connector='OR'), name='movement_of_one_thing')],
                },
            ),
            migrations.CreateModel(
                name='Errand',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(max_length=80, unique=True)),
                    ('act', models.CharField(choices=[('transfer', 'hand on'), ('refund', 'give back'), ('close', 'close the page to pay on'), ('stop', 'end a monthly gift')], max_length=8)),
                    ('amount', models.PositiveIntegerField(default=0)),
                    ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('tries', models.PositiveSmallIntegerField(default=0)),
                    ('done_at', models.DateTimeField(blank=True, null=True)),
                    ('flagged_at', models.DateTimeField(blank=True, null=True)),
                    ('reason', models.CharField(blank=True, default='', max_length=100)),
                    ('object_id', models.CharField(blank=True, default='', max_length=100)),
                    ('gift', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='errands', to='payments.gift')),
                    ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='errands', to='payments.payment')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('done_at', None), ('flagged_at', None)), fields=['due_at', 'id'], name='errand_due'), models.Index(condition=models.Q(('done_at', None), ('flagged_at__isnull', False)), fields=['id'], name='errand_flagged')],
                },
            ),
            migrations.CreateModel(
                name='Dispute',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('dispute_id', models.CharField(max_length=100, unique=True)),
                    ('amount', models.PositiveIntegerField()),
                    ('status', models.CharField(max_length=40)),
                    ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ('closed_at', models.DateTimeField(blank=True, null=True)),
                    ('gift', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='payments.gift')),
                    ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='payments.payment')),
                ],
            ),
        ]),
    ]
