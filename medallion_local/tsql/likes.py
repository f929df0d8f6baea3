"""LIKE and PATINDEX: translate a T-SQL pattern to a DuckDB regular expression."""

import re

from medallion.errors import MedallionError
from medallion_local.tsql.behaviour import Behaviour
from medallion_local.tsql.errors import unsupported
from medallion_local.tsql.types import NATIONAL, TEXT
from medallion_local.tsql.values import Value, quote


def expression(pattern: str, escape: str | None, what: str, behaviour: Behaviour) -> str:
    """The regular expression of a pattern with `%`, `_`, `[set]`, `[^set]`."""
    out, index = "", 0
    while index < len(pattern):
        character = pattern[index]
        if escape and character == escape:
            index += 1
            out += re.escape(pattern[index : index + 1])
        elif character == "%":
            out += ".*"
        elif character == "_":
            out += "."
        elif character == "[":
            end = pattern.find("]", index + 1)
            if end < 0:
                raise unsupported(f"The set without an end in {what}")
            body = pattern[index + 1 : end]
            negated = body.startswith("^")
            body = body[1:] if negated else body
            if not body or not re.fullmatch(r"[0-9A-Za-z_%.,;:!?#@$&*+/ \-\[(){}'\"<>=|~]+", body):
                raise unsupported(f"The set [{body}] in {what}")
            for low, high in re.findall(r"(.)-(.)", body):
                if behaviour.is_binary:
                    if low > high:
                        raise unsupported(f"The range {low}-{high} in {what}")
                    continue
                digits = low.isdigit() and high.isdigit()
                letters = low.isalpha() and high.isalpha()
                if not (digits or letters) or low.lower() > high.lower():
                    raise unsupported(f"The range {low}-{high} in {what}")
            inner = re.sub(r"([\[\]\\^])", r"\\\1", body)
            inner = inner if behaviour.is_binary else inner.lower()
            out += f"[{'^' if negated else ''}{inner}]"
            index = end
        else:
            out += re.escape(character)
        index += 1
    return out


def like(
    subject: Value, pattern: Value, escape: str | None, what: str, behaviour: Behaviour
) -> str:
    """The LIKE condition. Trailing blanks count, except for a subject that is not Unicode.

    Whether they count in UTF-8 is not documented.
    """
    if subject.type.name not in TEXT or pattern.type.name not in TEXT:
        if subject.type.name == "null" or pattern.type.name == "null":
            return "CAST(NULL AS BOOLEAN)"
        raise unsupported(f"LIKE of {subject.type.name} in {what}: CONVERT it to text with a style")
    if pattern.constant is None:
        raise unsupported(f"The pattern of {what}, which is not a constant,")
    if escape is not None and len(escape) != 1:
        raise MedallionError("Msg 506: The escape of LIKE must be one character.")
    found = expression(pattern.constant, escape, what, behaviour)
    if not {subject.type.name, pattern.type.name} & NATIONAL:
        if behaviour.is_utf8:
            return f"ts_like_blank({subject.sql}, {quote(found)})"
        found += " *"
    if "[" in pattern.constant:
        # By the collation's order, a range of letters also contains accented letters.
        return f"ts_like_set({subject.sql}, {quote(found)})"
    return f"ts_like({subject.sql}, {quote(found)})"
