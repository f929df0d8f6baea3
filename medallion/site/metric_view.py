"""A metric view as the query of all its dimensions and measures, in which columns can be traced."""

import re

from medallion.yaml_files import parse

_SOURCE = re.compile(r"^source: (.+)$", re.MULTILINE)  # its backticks begin no text of YAML
_MEASURE = re.compile(r"\bMEASURE\((\w+)\)", re.IGNORECASE)


def as_query(definition: str) -> str:
    """The query that a metric view's YAML stands for, with one row per group of its dimensions."""
    view = parse(_SOURCE.sub(r"source: '\1'", definition))
    measures = {one["name"]: str(one["expr"]) for one in view["measures"]}

    def inlined(text: str) -> str:
        return _MEASURE.sub(lambda found: f"({inlined(measures[found[1]])})", text)

    dimensions = [f"{one['expr']} AS {one['name']}" for one in view["dimensions"]]
    items = dimensions + [f"{inlined(text)} AS {name}" for name, text in measures.items()]
    groups = ", ".join(str(number + 1) for number in range(len(dimensions)))
    return f"SELECT {', '.join(items)} FROM {view['source']} GROUP BY {groups}"
