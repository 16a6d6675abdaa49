"""`manage.py find_rings`: the contract on standard input, output and error."""

import io
import json
import lzma
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
MARKET = ROOT / "tests" / "data" / "barter_markets.jsonl.xz"
SALMA_AND_YUSUF = {"people": ["سلمى", "يوسف"], "edges": [["سلمى", "يوسف", 1], ["يوسف", "سلمى", 2]]}


@pytest.fixture
def ask(tmp_path):
    def run(said, expect_remark=""):
        path = tmp_path / "round.json"
        path.write_bytes(said if isinstance(said, bytes) else json.dumps(said).encode())
        out, err = io.StringIO(), io.StringIO()
        call_command("find_rings", str(path), stdout=out, stderr=err)
        assert expect_remark in err.getvalue()
        return json.loads(out.getvalue())

    return run


def test_answers_on_standard_output_without_any_database():
    said = subprocess.run(
        [sys.executable, "manage.py", "find_rings", "-"],
        input=json.dumps({**SALMA_AND_YUSUF, "max_length": 4, "seconds": 5}).encode(),
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PATH": "/usr/bin:/bin"},
    )
    answer = json.loads(said.stdout)
    assert answer.pop("seconds") < 5
    assert answer == {
        "rings": [["سلمى", "يوسف"]], "chains": [], "weight": 3, "bound": 3, "gap": 0.0, "ended": "proven",
    }  # fmt: skip
    assert "سلمى".encode() in said.stdout
    assert said.stderr == b""


@pytest.mark.parametrize("number", [0, 1], ids=["ask", "onewant"])
def test_finds_the_known_optimum_of_real_barter_markets(ask, number):
    market = json.loads(lzma.decompress(MARKET.read_bytes()).splitlines()[number])
    answer = ask(market)
    weights = {(giver, taker): weight for giver, taker, weight in market["edges"]}
    told = [pair for ring in answer["rings"] for pair in zip(ring, [*ring[1:], ring[0]], strict=True)]
    assert answer["weight"] == answer["bound"] == market["optimum"] == sum(weights[pair] for pair in told)
    assert len({giver for giver, _ in told}) == len(told)


class TestWhatIsAllowed:
    def test_people_may_be_numbers_and_have_capacities(self, ask):
        edges = [[1, 2, 1], [2, 1, 1], [1, 3, 1.5], [3, 1, 1]]
        assert ask({"people": [1, 2, 3], "edges": edges})["weight"] == 2.5
        answer = ask({"people": [1, 2, 3], "edges": edges, "capacity": {"1": 2}})
        assert answer["rings"] == [[1, 2], [1, 3]]
        assert ask({"people": [1, 2, 3], "edges": edges, "capacity": {"1": 0}})["rings"] == []

    def test_nobody_nothing_and_no_ring(self, ask):
        nothing = {"rings": [], "chains": [], "weight": 0, "bound": 0, "gap": 0.0, "ended": "proven"}
        for said in ({"people": [], "edges": []}, {"people": [1, 2], "edges": [[1, 2, 1]]}):
            for length in (3, None):
                answer = ask({**said, "max_length": length})
                del answer["seconds"]
                assert answer == nothing

    def test_givers_start_chains(self, ask):
        said = {"people": ["g", 1, 2, 3], "edges": [["g", 1, 1], [1, 2, 1], [2, 3, 1]], "givers": ["g"]}
        assert ask({**said, "max_chain": 2})["chains"] == [["g", 1, 2]]
        assert ask({**said, "max_length": None})["chains"] == [["g", 1, 2, 3]]

    def test_loops_and_repeats_are_left_out_with_a_remark(self, ask):
        said = {"people": [1, 2], "edges": [[1, 1, 9], [1, 2, 1], [2, 1, 1], [1, 2, 3]]}
        assert ask(said, "edges[0]: nobody is their own teacher")["weight"] == 4
        assert ask(said, "edges[3]: repeats an earlier one, the heaviest counts")["weight"] == 4

    def test_unknown_fields_are_left_out_with_a_remark(self, ask):
        said = {**SALMA_AND_YUSUF, "name": "spring"}
        assert ask(said, '"name" is no known field, left out\n')["weight"] == 3
        remark = '"max_lenght" is no known field, left out; is "max_length" meant?'
        assert ask({**said, "max_lenght": 2, "\ud800": 1}, remark)["weight"] == 3
        assert ask({**said, **dict.fromkeys("abcdefg")}, "… and 3 more unknown fields")["weight"] == 3

    def test_a_mark_of_byte_order(self, ask):
        assert ask(b"\xef\xbb\xbf" + json.dumps(SALMA_AND_YUSUF).encode())["weight"] == 3

    def test_lessons_one_person_gives_twice_are_two_lessons(self, ask):
        everybody_twice = {"1": 2, "2": 2}
        for length in (4, None):
            said = {"people": [1, 2], "edges": [[1, 2, 1], [2, 1, 1]], "capacity": everybody_twice}
            assert ask({**said, "max_length": length})["rings"] == [[1, 2]]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"edges": [[1, 2, 1], [1, 9, 1]]}, "edges[1]: the learner 9 is not among the people"),
        ({"edges": [["1", 2, 1]]}, 'edges[0]: the teacher "1" is not among the people'),
        ({"edges": [[1, 2, -1]]}, "edges[0]: the weight -1 is not a finite number"),
        ({"edges": [[1, 2, float("inf")]]}, "edges[0]: the weight Infinity is not"),
        ({"edges": [[1, 2, float("nan")]]}, "edges[0]: the weight NaN is not"),
        ({"edges": [[1, 2, "1"]]}, 'edges[0]: the weight "1" is not'),
        ({"edges": [[1, 2, True]]}, "edges[0]: the weight true is not"),
        ({"edges": [[1, 2, None]]}, "edges[0]: the weight null is not"),
        ({"edges": [[1, 2, 10**400]]}, "edges[0]: the weight 1000"),
        ({"edges": [[1, 2]]}, "edges[0]: [1, 2] is not [teacher, learner, weight]"),
        ({"edges": [[1, [2], 1]]}, "edges[0]: the learner [2] is not among the people"),
        ({"edges": {}}, "edges: a list"),
        ({"edges": None}, "edges: a list"),
        ({"people": [1, 2, 1]}, "people[2]: 1 is there already, as people[0]"),
        ({"people": [1, 2, None]}, "people[2]: null is neither text nor a number"),
        ({"people": [1, 2, "\ud800"]}, "people[2]: holds half a character"),
        ({"people": "12"}, "people: a list"),
        ({"max_length": 0}, "max_length: 0 is not a whole number from 2 on"),
        ({"max_length": 1}, "max_length: 1 is not"),
        ({"max_length": -3}, "max_length: -3 is not"),
        ({"max_length": 3.5}, "max_length: 3.5 is not"),
        ({"max_length": True}, "max_length: true is not"),
        ({"max_length": "four"}, 'max_length: "four" is not'),
        ({"seconds": 0}, "seconds: 0 is not a number above 0"),
        ({"seconds": -1}, "seconds: -1 is not"),
        ({"seconds": "soon"}, 'seconds: "soon" is not'),
        ({"seconds": float("nan")}, "seconds: NaN is not"),
        ({"seed": -1}, "seed: -1 is not"),
        ({"capacity": [1]}, "capacity: an object"),
        ({"capacity": {"7": 1}}, 'capacity: "7" is not among the people'),
        ({"capacity": {"1": -1}}, 'capacity: "1": -1 is not a whole number'),
        ({"capacity": {"1": 1.5}}, 'capacity: "1": 1.5 is not a whole number'),
        ({"givers": [2]}, "givers: 2 asks for something"),
        ({"givers": [5]}, "givers[0]: 5 is not among the people"),
        ({"max_chain": 0}, "max_chain: 0 is not"),
        ({"max_chain": 2, "max_length": None}, "max_chain: where rings may have any length"),
        ({"acceptance": 0}, "acceptance: 0 is not a chance"),
        ({"acceptance": 0.5, "max_length": None}, "acceptance: needs a max_length"),
        (b"{", "line 1: not JSON"),
        (b"", "line 1: not JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff\xfe{}", "not UTF-8 at byte 1"),
        (b"[" * 100_000, "not JSON"),
        (b'{"people": [1], "edges": [[1, 1, ' + b"9" * 5000 + b"]]}", "not JSON"),
    ],
)
def test_names_what_is_wrong_and_prints_nothing(ask, capsys, change, cause):
    said = change if isinstance(change, bytes) else {"people": [1, 2], "edges": [[1, 2, 1]], **change}
    with pytest.raises(SystemExit) as stop:
        ask(said)
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert cause in said.err
    assert len(said.err) < 200 + len("round.json") * 20
    assert said.out == ""


def test_a_file_that_is_not_there(capsys):
    with pytest.raises(SystemExit) as stop:
        call_command("find_rings", "nowhere.json")
    assert stop.value.code == 2
    assert "nowhere.json: No such file" in capsys.readouterr().err
