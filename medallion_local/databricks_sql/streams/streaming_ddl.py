"""Clauses of CREATE STREAMING TABLE that sqlglot lacks: expectations and schedules.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-create-streaming-table.html
"""

from dataclasses import dataclass

from medallion_local.databricks_sql.catalog import Expectation
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader

_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400, "WEEK": 604800}


@dataclass(frozen=True)
class StreamingDdl:
    """A statement without these clauses, and the clauses; `schedule` as DESCRIBE shows it."""

    plain: str
    expectations: list[Expectation]
    schedule: str | None


def is_create(reader: Reader) -> bool:
    """Whether the statement is a CREATE STREAMING TABLE."""
    return reader.sees("CREATE", "STREAMING", "TABLE") or reader.sees(
        "CREATE", "OR", "REFRESH", "STREAMING", "TABLE"
    )


def cut(sql: str) -> StreamingDdl:
    """Separate the clauses from the statement. Raises for clauses outside the grammar."""
    reader = Reader(sql)
    reader.expect("CREATE")
    reader.take("OR", "REFRESH")
    reader.expect("STREAMING", "TABLE")
    reader.take("IF", "NOT", "EXISTS")
    reader.name()
    return cut_clauses(reader, sql[: reader.position])


def cut_clauses(reader: Reader, head: str) -> StreamingDdl:
    """Separate the clauses after the name. The statement gets `head` for what was read before."""
    sql = reader.sql
    pieces, schedule = [head], None
    expectations: list[Expectation] = []
    if reader.sees("("):
        columns, expectations = _specification(reader.parenthesised(), sql)
        pieces.append(f"({', '.join(columns)})" if columns else "")
    while not reader.at_end and not reader.sees("AS"):
        pieces.append(reader.until("SCHEDULE", "TRIGGER", "AS"))
        if reader.sees("SCHEDULE") or reader.sees("TRIGGER"):
            schedule = schedule_of(reader)
    pieces.append(sql[reader.position :])
    return StreamingDdl("\n".join(pieces), expectations, schedule)


def _specification(text: str, sql: str) -> tuple[list[str], list[Expectation]]:
    """The unchanged columns and constraints, and the expectations among them."""
    others, expectations = [], []
    inner = Reader(text)
    while not inner.at_end:
        item = inner.until(",")
        inner.take(",")
        reader = Reader(item)
        if reader.take("CONSTRAINT"):
            name = reader.identifier()
            if reader.take("EXPECT"):
                expectations.append(_expectation(name, reader, sql))
                continue
        others.append(item)
    names = [each.name.lower() for each in expectations]
    for name in names:
        if names.count(name) > 1:
            raise SqlError(f"[DUPLICATE_EXPECTATION] The expectation {name} is defined twice.")
    return others, expectations


def _expectation(name: str, reader: Reader, sql: str) -> Expectation:
    expression = reader.parenthesised().strip()
    violation = ""
    if reader.take("ON", "VIOLATION"):
        violation = "DROP ROW" if reader.take("DROP", "ROW") else "FAIL UPDATE"
        if violation == "FAIL UPDATE":
            reader.expect("FAIL", "UPDATE")
    if not expression or not reader.at_end:
        raise unsupported(sql)
    return Expectation(name, expression, violation)


def schedule_of(reader: Reader) -> str:
    """The next SCHEDULE or TRIGGER clause, in the form of DESCRIBE EXTENDED."""
    if reader.take("TRIGGER", "ON", "UPDATE"):
        if not reader.take("AT", "MOST", "EVERY", "INTERVAL"):
            return "TRIGGER ON UPDATE"
        number, unit = _quantity(reader, _SECONDS)
        return f"TRIGGER ON UPDATE AT MOST EVERY INTERVAL {number * _SECONDS[unit]} SECONDS"
    reader.expect("SCHEDULE")
    reader.take("REFRESH")
    if reader.take("EVERY"):
        number, unit = _quantity(reader, ("HOUR", "DAY", "WEEK"))
        return f"EVERY {number} {unit}S"
    reader.expect("CRON")
    cron = reader.string()
    zone = reader.string() if reader.take("AT", "TIME", "ZONE") else "Etc/UTC"
    return f"CRON '{cron}' AT TIME ZONE '{zone}'"


def _quantity(reader: Reader, units: tuple[str, ...] | dict[str, int]) -> tuple[int, str]:
    number, unit = reader.identifier(), reader.identifier().upper().removesuffix("S")
    if not number.isdigit() or unit not in units:
        raise unsupported(reader.sql)
    return int(number), unit
