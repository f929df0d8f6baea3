"""Names in the lake, made from names of the source: `OrderLine` gives `order_line`."""

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping

from medallion.errors import MedallionError

# The reserved words of Spark's ANSI mode and of its joins, and the types that begin literals.
# https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html#sql-keywords
_KEYWORDS = """
    all and anti any as authorization both case cast check collate column constraint create cross
    current_date current_time current_timestamp current_user date distinct else end escape except
    false fetch filter for foreign from full grant group having in inner interval intersect into is
    join lateral leading left minus natural not null offset on only or order outer overlaps primary
    references right select semi session_user some table then time timestamp to trailing true union
    unique unknown user using when where with
"""
# Columns that macros/history, macros/cdc and the models add to a table's own columns.
_ADDED = """
    delivery effective_at is_current is_state next_effective_at outcome preference previous_state
    recency state valid_from valid_to version_key
"""
KEYWORDS = frozenset(_KEYWORDS.split())
RESERVED = KEYWORDS | frozenset(_ADDED.split())
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A folder of the lake and a text in the pipelines' T-SQL contain the table's name.
_REFUSED = re.compile(r"""['"\[\]/\\:*?<>|%#{}@\x00-\x1f]""")


def folded(name: str) -> str:
    """A name in snake_case, in ASCII. A letter without an ASCII form becomes its code, `u4ea7`."""
    text = ""
    for one in unicodedata.normalize("NFKD", name):
        if one.isascii():
            text += one
        elif not unicodedata.combining(one):
            text += f"_u{ord(one):x}_" if one.isalnum() else "_"
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()


def column_names(columns: Iterable[str], entity: str, added: Container[str] = ()) -> dict[str, str]:
    """Each column's name in the lake, by its name in the source.

    A reserved name, and one that the model has `added`, gets the entity in front: `state` of a
    customer becomes `customer_state`.
    Raises `MedallionError` if two columns get one name.
    """
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for column in columns:
        name = folded(column)
        if name in RESERVED or name in added or not name[:1].isalpha():
            name = f"{entity}_{name or 'column'}"
        if name in taken:
            raise MedallionError(
                f"The columns {taken[name]!r} and {column!r} are both named {name} in the lake: "
                "rename one in the source, or leave it out of the capture instance."
            )
        taken[name] = column
        found[column] = name
    return found


def entity_name(schema: str, table: str) -> str:
    """The entity of a table: `product` of dbo.Product, `label` of dbo.DimLabel, `sales_order`."""
    bare = re.sub(r"^(Dim|Fact)(?=[A-Z_ ])", "", table)
    name = _with_schema(schema, folded(bare) or "table")
    return name if name[:1].isalpha() else f"table_{name}"


def bronze_name(schema: str, table: str) -> str:
    """The bronze model of a table: `azure_sql__dim_label`."""
    return f"azure_sql__{_with_schema(schema, folded(table) or 'table')}"


def source_name(schema: str, table: str) -> str:
    """The table's name among dbt's sources, which selectors can name."""
    return identifier(table if schema.lower() == "dbo" else f"{schema}_{table}")


def identifier(name: str) -> str:
    """A name with letters, digits and underscores only; the case stays."""
    found = re.sub(r"\W+", "_", name).strip("_")
    return found if found.isascii() else folded(found)


def _with_schema(schema: str, name: str) -> str:
    return name if schema.lower() == "dbo" else f"{folded(schema)}_{name}"


def parsed(text: str) -> tuple[str, str]:
    """Schema and table of a name in SQL Server's notation: `dbo.Product`, `sales.[Order Lines]`.

    Raises `MedallionError` for a name without a schema, and one that the lake cannot carry.
    """
    part = r"\[((?:[^\]]|\]\])+)\]|([^.\[\]]+)"
    match = re.fullmatch(rf"(?:{part})\.(?:{part})", text.strip())
    if match is None:
        raise MedallionError(
            f"{text!r} is not the name of a table: write it as schema.table, such as dbo.Product "
            "or dbo.[Order Line]."
        )
    found = [one for one in match.groups() if one is not None]
    for one in found:
        if odd := _REFUSED.search(one.replace("]]", "]")):
            raise MedallionError(
                f"{text!r} contains {odd.group()!r}, which the lake's paths and the pipelines' "
                "T-SQL cannot contain: rename the table in the source."
            )
    return found[0], found[1]


def notation(schema: str, table: str) -> str:
    """A table's name as the registry writes it, with brackets where SQL Server needs them."""
    return ".".join(one if _PLAIN.fullmatch(one) else f"[{one}]" for one in (schema, table))


def bracketed(name: str) -> str:
    """A name in T-SQL."""
    return "[" + name.replace("]", "]]") + "]"


def quoted(name: str) -> str:
    """A name of the source in Spark's SQL, in lower case: Spark compares names without case."""
    text = name.lower()
    plain = _PLAIN.fullmatch(name) and not name.startswith("_") and text not in KEYWORDS
    return text if plain else "`" + text.replace("`", "``") + "`"


def free(entity: str, taken: Mapping[str, str], table: str) -> None:
    """Raise `MedallionError` if another table has the entity; `taken` are the tables by entity."""
    if other := taken.get(entity):
        raise MedallionError(
            f"{table} and {other} are both named {entity} in the lake: pass another name with "
            "--name."
        )
