"""Statements that end with a body that is not SQL: metric views, and functions in Python."""

import re

_AS = re.compile(r"\sAS\s*\Z", re.IGNORECASE)


def split(sql: str) -> tuple[str, str] | None:
    """The text before `AS`, and the body, of a statement that ends with `AS $$ body $$`."""
    head, _, rest = sql.partition("$$")
    body, closed, end = rest.rpartition("$$")
    found = _AS.search(head) if closed else None
    if found is None or end.strip() not in ("", ";"):
        return None
    return head[: found.start()], body
