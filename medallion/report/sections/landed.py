"""What landed, and what a full copy of every table would have landed."""

from medallion.page.blocks import (
    BAD,
    NOTHING,
    WARN,
    Block,
    Cell,
    Section,
    Table,
    cell,
    counted,
    moment,
    number,
    short,
    size,
    texts,
)
from medallion.page.charts import Column, columns
from medallion.report.collect import Facts
from medallion.report.sections.missing import lacking


def landed(facts: Facts) -> Section:
    """What landed, and what a full copy of every table would have landed."""
    title = "What landed, and what was saved"
    missing = lacking(facts, "landings", "landed_tables")
    rows = facts.answers.get("landings", [])
    if missing or not rows:
        lead = "How much landed is not known." if missing else "Nothing has landed yet."
        return Section("landed", title, lead, missing, BAD if missing else WARN, "Landed")
    full = full_copy(facts)
    table = Table(
        ["Ingestion", "Rows", "Size", "Full copy", "Saved"],
        [
            [
                Cell(moment(row["started_at"]) + (", first load" if row["is_first_load"] else "")),
                cell(row["landed"]),
                number(size(row["bytes"])),
                number(size(full) if full else NOTHING),
                number(NOTHING if row["is_first_load"] else _saved(row["bytes"], full)),
            ]
            for row in rows
        ],
        "A full copy is an estimate: the current rows, times the bytes per row of the first load.",
    )
    bars_ = [{"at": short(row["started_at"]), "kb": row["bytes"] / 1000} for row in rows[::-1]]
    blocks: list[Block] = []
    if len(rows) > 1:
        blocks.append(
            columns(
                "Size of each ingestion, in KB",
                f"Bars of the size of {counted(len(rows), 'ingestion')}.",
                [{**one, "kb": round(one["kb"], 1)} for one in bars_],
                Column("at"),
                Column("kb", format=",.0f"),
            )
        )
    blocks += [table, *lacking(facts, "first_loads", "source_rows"), _last_tables(facts)]
    return Section("landed", title, _landed_lead(rows[0], full), blocks, short="Landed")


def _landed_lead(last: dict, full: float | None) -> str:
    copied = f"{counted(last['landed'], 'row')} ({size(last['bytes'])})"
    if last["is_first_load"]:
        return (
            f"The last ingestion was a first load: it copied {copied}. After it, only changes land."
        )
    if not full:
        return f"The last ingestion copied {copied}."
    return (
        f"The last ingestion copied {copied}, only what had changed. A full copy of every table "
        f"would have been {size(full)}, so {_saved(last['bytes'], full)} was saved."
    )


def full_copy(facts: Facts) -> float | None:
    """The estimated bytes of a full copy now; None if a table's share is not known."""
    first = {row["source_table"]: row for row in facts.answers.get("first_loads", [])}
    current = facts.answers.get("source_rows", [])
    if not current or any(
        one["source_table"] not in first or not first[one["source_table"]]["landed"]
        for one in current
    ):
        return None
    per_row = {name: row["bytes"] / row["landed"] for name, row in first.items()}
    return sum(one["source_rows"] * per_row[one["source_table"]] for one in current)


def _saved(landed: float, full: float | None) -> str:
    return f"{max(1 - landed / full, 0):.1%}" if full else NOTHING


def _last_tables(facts: Facts) -> Table:
    return Table(
        ["Table", "Kind", "Rows", "Size"],
        [
            [*texts([row["source_table"], row["mode"], row["landed"]]), number(size(row["bytes"]))]
            for row in facts.answers["landed_tables"]
        ],
        summary="The last ingestion with changes, by table",
    )
