"""One thing that Synapse serverless could not read, or would read differently."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """The table, the property or column at fault with its value, and the fix."""

    table: str
    property: str
    fix: str

    def __str__(self) -> str:
        return f"{self.table}: {self.property}: {self.fix}"
