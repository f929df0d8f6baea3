"""The registry of the expression language's functions, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from medallion.adf.language.errors import ExpressionError
from medallion.adf.language.values import type_name


@dataclass(frozen=True)
class Function:
    """A function with Microsoft's spelling of its name, and its number of arguments."""

    name: str
    body: Callable[..., Any]
    least: int
    most: int | None

    def __call__(self, *arguments: Any) -> Any:
        """The function's value; raises `ExpressionError` for a wrong number of arguments."""
        check_count(self.name, len(arguments), self.least, self.most)
        return self.body(*arguments)


def check_count(name: str, count: int, least: int, most: int | None) -> None:
    """Raise `ExpressionError` unless the function accepts `count` arguments."""
    if least <= count and (most is None or count <= most):
        return
    expected = f"at least {least}" if most is None else f"{least} to {most}"
    raise ExpressionError(
        f"The template function '{name}' expects {least if least == most else expected} "
        f"parameters, but was called with {count}."
    )


FUNCTIONS: dict[str, Function] = {}


def function(name: str, least: int, most: int | None = -1) -> Callable[..., Callable[..., Any]]:
    """Register a function with `least` to `most` arguments (`None`: no upper limit)."""

    def register(body: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS[name.lower()] = Function(name, body, least, least if most == -1 else most)
        return body

    return register


def wrong_type(name: str, position: int, expected: str, value: Any) -> ExpressionError:
    """The error for an argument of the wrong type; `position` counts from 1."""
    return ExpressionError(
        f"The template language function '{name}' expects parameter {position} to be of type "
        f"'{expected}', but the provided value is of type '{type_name(value)}'."
    )


def text(name: str, position: int, value: Any) -> str:
    """The argument as a string; raises `ExpressionError` for another type."""
    if not isinstance(value, str):
        raise wrong_type(name, position, "String", value)
    return value


def integer(name: str, position: int, value: Any) -> int:
    """The argument as an integer; raises `ExpressionError` for another type."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(name, position, "Integer", value)
    return value


def boolean(name: str, position: int, value: Any) -> bool:
    """The argument as a Boolean; raises `ExpressionError` for another type, also for a text."""
    if not isinstance(value, bool):
        raise wrong_type(name, position, "Boolean", value)
    return value


def array(name: str, position: int, value: Any) -> list[Any]:
    """The argument as an array; raises `ExpressionError` for another type."""
    if not isinstance(value, list):
        raise wrong_type(name, position, "Array", value)
    return value
