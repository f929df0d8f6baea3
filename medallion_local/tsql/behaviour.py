"""Differences between the services that run T-SQL: the collation, and unsupported constructs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Behaviour:
    """One service's T-SQL.

    A binary collation compares texts by code point. With UTF-8, varchar holds every character and
    its length is in bytes. `lacks` names the unsupported constructs: ESCAPE, RECURSION.
    """

    collation: str
    is_binary: bool = False
    is_utf8: bool = False
    lacks: frozenset[str] = frozenset()


AZURE_SQL = Behaviour("SQL_Latin1_General_CP1_CI_AS")
