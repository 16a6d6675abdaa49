"""Curators name words, rename and merge skills, and take it back; it counts at once, everywhere."""

import pytest

from skills.models import Concept, ConceptChange, Label, Tag, Translation, Unmapped
from skills.services import concepts as concept_services
from skills.services import curation, listings, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def unknown(make_offer, salma):
    """An offer with a word that no skill has."""
    listing = make_offer(salma, "نتعلم معا شيئا", ["السدو البدوي"])
    return listing, Unmapped.objects.get(text="السدو البدوي")


def first(text):
    return next((hit.uri for hit in concept_services.resolve_text(text, sure=True)), None)


class TestNameAWord:
    def test_maps_the_listings_it_stands_in_and_lets_search_know(self, client_of, huda, unknown, relay, concepts):
        listing, word = unknown
        relay()
        revision = listing.search_rev
        client = client_of(huda)
        assert "السدو البدوي" in client.get(f"/desk/skills/words/{word.pk}/").content.decode()
        client.post(f"/desk/skills/words/{word.pk}/name/", {"concept": concepts["rukn:embroidery"]})
        assert first("سدو بدوي") == "rukn:embroidery"
        assert Tag.objects.get(listing=listing, text="السدو البدوي").concept_id == concepts["rukn:embroidery"]
        relay()
        listing.refresh_from_db()
        assert listing.search_rev > revision
        assert "embroideri" in listing.concept_tokens
        assert not curation.waiting_words().exists()

    def test_makes_a_new_skill(self, client_of, huda, unknown, concepts):
        listing, word = unknown
        client_of(huda).post(
            f"/desk/skills/words/{word.pk}/new/",
            {"ar": "السدو", "en": "Sadu weaving", "broader": concepts["rukn:crafts"]},
        )
        made = Concept.objects.get(uri="rukn:sadu-weaving")
        assert first("السدو البدوي") == first("sadu weaving") == made.uri
        assert concepts["rukn:crafts"] in concept_services.tree().ancestors(made.pk)
        listing.refresh_from_db()
        assert listing.main_concept == made

    def test_is_refused_without_a_choice_and_keeps_the_word(self, client_of, huda, unknown):
        assert client_of(huda).post(f"/desk/skills/words/{unknown[1].pk}/name/", {"concept": "x"}).status_code == 422
        assert curation.waiting_words().count() == 1

    def test_can_be_taken_back(self, huda, unknown, concepts):
        listing, word = unknown
        change = curation.add_skill(ar="السدو", en="", broader=None, by=huda, word=word)
        curation.undo(change=change, by=huda)
        assert first("السدو البدوي") is None
        assert curation.waiting_words().count() == 1
        assert Tag.objects.get(listing=listing, text=word.text).concept is None
        with pytest.raises(curation.CannotUndo):
            curation.undo(change=change, by=huda)


class TestMerge:
    def test_leads_both_names_and_the_old_uri_to_one_skill(self, huda, make_offer, salma, concepts):
        listing = make_offer(salma, "تطريز", ["rukn:embroidery"])
        one, target = (Concept.objects.get(uri=uri) for uri in ("rukn:embroidery", "rukn:sewing"))
        change = curation.merge(concept=one, into=target, by=huda)
        assert first("tatreez") == first("خياطة") == "rukn:sewing"
        assert concept_services.tree().ids["rukn:embroidery"] == target.pk
        assert set(listing.tags.values_list("concept", flat=True)) == {target.pk}
        concept_services.import_rows(concept_services.shipped_rows()[:1])
        assert first("tatreez") == "rukn:sewing"
        curation.undo(change=change, by=huda)
        assert first("tatreez") == "rukn:embroidery"
        assert set(listing.tags.values_list("concept", flat=True)) == {one.pk}

    def test_keeps_the_wider_one(self, huda, concepts):
        wide, narrow = (Concept.objects.get(uri=uri) for uri in ("rukn:sewing", "rukn:sewing-trousers"))
        curation.merge(concept=wide, into=narrow, by=huda)
        narrow.refresh_from_db()
        assert narrow.merged_into == wide

    def test_is_refused_with_itself(self, huda, concepts):
        row = Concept.objects.get(uri="rukn:sewing")
        with pytest.raises(curation.CannotMerge):
            curation.merge(concept=row, into=row, by=huda)


class TestRename:
    def test_keeps_the_old_name_and_outlives_an_import(self, client_of, huda, concepts):
        pk = concepts["rukn:sewing"]
        client_of(huda).post(f"/desk/skills/{pk}/rename/", {"lang": "en", "text": "needle and thread"})
        assert first("needle and thread") == first("sewing") == "rukn:sewing"
        assert Concept.objects.get(pk=pk).en == "needle and thread"
        change = ConceptChange.objects.get()
        curation.undo(change=change, by=huda)
        assert Concept.objects.get(pk=pk).en == "sewing"
        assert Label.objects.filter(concept=pk, lang="en", is_preferred=True).get().text == "sewing"

    def test_refuses_the_name_of_another(self, client_of, huda, concepts):
        answer = client_of(huda).post(
            f"/desk/skills/{concepts['rukn:sewing']}/rename/", {"lang": "en", "text": "Embroidery"}
        )
        assert answer.status_code == 422


class TestDictionary:
    def test_a_struck_entry_stays_out(self, client_of, huda, concepts):
        entry = words.shipped_entries()[0]
        client = client_of(huda)
        client.post("/desk/skills/dictionary/", {"q": entry.en, "ar": entry.ar, "en": entry.en, "act": "strike"})
        assert entry not in words.entries()
        assert Translation.objects.get().is_struck
        client.post("/desk/skills/dictionary/", {"q": entry.en, "ar": entry.ar, "en": entry.en, "act": "restore"})
        assert entry in words.entries()


class TestDoors:
    @pytest.mark.parametrize("path", ["", "dictionary/"])
    def test_are_shut_to_residents(self, client_of, salma, path):
        assert client_of(salma).get(f"/desk/skills/{path}").status_code == 404

    def test_refuse_a_resident_in_the_service_too(self, salma, concepts):
        with pytest.raises(curation.NotACurator):
            curation.add_name(concept=Concept.objects.get(uri="rukn:sewing"), text="x", by=salma)


class TestMeaning:
    def test_is_asked_of_the_author_once_and_kept(self, client_of, salma, huda, concepts):
        curation.add_name(concept=Concept.objects.get(uri="rukn:sewing"), text="شغل إبرة", by=huda)
        curation.add_name(concept=Concept.objects.get(uri="rukn:embroidery"), text="شغل إبرة", by=huda)
        revision = listings.start(owner=salma, kind="offer", lang="ar")
        client, path = client_of(salma), f"/listings/{revision.listing_id}/edit/1/"
        answers = {"title": "شغل إبرة", "skills": "شغل إبرة"}
        page = client.post(path, answers)
        assert page.status_code == 200
        assert 'value="rukn:embroidery"' in page.content.decode()
        field = "meaning-شغل ابره"
        assert client.post(path, {**answers, field: "rukn:embroidery", "asked": field}).status_code == 302
        revision.refresh_from_db()
        assert revision.tags[0]["uri"] == "rukn:embroidery"
        client.post(f"/listings/{revision.listing_id}/autosave/", answers)
        revision.refresh_from_db()
        assert revision.tags[0]["uri"] == "rukn:embroidery"
        assert client.post(path, answers).status_code == 302

    def test_may_be_none_of_them(self, client_of, salma, huda, concepts):
        curation.add_name(concept=Concept.objects.get(uri="rukn:sewing"), text="عمل", by=huda)
        curation.add_name(concept=Concept.objects.get(uri="rukn:embroidery"), text="عمل", by=huda)
        revision = listings.start(owner=salma, kind="offer", lang="ar")
        client_of(salma).post(
            f"/listings/{revision.listing_id}/edit/1/", {"title": "عمل", "skills": "عمل", "meaning-عمل": ""}
        )
        revision.refresh_from_db()
        assert revision.tags[0]["uri"] is None
