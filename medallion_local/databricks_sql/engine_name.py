"""The names of the engines. A module of its own, because the others import Arrow and Spark."""

from typing import Literal

EngineName = Literal["sail", "spark"]
