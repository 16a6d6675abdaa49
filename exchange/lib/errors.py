"""The one family of refusals: expected, worded for the reader, translated by one middleware and one consumer."""

from typing import Any


class Refused(Exception):
    """An act that the rules do not allow. `code` is stable for machines, the text is for the reader."""

    code = "refused"

    def __init__(self, text: object = "", code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        if code is not None:
            self.code = code

    @property
    def more(self) -> dict[str, Any]:
        """What a program is told besides the code and the sentence."""
        return {}

    def __str__(self) -> str:
        return str(self.text)
