"""Files of JSON lines, read strictly: a line is an object, or it is named with what is wrong with it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any


class BadRow(ValueError):
    """A line of a file that cannot be used. `line` counts from 1."""

    def __init__(self, name: str, line: int, cause: str) -> None:
        super().__init__(f"{name}: line {line}: {cause}")
        self.name, self.line, self.cause = name, line, cause


def json_lines(name: str, lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    """Give (line number, object or what is wrong with the line); blank lines are passed over, a first BOM too."""
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"), parse_constant=_refuse)
        except UnicodeDecodeError as error:
            yield number, BadRow(name, number, f"not UTF-8 (byte {error.start + 1})")
        except json.JSONDecodeError as error:
            yield number, BadRow(name, number, f"not JSON ({error.msg}, column {error.colno})")
        except _NoNumber as error:
            yield number, BadRow(name, number, f"not JSON ({error} is no number)")
        except ValueError:  # Python reads no whole number of more than 4,300 digits
            yield number, BadRow(name, number, "not JSON (a number with too many digits)")
        except RecursionError:
            yield number, BadRow(name, number, "not JSON (nested too deeply)")
        else:
            if isinstance(value, dict):
                yield number, value
            else:
                yield number, BadRow(name, number, "not a JSON object")


class _NoNumber(ValueError):
    """NaN or Infinity, which Python would read and JSON does not know."""


def _refuse(name: str) -> Any:
    raise _NoNumber(name)
