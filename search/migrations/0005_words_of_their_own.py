"""Writes again what search reads, where a word is now found whole: زيتون (olives) is no زيت (oil) any more."""

from django.db import migrations
from django.db.models import F

from exchange.lib import arabic

AT_ONCE = 500
ENDINGS = ("ياتها", "اتها", "يات", "ات", "ون", "ين", "ان", "يه", "ها", "ه", "ي")  # the light stem of then


def stem_of_then(word):
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return stem_of_then(word[: len(word) - len(ending)])
    return word


WHOLE = {word: stem_of_then(word) for word in sorted(arabic.WHOLE)}


def rewrite(apps, _schema_editor):
    Listing, SavedSearch = apps.get_model("skills", "Listing"), apps.get_model("search", "SavedSearch")
    changed = []
    for row in Listing.objects.iterator(chunk_size=AT_ONCE):
        before = row.title_tokens, row.body_tokens, row.concept_tokens
        row.title_tokens = arabic.tokens(row.title)
        row.body_tokens = arabic.tokens(f"{row.body} {row.place} {row.in_return_note}")
        row.concept_tokens = " ".join(_with_whole(row.concept_tokens.split()))
        if before != (row.title_tokens, row.body_tokens, row.concept_tokens):
            row.search_rev = F("search_rev") + 1
            changed.append(row)
    fields = ["title_tokens", "body_tokens", "concept_tokens", "search_rev"]
    Listing.objects.bulk_update(changed, fields, batch_size=AT_ONCE)
    for kept in SavedSearch.objects.exclude(words=[]):
        kept.words = [_with_whole(group) for group in kept.words]
        kept.save(update_fields=["words"])


def _with_whole(stems):
    """Give stems of which the texts are not at hand with the words that one of them may stand for."""
    held = set(stems)
    return [*stems, *(word for word, stem in WHOLE.items() if stem in held and word not in held)]


class Migration(migrations.Migration):
    dependencies = [("search", "0004_saved_searches"), ("skills", "0003_not_meant")]

    operations = [migrations.RunPython(rewrite, migrations.RunPython.noop, elidable=True)]
