"""Commands with files: JSON out, status 2 with line and cause, nothing half loaded."""

import io
import json
from collections import Counter

import pytest
from django.core.management import call_command

from skills.models import Concept, Label, Listing
from skills.services import concepts as concepts_service

pytestmark = pytest.mark.django_db


def run(name, *args, **more):
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *args, stdout=out, stderr=err, **more)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def lines(tmp_path):
    def write(*rows):
        path = tmp_path / "in.jsonl"
        path.write_bytes(
            b"\n".join(row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows)
        )
        return str(path)

    return write


SEWING = {
    "uri": "x:sewing",
    "ar": {"label": "خياطة", "others": ["تخييط"]},
    "en": {"label": "sewing", "others": []},
    "broader": [],
    "related": [],
}


class TestImportConcepts:
    def test_is_idempotent(self, lines, concepts):
        run("import_concepts", lines(SEWING))
        before = (Concept.objects.count(), Label.objects.count())
        run("import_concepts", lines(SEWING))
        assert (Concept.objects.count(), Label.objects.count()) == before

    def test_only_replaces_all_others(self, lines, concepts):
        run("import_concepts", lines(SEWING), "--only")
        assert [concept.uri for concept in Concept.objects.all()] == ["x:sewing"]

    def test_relates_a_concept_of_another_source_to_the_same_one_of_ours(self, lines, db):
        mapping = json.loads(concepts_service.MAPPINGS.read_text(encoding="utf-8").splitlines()[0])
        run("import_concepts", lines({"uri": mapping["exact"][0], "en": {"label": "the same thing"}}))
        tree = concepts_service.tree()
        assert tree.ids[mapping["uri"]] in tree.related[tree.ids[mapping["exact"][0]]]

    def test_relates_it_to_each_of_ours_that_is_close_but_puts_none_under_it(self, lines, db):
        rows = [json.loads(line) for line in concepts_service.MAPPINGS.read_text(encoding="utf-8").splitlines()]
        close = Counter(uri for row in rows for uri in row.get("close", ()))
        shared = close.most_common(1)[0][0]
        mine = [row["uri"] for row in rows if shared in row.get("close", ())]
        above = next(row for row in rows if row.get("broader"))
        run(
            "import_concepts",
            lines(
                {"uri": shared, "en": {"label": "close to several"}},
                {"uri": above["broader"][0], "en": {"label": "broader"}},
            ),
        )
        tree = concepts_service.tree()
        assert len(mine) > 1
        assert set(tree.related[tree.ids[shared]]) == {tree.ids[uri] for uri in mine}
        assert tree.ids[above["broader"][0]] not in tree.broader[tree.ids[above["uri"]]]

    def test_each_name_knows_its_source(self, lines, concepts):
        names = {"label": "خياطة", "others": ["تخييط"], "sources": {"تخييط": "Unicode CLDR"}}
        run("import_concepts", lines({**SEWING, "ar": names, "source": "Rukn"}))
        sources = Label.objects.filter(concept__uri="x:sewing").values_list("text", "source")
        assert dict(sources) == {"خياطة": "Rukn", "تخييط": "Unicode CLDR", "sewing": "Rukn"}

    @pytest.mark.parametrize(
        ("bad", "cause"),
        [
            ({"uri": "x:a", "en": {"label": "x", "sources": ["y"]}}, "line 2: en.sources must be an object"),
            ({"uri": "x:a", "en": {"label": "x", "sources": {"y": "z"}}}, "line 2: en.sources names 'y'"),
            ({"uri": "x:a", "en": {"label": "x", "sources": {"x": 1}}}, "line 2: en.sources of 'x' must be text"),
            (b"{", "line 2: not JSON"),
            (b"\xff\xfe", "line 2: not UTF-8"),
            (b"[]", "line 2: not a JSON object"),
            ({"uri": "x:a"}, "line 2: a concept needs a label"),
            ({"uri": "no uri", "en": {"label": "x"}}, "line 2: uri"),
            ({"uri": "x:a", "en": {"label": ""}}, "line 2: en.label is empty"),
            ({"uri": "x:a", "en": {"label": "a\x00"}}, "line 2: en.label holds a NUL"),
        ],
    )
    def test_names_the_line_and_loads_nothing(self, lines, concepts, capsys, bad, cause):
        count = Concept.objects.count()
        with pytest.raises(SystemExit) as stop:
            call_command("import_concepts", lines(SEWING, bad))
        assert stop.value.code == 2
        assert cause in capsys.readouterr().err
        assert Concept.objects.count() == count

    def test_skip_bad_loads_the_rest(self, lines, concepts):
        assert run("import_concepts", lines(SEWING, b"{"), "--skip-bad")[0]["bad"] == 1
        assert Concept.objects.filter(uri="x:sewing").exists()

    def test_reads_escos_own_table(self, tmp_path, concepts):
        table = tmp_path / "skills_ar.csv"
        table.write_text(
            'conceptType,conceptUri,preferredLabel,altLabels\nKnowledge,http://x/1,طحن,"جرش\nهرس"\n', encoding="utf-8"
        )
        run("import_concepts", str(table))
        assert {label.text for label in Label.objects.filter(concept__uri="http://x/1")} == {"طحن", "جرش", "هرس"}


class TestResolveSkills:
    def test_answers_each_line_best_first(self, lines, concepts):
        answers = run(
            "resolve_skills",
            lines({"id": 1, "text": "ابي اتعلم خياطه", "lang": "ar"}, {"id": "b", "text": "fix my bike", "lang": None}),
        )
        assert [answer["id"] for answer in answers] == [1, "b"]
        assert [answer["concepts"][0]["uri"] for answer in answers] == ["rukn:sewing", "rukn:bicycle-repair"]

    def test_refuses_an_unknown_language(self, lines, concepts, capsys):
        with pytest.raises(SystemExit) as stop:
            call_command("resolve_skills", lines({"id": 1, "text": "x", "lang": "fr"}))
        assert stop.value.code == 2
        assert "line 1: unknown language 'fr'" in capsys.readouterr().err


OFFER = {
    "key": "o1",
    "kind": "offer",
    "owner": "salma",
    "title": "خياطة للمبتدئات",
    "body": "نبدأ.",
    "lang": "ar",
    "free": ["tue-evening"],
}


class TestImportListings:
    def test_is_idempotent_by_key(self, lines, concepts):
        run("import_listings", lines(OFFER))
        run("import_listings", lines({**OFFER, "title": "خياطة"}))
        assert [row.title for row in Listing.objects.all()] == ["خياطة"]

    @pytest.mark.parametrize(
        "change",
        [{"kind": "x"}, {"lang": "fr"}, {"title": ""}, {"free": ["someday"]}, {"concepts": ["rukn:nothing-here"]}],
    )
    def test_loads_nothing_of_a_file_with_a_bad_row(self, lines, concepts, change):
        with pytest.raises(SystemExit) as stop:
            call_command("import_listings", lines(OFFER, {**OFFER, "key": "o2", **change}))
        assert stop.value.code == 2
        assert not Listing.objects.exists()


class TestMatchCommand:
    def test_gives_offers_with_numbers_and_reasons_and_writes_nothing(self, lines, concepts):
        run("import_listings", lines(OFFER))
        wish = {
            "key": "w1",
            "kind": "wish",
            "owner": "yusuf",
            "title": "learn to sew",
            "body": "",
            "lang": "en",
            "free": ["tue 18:00-20:00"],
        }
        before = Listing.objects.count()
        answer = run("match", lines(wish))[0]
        best = answer["offers"][0]
        assert (answer["key"], best["key"]) == ("w1", "o1")
        assert best["score"] == pytest.approx(sum(best["contributions"].values()))
        assert best["reasons"]["en"]
        assert best["reasons"]["ar"]
        assert any("Tuesday evening" in reason for reason in best["reasons"]["en"])
        assert Listing.objects.count() == before


ROW = {"key": "k1", "kind": "offer", "owner": "سلمى", "title": "خياطة", "body": "", "lang": "ar"}
WHOLE_NUMBER = b'{"uri":' + b"1" * 5000 + b"}"


class TestBadRows:
    def refused(self, capsys, name, *args):
        with pytest.raises(SystemExit) as ended:
            run(name, *args)
        assert ended.value.code == 2
        return capsys.readouterr().err

    @pytest.mark.parametrize("name", ["import_concepts", "import_listings", "resolve_skills", "match"])
    @pytest.mark.parametrize(
        ("row", "cause"), [(WHOLE_NUMBER, "too many digits"), (b'{"id": NaN, "text": "oud", "lang": "en"}', "NaN")]
    )
    def test_numbers_that_json_does_not_know_are_named(self, capsys, lines, concepts, name, row, cause):
        err = io.StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command(name, lines(b"", row), stdout=io.StringIO(), stderr=err)
        said = err.getvalue() + capsys.readouterr().err
        assert ended.value.code == 2
        assert f"line 2: not JSON ({cause}" in said or f"line 2: not JSON (a number with {cause}" in said

    @pytest.mark.parametrize("key", [b'"\\ud800"', b"1e999", b'{"a": "\\udfff"}'])
    def test_an_id_that_cannot_be_written_again_is_named(self, capsys, lines, concepts, key):
        said = self.refused(capsys, "resolve_skills", lines(b'{"id": ' + key + b', "text": "oud", "lang": "en"}'))
        assert "line 1: id cannot be written again" in said

    def test_a_first_byte_order_mark_is_passed_over(self, lines, concepts):
        asked = json.dumps({"id": 1, "text": "عود", "lang": "ar"}).encode()
        assert run("resolve_skills", lines(b"\xef\xbb\xbf" + asked))[0]["id"] == 1

    @pytest.mark.parametrize(
        ("change", "cause"),
        [
            ({"key": {"a": 1}}, "key must be text"), ({"key": True}, "key must be text"), ({"key": None}, "key must"),
            ({"key": " "}, "key is empty"), ({"owner": ["x"]}, "owner must be text"), ({"body": 0}, "body must"),
            ({"format": 0}, "unknown format 0"), ({"concepts": {}}, "concepts must be a list"),
            ({"free": {}}, "free must be a list"), ({"free": ["tue 25:00-30:00"]}, "tue 25:00-30:00"),
            ({"free": ["tue 19:00-17:00"]}, "begin before it ends"), ({"free": ["tue 17:99-18:77"]}, "0:00 and 24:00"),
        ],
    )  # fmt: skip
    def test_wrong_types_and_times_load_nothing(self, lines, concepts, change, cause):
        err = io.StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("import_listings", lines({**ROW, **change}), stdout=io.StringIO(), stderr=err)
        assert ended.value.code == 2
        assert "line 1" in err.getvalue()
        assert cause in err.getvalue()
        assert not Listing.objects.exists()

    def test_a_whole_number_is_a_key_too(self, lines, concepts):
        run("import_listings", lines({**ROW, "key": 0}))
        assert Listing.objects.get().key == "0"

    def test_a_key_of_another_kind_is_named_by_its_line_in_english(self, capsys, lines, concepts):
        run("import_listings", lines(ROW))
        said = self.refused(capsys, "import_listings", lines({**ROW, "key": "k2"}, {**ROW, "kind": "wish"}))
        assert "line 2: key 'k1': This key" in said
        assert Listing.objects.count() == 1

    def test_a_bad_line_leaves_a_fresh_database_as_it_was(self, lines, db):
        for name in ("import_listings", "resolve_skills"):
            with pytest.raises(SystemExit):
                run(name, lines(b"{"))
        assert not Concept.objects.exists()

    def test_a_line_that_turns_out_bad_later_leaves_a_fresh_database_as_it_was(self, lines, db):
        for name, rows in (
            ("import_listings", ({**ROW}, {**ROW, "kind": "wish"})),
            ("resolve_skills", ({"id": 1, "text": "sewing", "lang": "en"}, {"id": 2, "text": "x", "lang": "fr"})),
        ):
            with pytest.raises(SystemExit):
                run(name, lines(*rows))
            assert not Concept.objects.exists(), name

    def test_names_that_differ_in_arabic_only_are_different_people_and_places(self, lines, concepts):
        run(
            "import_listings",
            lines(
                {**ROW, "owner": "أحمد 2", "district": "حي 1"},
                {**ROW, "key": "k2", "owner": "سارة 2", "district": "مدينة 1"},
                {**ROW, "key": "k3", "owner": "anna", "district": "Old Town"},
            ),
        )
        rows = Listing.objects.order_by("key").values_list("owner__email", "district__slug")
        assert len(set(rows)) == len({row[1] for row in rows}) == 3
        assert rows[2] == ("anna@import.invalid", "old-town")

    def test_a_circle_of_broader_and_what_is_no_uri_are_named(self, lines, concepts):
        for rows, cause in (
            (
                ({**SEWING, "broader": ["x:a"]}, {**SEWING, "uri": "x:a", "broader": ["x:sewing"]}),
                "line 2: broader goes",
            ),
            (({**SEWING, "broader": ["not a uri"]},), "line 1: broader: 'not a uri' is not a URI"),
        ):
            err = io.StringIO()
            with pytest.raises(SystemExit):
                call_command("import_concepts", lines(*rows), stdout=io.StringIO(), stderr=err)
            assert cause in err.getvalue()
        assert not Concept.objects.filter(uri="x:sewing").exists()

    def test_a_circle_with_what_the_database_holds_is_refused_too(self, lines, concepts):
        run("import_concepts", lines({**SEWING, "uri": "x:top"}, {**SEWING, "uri": "x:low", "broader": ["x:top"]}))
        err = io.StringIO()
        top = {**SEWING, "uri": "x:top", "broader": ["x:low"]}
        with pytest.raises(SystemExit):
            call_command("import_concepts", lines(SEWING, top), stdout=io.StringIO(), stderr=err)
        assert "line 2: broader goes in a circle" in err.getvalue()
        assert not Concept.objects.filter(uri="x:sewing").exists()

    def test_a_link_that_the_file_itself_turns_round_is_no_circle(self, lines, concepts):
        run("import_concepts", lines({**SEWING, "uri": "x:top"}, {**SEWING, "uri": "x:low", "broader": ["x:top"]}))
        run("import_concepts", lines({**SEWING, "uri": "x:top", "broader": ["x:low"]}, {**SEWING, "uri": "x:low"}))
        tree = concepts_service.tree()
        assert set(tree.ancestors(tree.ids["x:top"])) == {tree.ids["x:top"], tree.ids["x:low"]}

    def test_skipping_bad_rows_leaves_the_rows_that_close_circles_out(self, lines, concepts):
        rows = (
            {**SEWING, "uri": "x:a", "broader": ["x:b"]}, {**SEWING, "uri": "x:b", "broader": ["x:a"]},
            {**SEWING, "uri": "x:c", "broader": ["x:d"]}, {**SEWING, "uri": "x:d", "broader": ["x:c"]},
        )  # fmt: skip
        (told,) = run("import_concepts", lines(*rows), "--skip-bad")
        assert told["bad"] == 2
        assert set(Concept.objects.filter(uri__startswith="x:").values_list("uri", flat=True)) == {"x:a", "x:c"}

    def test_a_link_that_leads_nowhere_is_named_and_left_out(self, lines, concepts):
        err = io.StringIO()
        path = lines(SEWING, {**SEWING, "uri": "x:low", "broader": ["x:sewing", "x:nowhere"]})
        call_command("import_concepts", path, stdout=io.StringIO(), stderr=err)
        assert err.getvalue().strip().endswith("line 2: broader x:nowhere is not known, left out")

    def test_a_concept_told_twice_loses_no_name(self, lines, concepts):
        one = {"uri": "x:oud", "en": {"label": "Oud", "others": ["Arabic lute"]}}
        two = {"uri": "x:oud", "en": {"label": "Oud playing"}, "ar": {"label": "عزف العود"}}
        run("import_concepts", lines(one, two))
        names = Label.objects.filter(concept__uri="x:oud").values_list("text", "is_preferred")
        assert dict(names) == {"Oud": False, "Arabic lute": False, "Oud playing": True, "عزف العود": True}

    def test_the_shipped_concepts_are_counted_as_new_once(self, db):
        assert run("import_concepts", "--shipped")[0]["new"] == Concept.objects.count()

    @pytest.mark.parametrize(
        ("rows", "cause"),
        [
            ([b"conceptUri,preferredLabel,altLabels", b"x:a,sewing,", b"x:b,caf\xe9,"], "line 3: not UTF-8 (byte 8)"),
            ([b"conceptUri,preferredLabel,altLabels", b'x:a,"sewing,', b"x:b,oud,"], "not CSV"),
            ([b"conceptUri,preferredLabel,altLabels", b"x:a,sewing," + b"y" * 140_000], "line 2: not CSV"),
            ([b"conceptUri,broaderUri", b"x:a"], "line 2: broaderUri None is not a URI"),
            ([b"conceptUri,broaderUri", b"x:a,junk"], "line 2: broaderUri 'junk' is not a URI"),
        ],
    )
    def test_broken_esco_tables_are_named_by_line(self, tmp_path, concepts, rows, cause):
        path, err = tmp_path / "skills_en.csv", io.StringIO()
        path.write_bytes(b"\n".join(rows))
        with pytest.raises(SystemExit) as ended:
            call_command("import_concepts", str(path), stdout=io.StringIO(), stderr=err)
        assert ended.value.code == 2
        assert cause in err.getvalue()
