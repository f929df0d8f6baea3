"""`get_json_object`: parts of a JSON text, as Spark prints them.

Source: https://docs.databricks.com/sql/language-manual/functions/get_json_object.html
"""

import json
import re

from medallion_local.databricks_sql.sail.texts import double_text, quoted_json

_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[\*\]|\['([^']*)'\]")
_DECODER = json.JSONDecoder(parse_float=float, strict=False)


def read_json(text: str) -> tuple[bool, object]:
    """Whether `text` begins with a JSON value, and the value."""
    try:
        return True, _DECODER.raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return False, None


def at_path(value: object, path: str) -> str | None:
    """The text of the part at a path such as `$.a[0].b`; NULL if there is none."""
    if not path.startswith("$"):
        return None
    steps, position = [], 1
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            return None
        steps.append(found)
        position = found.end()
    parts = _parts(value, steps)
    wild = any(step[0] == "[*]" for step in steps)
    if not parts:
        return None
    if wild and len(parts) > 1:
        return f"[{','.join(_json(part) for part in parts)}]"
    part = parts[0]
    if part is None:
        return "null" if wild else None
    if isinstance(part, str):
        return quoted_json(part) if wild else part
    return _json(part)


def _parts(value: object, steps: list[re.Match]) -> list[object]:
    values = [value]
    for step in steps:
        name = step[1] if step[1] is not None else step[3]
        following: list[object] = []
        for each in values:
            if name is not None:
                if isinstance(each, dict) and name in each:
                    following.append(each[name])
                elif isinstance(each, dict) and name == "*":
                    following.extend(each.values())
            elif isinstance(each, list):
                if step[2] is None:
                    following.extend(each)
                elif int(step[2]) < len(each):
                    following.append(each[int(step[2])])
        values = following
    return values


def _json(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted_json(k)}:{_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_json(each) for each in value) + "]"
    if isinstance(value, float):
        return double_text(value)
    return quoted_json(value) if isinstance(value, str) else json.dumps(value)
