"""The macros' texts: a macro gets its relations as arguments."""

import re

import pytest

from medallion.home import PROJECT_ROOT

MACROS = sorted((PROJECT_ROOT / "macros").rglob("*.sql"))
NOT_SQL = re.compile(r"\{#.*?#\}|--[^\n]*|\{%.*?%\}", re.S)
READ = re.compile(r"\b(?:from|join)\s+([a-z_]\w*)\b(?!\s*[.(])", re.I)
DEFINED = re.compile(r"\b([a-z_]\w*)\s+as\s+\(", re.I)


def foreign(text: str) -> set[str]:
    """The relations that a macro's SQL reads by a name that is neither its own nor an argument."""
    sql = NOT_SQL.sub(" ", text)
    return set(READ.findall(sql)) - set(DEFINED.findall(sql)) - {"values"}


@pytest.mark.parametrize("file", MACROS, ids=lambda file: file.stem)
def test_a_macro_reads_no_cte_of_its_caller(file):
    assert foreign(file.read_text(encoding="utf-8")) == set()


def test_a_cte_of_the_caller_is_found():
    text = "{% macro m(a) %} with own as (select 1) from own join {{ a }} join hers {% endmacro %}"
    assert foreign(text) == {"hers"}
