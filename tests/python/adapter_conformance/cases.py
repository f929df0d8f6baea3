"""Every public class, as a class that pytest collects."""

from adapter_conformance.classes import adapted, public_classes
from adapter_conformance.not_applicable import reason

for _name, _base in public_classes().items():
    if reason(_name) is None:
        _class = adapted(_name, _base)
        _class.__module__ = __name__
        globals()[_class.__name__] = _class
del _class, _base, _name
