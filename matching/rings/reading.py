"""A round as JSON: read, and refused with the field that is wrong."""

import difflib
import json
import math
from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np

from matching.rings import DEFAULT_LENGTH, DEFAULT_SECONDS, LONGEST_CHAIN, Rules
from matching.rings.graph import Floats, Graph, Ints, build

HEAVIEST = 1e12
FIELDS = (
    "people", "edges", "max_length", "seconds", "capacity", "givers", "max_chain", "acceptance", "seed",
)  # fmt: skip
NAMES, NUMBERS = frozenset({str, int, float}), frozenset({int, float})
MOST_TOLD = 5
MOST = 1_000_000  # largest capacity, and longest time in seconds


class Unusable(Exception):
    """The file cannot be used; says which field and why."""


@dataclass(frozen=True)
class Read:
    """What a file says, with remarks on what was left out of it."""

    people: list[str | int | float]
    graph: Graph
    rules: Rules
    is_whole: bool  # whether all weights are whole numbers
    remarks: list[str]


def read(raw: bytes) -> Read:
    """Read `{"people", "edges": [[teacher, learner, weight]…], "max_length", "seconds", …}`. Raises Unusable.

    Loops and repeated edges are harmless and left out with a remark: a ring needs at least two people, and of several
    edges between the same two one lesson is enough, the heaviest.
    """
    said = _parsed(raw)
    unknown = _unknown(said)
    people, place = _people(said.get("people", None))
    teacher, learner, weight, is_whole, remarks = _edges(said.pop("edges", None), place)
    longest = said.get("max_length", DEFAULT_LENGTH)
    if longest is not None and (not _is_whole(longest) or longest < 2):
        raise Unusable(f"max_length: {_shown(longest)} is not a whole number from 2 on, or null for any length")
    seconds = said.get("seconds", DEFAULT_SECONDS)
    if not _is_number(seconds) or not 0 < seconds <= MOST:
        raise Unusable(f"seconds: {_shown(seconds)} is not a number above 0 and up to {MOST}")
    seed = said.get("seed", 0)
    if not _is_whole(seed) or not 0 <= seed < 2**63:
        raise Unusable(f"seed: {_shown(seed)} is not a whole number from 0 on")
    acceptance = said.get("acceptance", None)
    if acceptance is not None and (not _is_number(acceptance) or not 0 < acceptance <= 1):
        raise Unusable(f"acceptance: {_shown(acceptance)} is not a chance above 0 and up to 1")
    if acceptance is not None and longest is None:
        raise Unusable("acceptance: needs a max_length, rings of any length are chosen by weight alone")
    capacity = _capacity(said.get("capacity", None), place)
    givers = _givers(said.get("givers", None), place, learner)
    max_chain = said.get("max_chain", None)
    if max_chain is not None and (not _is_whole(max_chain) or max_chain < 1):
        raise Unusable(f"max_chain: {_shown(max_chain)} is not a whole number from 1 on")
    if max_chain is not None and longest is None:
        raise Unusable("max_chain: where rings may have any length (max_length null), chains have too")
    rules = Rules(longest, min(max_chain or LONGEST_CHAIN, max(len(people), 1)), float(seconds), seed, acceptance)
    graph = build(len(people), teacher, learner, weight, capacity, givers)
    return Read(people, graph, rules, is_whole, unknown + remarks)


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable(f"not UTF-8 at byte {error.start + 1}") from error
    try:
        said = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unusable(f"line {error.lineno}: not JSON ({error.msg}, column {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise Unusable(f"not JSON ({error})") from error
    if not isinstance(said, dict):
        raise Unusable('not a JSON object with "people" and "edges"')
    return said


def _unknown(said: dict[str, Any]) -> list[str]:
    """Tell of fields that count for nothing: files may carry a name or a note, but a slip should not go unseen."""
    unknown = [name for name in said if name not in FIELDS]
    remarks = []
    for name in unknown[:MOST_TOLD]:
        meant = difflib.get_close_matches(name[:60], FIELDS, n=1, cutoff=0.75)
        remarks.append(f"{_shown(name)} is no known field, left out" + (f'; is "{meant[0]}" meant?' if meant else ""))
    if len(unknown) > MOST_TOLD:
        remarks.append(f"… and {len(unknown) - MOST_TOLD} more unknown fields")
    return remarks


def _people(said: Any) -> tuple[list[str | int | float], dict[Any, int]]:
    if not isinstance(said, list):
        raise Unusable("people: a list of names or numbers is needed")
    place: dict[Any, int] = {}
    for number, person in enumerate(said):
        if not (isinstance(person, str) or _is_number(person)):
            raise Unusable(f"people[{number}]: {_shown(person)} is neither text nor a number")
        if isinstance(person, str) and not _is_writable(person):
            raise Unusable(f"people[{number}]: holds half a character")
        if person in place:
            raise Unusable(f"people[{number}]: {_shown(person)} is there already, as people[{place[person]}]")
        place[person] = number
    return said, place


def _edges(said: Any, place: dict[Any, int]) -> tuple[Ints, Ints, Floats, bool, list[str]]:
    if not isinstance(said, list):
        raise Unusable("edges: a list of [teacher, learner, weight] is needed")
    teachers, learners, weights = array("q"), array("q"), array("d")
    for number, edge in enumerate(said):
        # A million of them: what is as usual passes here, and `_edge` judges all the rest.
        if (
            type(edge) is list
            and len(edge) == 3
            and type(edge[0]) in NAMES
            and type(edge[1]) in NAMES
            and edge[0] in place
            and edge[1] in place
            and type(edge[2]) in NUMBERS
            and 0 <= edge[2] <= HEAVIEST
        ):
            teacher, learner, weight = place[edge[0]], place[edge[1]], edge[2]
        else:
            (teacher, learner), weight = _edge(number, edge, place)
        teachers.append(teacher)
        learners.append(learner)
        weights.append(weight)
    tails, heads, heavy = np.array(teachers, np.int64), np.array(learners, np.int64), np.array(weights)
    apart = np.flatnonzero(tails != heads)
    _, firsts = np.unique(tails[apart] * len(place) + heads[apart], return_index=True)
    again = np.setdiff1d(apart, apart[firsts], assume_unique=True)
    remarks = []
    if len(apart) < len(tails):
        loops = np.flatnonzero(tails == heads)
        remarks.append(f"edges[{loops[0]}]: nobody is their own teacher, left out ({len(loops)} in all)")
    if len(again):
        remarks.append(f"edges[{again[0]}]: repeats an earlier one, the heaviest counts ({len(again)} in all)")
    tails, heads, heavy = tails[apart], heads[apart], heavy[apart]
    return tails, heads, heavy, bool((heavy == np.floor(heavy)).all()), remarks


def _edge(number: int, edge: Any, place: dict[Any, int]) -> tuple[list[int], float]:
    if not isinstance(edge, list) or len(edge) != 3:
        raise Unusable(f"edges[{number}]: {_shown(edge)} is not [teacher, learner, weight]")
    ends = []
    for role, person in zip(("teacher", "learner"), edge, strict=False):
        where = place.get(person) if isinstance(person, str) or _is_number(person) else None
        if where is None:
            raise Unusable(f"edges[{number}]: the {role} {_shown(person)} is not among the people")
        ends.append(where)
    weight = edge[2]
    if not _is_number(weight) or weight < 0:
        raise Unusable(f"edges[{number}]: the weight {_shown(weight)} is not a finite number from 0 on")
    if weight > HEAVIEST:
        raise Unusable(f"edges[{number}]: the weight {_shown(weight)} is above {HEAVIEST:.0e}")
    return ends, weight


def _capacity(said: Any, place: dict[Any, int]) -> list[int]:
    limits = [1] * len(place)
    if said is None:
        return limits
    if not isinstance(said, dict):
        raise Unusable('capacity: an object {"person": number of rings} is needed')
    names = {str(person): number for person, number in place.items()}
    for person, limit in said.items():
        where = place.get(person, names.get(person))
        if where is None:
            raise Unusable(f"capacity: {_shown(person)} is not among the people")
        if not _is_whole(limit) or not 0 <= limit <= MOST:
            raise Unusable(f"capacity: {_shown(person)}: {_shown(limit)} is not a whole number from 0 to {MOST}")
        limits[where] = limit
    return limits


def _givers(said: Any, place: dict[Any, int], learners: Ints) -> list[int]:
    if said is None:
        return []
    if not isinstance(said, list):
        raise Unusable("givers: a list of people is needed")
    found = []
    for number, person in enumerate(said):
        where = place.get(person) if isinstance(person, str) or _is_number(person) else None
        if where is None:
            raise Unusable(f"givers[{number}]: {_shown(person)} is not among the people")
        found.append(where)
    asking = set(found) & set(learners.tolist())
    if asking:
        person = list(place)[min(asking)]
        raise Unusable(f"givers: {_shown(person)} asks for something (is the learner of an edge), so is no giver")
    return found


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_writable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=not (isinstance(value, str) and _is_writable(value)))
    return text if len(text) <= 60 else f"{text[:57]}…"
