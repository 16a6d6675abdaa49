"""The one row that says with what all kept matches were computed, and locks whoever writes them."""

from django.db.models import QuerySet, Subquery
from django.utils import timezone

from matching import scoring
from matching.models import Fit, State

ONLY = 1


def read() -> State:
    """Give the row as it is, or what it would be before anything was computed. It brings the fit that counts."""
    fit = _accepted()
    rows = State.objects.filter(id=ONLY).annotate(
        fit=Subquery(fit.values("id")[:1]), fitted=Subquery(fit.values("values")[:1])
    )
    return rows.first() or State(id=ONLY, as_of=timezone.localdate())


def lock() -> State:
    """Give the row, locked until the transaction ends (SQLite locks the file)."""
    found = State.objects.select_for_update().filter(id=ONLY).first()
    if found is None:
        State.objects.bulk_create([State(id=ONLY, as_of=timezone.localdate())], ignore_conflicts=True)
        found = State.objects.select_for_update().get(id=ONLY)
    return found


def weights(now: State | None = None) -> scoring.Weights:
    """Give the weights that count: the last fit an operator accepted, else the priors. `now`: a row of `read`."""
    if now is not None and hasattr(now, "fitted"):
        return scoring.weights(now.fitted, now.fit) if now.fit else scoring.weights()  # type: ignore[attr-defined]
    fit = _accepted().first()
    return scoring.weights(fit.values, fit.pk) if fit else scoring.weights()


def _accepted() -> QuerySet[Fit]:
    return Fit.objects.exclude(accepted_at=None).order_by("-accepted_at", "-id")
