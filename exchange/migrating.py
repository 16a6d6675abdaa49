"""Operations for migrations, for databases that are made often: by every demo and every test run.

Django draws its picture of all related models anew after each operation, which takes longer than the tables do.
"""

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations.base import Operation


class Together(Operation):
    """Create several models, each needing only those before it, and draw Django's picture of the models once."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = list(operations)

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Add the models to the state; what was drawn of it is thrown away and drawn at the next look."""
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Create the tables in their order."""
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop the tables, the last one first."""
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """Give what `migrate --plan` says."""
        return "; ".join(operation.describe() for operation in self.operations)


class Sql(Operation):
    """Run statements on one kind of database; they change nothing that models know."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, vendor: str, forwards: Sequence[str], backwards: Sequence[str]) -> None:
        self.vendor, self.forwards, self.backwards = vendor, list(forwards), list(backwards)

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run what makes it."""
        self._run(schema_editor, self.forwards)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Run what takes it back."""
        self._run(schema_editor, self.backwards)

    def describe(self) -> str:
        """Give what `migrate --plan` says."""
        return f"Statements for {self.vendor}"

    def _run(self, schema_editor: Any, statements: Sequence[str]) -> None:
        if schema_editor.connection.vendor == self.vendor:
            for statement in statements:
                schema_editor.execute(statement, params=None)
