"""The picture of a ring: where its people and arrows stand. Values in, values out."""

from dataclasses import dataclass
from math import cos, pi, sin

SIZE, RADIUS, FACE = 320, 108, 42
GAP = 0.47  # radians between a face's middle and the ends of its arrows


@dataclass(frozen=True)
class Spot:
    """One person: the middle of their face."""

    name: str
    x: float
    y: float
    is_reader: bool


@dataclass(frozen=True)
class Picture:
    """Faces and the paths of arrows from each to the next."""

    spots: list[Spot]
    paths: list[str]
    size: int = SIZE
    face: int = FACE


def ring(names: list[tuple[str, bool]], *, is_rtl: bool, is_closed: bool = True) -> Picture:
    """Give the picture of people (name, whether it is the reader) in the order of teaching.

    The first stands on top; the order runs the way the reader reads: clockwise, or against it in Arabic.
    """
    turn = -1 if is_rtl else 1
    step = 2 * pi / len(names)
    angles = [-pi / 2 + turn * step * number for number in range(len(names))]
    spots = [Spot(name, *_at(angle), is_reader) for (name, is_reader), angle in zip(names, angles, strict=True)]
    arrows = angles if is_closed else angles[:-1]
    paths = [_arc(angle + turn * GAP, angle + turn * (step - GAP), clockwise=turn > 0) for angle in arrows]
    return Picture(spots, paths)


def _at(angle: float) -> tuple[float, float]:
    middle = SIZE / 2
    return round(middle + RADIUS * cos(angle), 1), round(middle + RADIUS * sin(angle), 1)


def _arc(start: float, end: float, *, clockwise: bool) -> str:
    (x, y), (to_x, to_y) = _at(start), _at(end)
    is_long = int(abs(end - start) > pi)
    return f"M{x} {y}A{RADIUS} {RADIUS} 0 {is_long} {int(clockwise)} {to_x} {to_y}"
