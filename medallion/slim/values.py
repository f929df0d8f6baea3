"""Compares the rows of a built relation with those of production, by key.

Rows are paired by the columns that a test of the project declares unique, and by their number
within the key, so that a row too many is an added row. Columns of the ingestion and of the build,
whose names begin with an underscore, differ after each build and are not compared.

The two tables are read twice, and three times if rows differ. Of a large table only a share of the
keys is compared; it is the same share on both sides, because a hash of the key chooses it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

LARGEST = 1_000_000  # rows of a side that are compared
SHOWN = 5  # rows of each kind in the sample
_PARTS = 1_000_000  # of the hash of a key
_TOLERANCE = "1e-9"  # relative: sums of doubles depend on the order of the rows
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
_REAL = ("float", "double")
_NESTED = ("array", "map", "struct", "variant")
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Distribution:
    """A measure in one relation: its sum, its NULLs, and its values at `QUANTILES`."""

    total: float | None
    nulls: int
    quantiles: tuple[float, ...]


@dataclass(frozen=True)
class Sample:
    """A row that differs. `values` are (production, built) by column; texts, or None for NULL.

    An added row has no values of production, and a removed one none of the built relation.
    """

    kind: str
    key: dict[str, str | None]
    values: dict[str, tuple[str | None, str | None]]


@dataclass(frozen=True)
class Compared:
    """Rows of the built relation against production's.

    `repeated` are the rows beyond the first of each key: (in production, built). `columns` counts
    the changed rows per column. `measures` are (production, built). `share` of the keys was
    compared; counts are those of this share.
    """

    key: tuple[str, ...]
    added: int
    removed: int
    changed: int
    same: int
    repeated: tuple[int, int]
    columns: dict[str, int]
    measures: dict[str, tuple[Distribution, Distribution]] = field(default_factory=dict)
    sample: tuple[Sample, ...] = ()
    share: float = 1.0

    @property
    def differs(self) -> bool:
        """Whether any row does."""
        return bool(self.added or self.removed or self.changed)

    @property
    def is_worse(self) -> bool:
        """Whether the key identifies fewer rows than in production: the mark of a wrong join."""
        return self.repeated[1] > self.repeated[0]


@dataclass(frozen=True)
class Pair:
    """A built relation and production's, as [database, schema, identifier], with their columns.

    `types` are those of the columns that both have with one type. `personal` are masked in the
    sample. `rows` is the count of the larger one.
    """

    built: Sequence[str]
    production: Sequence[str]
    key: tuple[str, ...]
    types: dict[str, str]
    personal: frozenset[str]
    rows: int

    @property
    def share(self) -> float:
        """The share of the keys that is compared."""
        return min(1.0, LARGEST / max(self.rows, 1))

    @property
    def compared(self) -> tuple[str, ...]:
        """The columns that are compared beside the key."""
        return tuple(one for one in self.types if one not in self.key and not one.startswith("_"))

    @property
    def measures(self) -> tuple[str, ...]:
        """The compared columns with numbers."""
        return tuple(one for one in self.compared if _is(self.types[one], _NUMBERS))


def counts_query(pair: Pair) -> str:
    """One row: the numbers of added, removed, changed and repeated rows, and those per column."""
    added, removed = "b.n__ is not null and p.n__ is null", "b.n__ is null and p.n__ is not null"
    both = "b.n__ is not null and p.n__ is not null"
    differ = {one: _differs(one, pair.types[one]) for one in pair.compared}
    anywhere = " or ".join(differ.values()) or "false"
    counted = {
        "added": added,
        "removed": removed,
        "changed": f"{both} and ({anywhere})",
        "same": f"{both} and not ({anywhere})",
        "repeated_built": "b.n__ > 1",
        "repeated_production": "p.n__ > 1",
        **{f"column_{place}": f"{both} and {one}" for place, one in enumerate(differ.values())},
    }
    fields = ", ".join(f"'{name}', count_if({one})" for name, one in counted.items())
    return f"{_sides(pair)} select to_json(named_struct({fields})) as answer {_joined(pair)}"


def measures_query(pair: Pair) -> str:
    """One row per side: the distribution of each measure."""
    sides = ("built", pair.built), ("production", pair.production)
    return " union all ".join(
        f"select to_json(named_struct('side', '{side}'{_distributions(pair)})) as answer "
        f"from {_name(place)} where {_chosen(pair)}"
        for side, place in sides
    )


def sample_query(pair: Pair) -> str:
    """At most `SHOWN` rows of each kind: the key, and the values of both sides."""
    differ = [_differs(one, pair.types[one]) for one in pair.compared]
    kinds = {
        "added": "p.n__ is null",
        "removed": "b.n__ is null",
        "changed": f"b.n__ is not null and p.n__ is not null and ({' or '.join(differ)})",
    }
    if not differ:
        del kinds["changed"]
    keys = [
        f"'key_{place}', {_shown(pair, one, f'coalesce(b.{_q(one)}, p.{_q(one)})')}"
        for place, one in enumerate(pair.key)
    ]
    values = [
        f"'{side}_{place}', {_shown(pair, one, f'{side}.{_q(one)}')}"
        for place, one in enumerate(pair.compared)
        for side in "bp"
    ]
    order = ", ".join(f"answer__.key_{place}" for place in range(len(pair.key))) or "1"
    selects = [
        f"(select to_json(answer__) as answer from (select named_struct('kind', '{kind}', "
        f"{', '.join([*keys, *values])}) as answer__ {_joined(pair)} where {condition}) "
        f"order by {order} limit {SHOWN})"
        for kind, condition in kinds.items()
    ]
    return f"{_sides(pair)} {' union all '.join(selects)}"


def differs(counts: dict[str, Any]) -> bool:
    """Whether any row does, from the answer to the first query."""
    return bool(counts["added"] or counts["removed"] or counts["changed"])


def compared(
    pair: Pair, counts: dict[str, Any], sides: Iterable[dict], rows: Iterable[dict]
) -> Compared:
    """The result from the answers; `sides` and `rows` are empty if no row differs."""
    by_side = {one["side"]: one for one in sides}
    columns = {one: counts[f"column_{place}"] for place, one in enumerate(pair.compared)}
    measures = {
        one: (_distribution(by_side["production"], place), _distribution(by_side["built"], place))
        for place, one in enumerate(pair.measures)
        if by_side
    }
    return Compared(
        pair.key,
        counts["added"],
        counts["removed"],
        counts["changed"],
        counts["same"],
        (counts["repeated_production"], counts["repeated_built"]),
        {name: count for name, count in columns.items() if count},
        measures,
        tuple(_sampled(pair, one) for one in rows),
        pair.share,
    )


def _sampled(pair: Pair, row: dict[str, Any]) -> Sample:
    return Sample(
        row["kind"],
        {one: row.get(f"key_{place}") for place, one in enumerate(pair.key)},
        {
            one: (row.get(f"p_{place}"), row.get(f"b_{place}"))
            for place, one in enumerate(pair.compared)
        },
    )


def _distribution(side: dict[str, Any], place: int) -> Distribution:
    quantiles = side.get(f"quantiles_{place}") or ()
    return Distribution(side.get(f"total_{place}"), side[f"nulls_{place}"], tuple(quantiles))


def _sides(pair: Pair) -> str:
    """The two sides as `b` and `p`, each row with its number within its key."""
    used = [*pair.key, *pair.compared]
    columns = ", ".join(_q(one) for one in used)
    order = ", ".join(_comparable(_q(one), pair.types[one]) for one in pair.compared) or "1"
    within = ", ".join(_text(_q(one)) for one in pair.key) or ", ".join(
        _text(_comparable(_q(one), pair.types[one])) for one in used
    )
    parts = ", ".join(
        f"{name} as (select {columns}, row_number() over (partition by {within} order by {order}) "
        f"as n__ from {_name(place)} where {_chosen(pair)})"
        for name, place in (("b__", pair.built), ("p__", pair.production))
    )
    return f"with {parts}"


def _joined(pair: Pair) -> str:
    matched = pair.key or pair.compared
    pairs = [
        " = ".join(_text(_comparable(f"{side}.{_q(one)}", pair.types[one])) for side in "bp")
        for one in matched
    ]
    return f"from b__ as b full join p__ as p on {' and '.join([*pairs, 'b.n__ = p.n__'])}"


def _chosen(pair: Pair) -> str:
    """The condition that chooses the share of the keys."""
    if pair.share == 1.0:
        return "true"
    hashed = ", ".join(_q(one) for one in pair.key or pair.compared)
    return f"pmod(xxhash64({hashed}), {_PARTS}) < {round(pair.share * _PARTS)}"


def _distributions(pair: Pair) -> str:
    points = ", ".join(map(str, QUANTILES))
    return "".join(
        f", 'total_{place}', sum(cast({_q(one)} as double))"
        f", 'nulls_{place}', count_if({_q(one)} is null)"
        f", 'quantiles_{place}', percentile(cast({_q(one)} as double), array({points}))"
        for place, one in enumerate(pair.measures)
    )


def _differs(column: str, kind: str) -> str:
    built, production = (_comparable(f"{side}.{_q(column)}", kind) for side in "bp")
    differs = f"not ({built} <=> {production})"
    if not _is(kind, _REAL):
        return differs
    larger = f"greatest(abs({built}), abs({production}))"
    close = f"abs({built} - {production}) <= {_TOLERANCE} * {larger}"
    return f"({differs} and not coalesce({close}, false))"


def _shown(pair: Pair, column: str, value: str) -> str:
    """A value as a text; that of a personal column is masked where there is one."""
    if column in pair.personal:
        return f"case when {value} is not null then '***' end"
    return f"cast({_comparable(value, pair.types[column])} as string)"


def _comparable(value: str, kind: str) -> str:
    return f"to_json({value})" if _is(kind, _NESTED) else value


def _text(value: str) -> str:
    """A key's part as a text, so that NULL equals NULL and the join stays a hash join."""
    return f"coalesce(concat('=', cast({value} as string)), 'null')"


def _is(kind: str, kinds: Sequence[str]) -> bool:
    return kind.lower().startswith(tuple(kinds))


def _q(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _name(place: Sequence[str]) -> str:
    return ".".join(map(_q, place))
