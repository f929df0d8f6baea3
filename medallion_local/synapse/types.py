"""T-SQL types of a view's columns, beside the engine's, and what each may be read from."""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.tsql import TSQL

from medallion_local.synapse.errors import TSqlError, unsupported


@dataclass(frozen=True)
class Kind:
    """A T-SQL type: its name, its arguments, and the engine's type that holds its values."""

    name: str
    arguments: tuple[int, ...]
    engine: str

    @property
    def length(self) -> int | None:
        """The length of a text: bytes of a varchar, units of UTF-16 of an nvarchar."""
        return self.arguments[0] if self.name in ("varchar", "nvarchar") else None


ENGINE = {
    "bigint": "BIGINT",
    "int": "INTEGER",
    "smallint": "SMALLINT",
    "bit": "BOOLEAN",
    "float": "DOUBLE",
    "real": "FLOAT",
    "date": "DATE",
    "datetime2": "TIMESTAMP",
    "varchar": "VARCHAR",
    "decimal": "DECIMAL",
}
# What a file's column is to the engine, where it is not what the view's column is to it.
FROM_FILES = {"TIMESTAMP": "TIMESTAMP WITH TIME ZONE"}


def kind_of(definition: exp.ColumnDef) -> Kind:
    """The type of a column in OPENROWSET's WITH clause."""
    text = definition.kind.sql(dialect=TSQL).lower()
    name = text.partition("(")[0].strip()
    name = {"numeric": "decimal", "double": "float", "integer": "int"}.get(name, name)
    if name not in ENGINE:
        raise unsupported(f"The type {text} of the column {definition.name}")
    arguments = tuple(int(one.name) for one in definition.kind.expressions if one.name.isdigit())
    if name == "varchar" and not arguments:
        raise TSqlError(
            f"The column {definition.name} is varchar without a length, which has one byte."
        )
    engine = ENGINE[name]
    if name == "decimal":
        precision, scale = (*arguments, 0)[:2] if arguments else (18, 0)
        arguments, engine = (precision, scale), f"DECIMAL({precision},{scale})"
    return Kind(name, arguments, engine)


def kind_of_engine(engine: str) -> Kind:
    """The T-SQL type that shows a column which the engine computed."""
    for name, known in ENGINE.items():
        if engine == known:
            return Kind(name, (8000,) if name == "varchar" else (), engine)
    if engine.startswith("DECIMAL("):
        precision, scale = engine.removeprefix("DECIMAL(").rstrip(")").split(",")
        return Kind("decimal", (int(precision), int(scale)), engine)
    return Kind({"HUGEINT": "bigint"}.get(engine, "varchar"), (8000,), engine)
