"""Find the public test classes of dbt-tests-adapter, and adapt them to Databricks."""

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import dbt.tests.adapter

from adapter_conformance import not_applicable
from adapter_conformance.databricks import FIXTURES

PACKAGE = dbt.tests.adapter.__name__


def modules() -> Iterator[str]:
    """The modules by dotted name. Most of the package's folders have no `__init__`."""
    [root] = [Path(folder) for folder in dbt.tests.adapter.__path__]
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        if parts[-1] != "__init__":
            yield ".".join(parts)


def public_classes() -> dict[str, type]:
    """Each class with tests by `suite.module.Class`.

    An adapter derives its tests from these. A base of another listed class is left out, since its
    tests are run there.
    """
    found = {
        f"{module}.{each.__name__}": each
        for module in modules()
        for each in vars(importlib.import_module(f"{PACKAGE}.{module}")).values()
        if inspect.isclass(each) and each.__module__ == f"{PACKAGE}.{module}" and _has_tests(each)
    }
    classes = list(found.values())
    return {
        name: each
        for name, each in found.items()
        if each.__name__.startswith("Test")
        or not any(other is not each and issubclass(other, each) for other in classes)
    }


def adapted(name: str, base: type) -> type:
    """`base` with the fixtures that Databricks needs, named so that pytest collects it."""
    *_, suite, module, own = ("", *name.split("."))
    label = "Test" + "".join(part.title() for part in f"{suite}_{module}_{own}".split("_"))
    hidden = dict.fromkeys(not_applicable.tests(name))
    return type(label, (base,), {"conformance": name, **FIXTURES.get(name, {}), **hidden})


def _has_tests(each: type) -> bool:
    return any(
        name.startswith("test") and inspect.isfunction(member)
        for name, member in inspect.getmembers(each)
    )
