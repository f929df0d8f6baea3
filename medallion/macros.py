"""The dbt project's own macros, called from Python: so each fact is written only once.

For macros that only compute, from their arguments, from each other and from the vars of
dbt_project.yml. They see neither models nor the warehouse.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import jinja2
from ruamel.yaml import YAML

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT


class _Returned(Exception):
    """The value of dbt's `return`, which ends a macro."""

    def __init__(self, value: Any) -> None:
        self.value = value


def call_macro(name: str, *arguments: Any, project: Path = PROJECT_ROOT) -> Any:
    """Call the macro in `macros/**/<name>.sql`: its return value, else the text that it renders.

    Raises `MedallionError` with the macro's message if the macro raises a compiler error.
    """
    return _macros(project)[name](*arguments)


@cache
def _macros(project: Path) -> dict[str, Callable[..., Any]]:
    return _Macros(project).called


class _Macros:
    """The macros of a project by name; each is loaded from its file at its first call."""

    def __init__(self, project: Path) -> None:
        self.called = {
            file.stem: self._caller(file) for file in sorted((project / "macros").rglob("*.sql"))
        }
        self._environment = jinja2.Environment(
            extensions=["jinja2.ext.do"], undefined=jinja2.ChainableUndefined
        )
        self._environment.globals |= self.called | {
            "modules": SimpleNamespace(re=re),
            "exceptions": SimpleNamespace(raise_compiler_error=_refuse),
            "return": _return,
            "var": lambda name: _vars(project)[name],
            "model": {"name": "the project"},
        }

    def _caller(self, file: Path) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            try:
                text = file.read_text(encoding="utf-8")
                module = self._environment.from_string(text).module
                return getattr(module, file.stem)(*arguments, **named)
            except _Returned as returned:
                return returned.value

        return call


@cache
def _vars(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(project / "dbt_project.yml")["vars"]
    return found


def _return(value: Any) -> NoReturn:
    raise _Returned(value)


def _refuse(message: str) -> NoReturn:
    raise MedallionError(message)
