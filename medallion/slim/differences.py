"""The rows that differ from production, as GitHub renders them."""

from collections.abc import Iterable, Sequence

from medallion.slim.results import Built
from medallion.slim.values import Compared, Distribution, Sample

_NUMBERS = ("sum", "min", "25 %", "median", "75 %", "max", "NULL")
_LONGEST = 60  # characters of a value


def overview(nodes: Sequence[Built]) -> str:
    """The first lines of the comment: which tables have other rows, the alarming ones first."""
    compared = [(node, node.rows) for node in nodes if node.rows]
    differing = [(node, rows) for node, rows in compared if rows.differs]
    if not compared:
        return ""
    if not differing:
        return f"All rows of {len(compared)} compared tables are those of production."
    differing.sort(key=lambda one: (not one[1].is_worse, one[0].name))
    lines = [f"**{len(differing)} of {len(compared)} compared tables have other rows:**", ""]
    return "\n".join([*lines, *(f"- {_summary(node, rows)}" for node, rows in differing)])


def details(nodes: Sequence[Built]) -> list[str]:
    """A part for each table with other rows: columns, measures, and a sample."""
    return [_table(node, node.rows) for node in nodes if node.rows and node.rows.differs]


def _summary(node: Built, rows: Compared) -> str:
    counted = {"added": rows.added, "removed": rows.removed, "changed": rows.changed}
    said = ", ".join(f"{count:,} {kind}" for kind, count in counted.items() if count)
    whole = sum(counted.values()) + rows.same
    text = f"**{node.name}**: {said} of {whole:,} rows"
    if rows.is_worse:
        text += (
            f". ⚠️ **The key is broken**: rows that repeat the key {_key(rows)}: "
            f"{rows.repeated[1]:,}; in production: {rows.repeated[0]:,}"
        )
    return text


def _key(rows: Compared) -> str:
    return f"({', '.join(f'`{name}`' for name in rows.key)})"


def _table(node: Built, rows: Compared) -> str:
    parts = [f"#### {node.name}", _how(node, rows)]
    if rows.columns:
        ordered = sorted(rows.columns.items(), key=lambda one: -one[1])
        body = [(f"`{name}`", f"{count:,}") for name, count in ordered]
        parts.append(grid(("column", "changed rows"), body, "lr"))
    if rows.measures:
        parts.append(_measures(rows))
    if rows.sample:
        parts.append(_samples(rows))
    return "\n\n".join(parts)


def _how(node: Built, rows: Compared) -> str:
    key = f"by the key {_key(rows)}" if rows.key else "as a whole: no test declares a key"
    said = [f"Rows are compared {key}."]
    if node.refreshed:
        said.append("The model was built again from scratch for this.")
    if rows.share < 1:
        said.append(f"The counts are those of {rows.share:.2%} of the keys.")
    return " ".join(said)


def _measures(rows: Compared) -> str:
    body = [
        (f"`{name}`" if side == "production" else "", side, *_shown(one))
        for name, sides in rows.measures.items()
        for side, one in zip(("production", "built"), sides, strict=True)
    ]
    return grid(("measure", "", *_NUMBERS), body, "ll" + "r" * len(_NUMBERS))


def _shown(one: Distribution) -> list[str]:
    quantiles = one.quantiles or (None,) * (len(_NUMBERS) - 2)
    return [number_text(one.total), *map(number_text, quantiles), f"{one.nulls:,}"]


def number_text(value: float | None) -> str:
    """A number with four digits, or all of an integer."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def _samples(rows: Compared) -> str:
    """The key, and the columns that differ in any sampled row."""
    shown = differing_columns(rows)
    body = [
        (
            one.kind,
            *(_cell(_short(one.key[name])) for name in rows.key),
            *(_cell(change(one, name)) for name in shown),
        )
        for one in rows.sample
    ]
    named = [f"`{name}`" for name in (*rows.key, *shown)]
    return grid(("row", *named), body, "l" * (len(named) + 1))


def differing_columns(rows: Compared) -> list[str]:
    """The columns that differ in any row of the sample."""
    names = dict.fromkeys(name for one in rows.sample for name in one.values)
    return [
        name
        for name in names
        if any(before != after for one in rows.sample for before, after in [one.values[name]])
    ]


def change(one: Sample, name: str) -> str:
    """A value of a row, or `before → after` if it changed."""
    before, after = one.values[name]
    if one.kind == "added":
        return _short(after)
    if one.kind == "removed" or before == after:
        return _short(before)
    return f"{_short(before)} → {_short(after)}"


def _short(text: str | None) -> str:
    """A value in one line."""
    if text is None:
        return "NULL"
    short = " ".join(text.split())
    return short if len(short) <= _LONGEST else f"{short[:_LONGEST]}…"


def _cell(text: str) -> str:
    """A text in a table of Markdown."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;") or "''"


def grid(head: Sequence[str], body: Iterable[Sequence[str]], sides: str) -> str:
    """A table of Markdown; `sides` has an `l` or `r` per column."""
    rule = ["---:" if side == "r" else "---" for side in sides]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *body))
