"""Rules that rewrite a tree for Sail, and the one walk that applies them.

A rule belongs to classes of sqlglot nodes (`@rewrites(exp.Add)`) or to names of functions
(`@calls("weekday")`; the dialect keeps most functions as `exp.Anonymous`). It gets a node whose
inner nodes have been rewritten, and `Kinds`, which knows types. It returns the replacement, or the
node itself if it changed it, or None, or it raises `refused(…)`. The rules of a class apply in the
order of their registration, until one returns a node of another class.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from medallion_local.databricks_sql.sail.grouping import group_by_position
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.names import column_name

Rule = Callable[[exp.Expression, Kinds], exp.Expression | None]
RULES: dict[type[exp.Expression], list[Rule]] = {}
CALLS: dict[str, list[Rule]] = {}


def rewrites(*classes: type[exp.Expression]) -> Callable[[Rule], Rule]:
    """Register a rule for classes of nodes."""

    def register(rule: Rule) -> Rule:
        for one in classes:
            RULES.setdefault(one, []).append(rule)
        return rule

    return register


def calls(*names: str) -> Callable[[Rule], Rule]:
    """Register a rule for calls of functions, by their names in lowercase."""

    def register(rule: Rule) -> Rule:
        for name in names:
            CALLS.setdefault(name, []).append(rule)
        return rule

    return register


def rewrite(holder: exp.Expression, kinds: Kinds) -> None:
    """Apply the rules to all nodes below `holder`. A selected expression keeps its name."""
    found, groups = [], []
    for node in holder.walk():
        if rules := _rules(node):
            found.append((node, rules))
        elif type(node) is exp.Group:
            groups.append(node)
    slots = [_slot(node) for node, _ in found]
    # Once for each: many nodes may be in one item.
    names = {slot: column_name(slot.item) for slot in set(slots) if slot is not None}
    changed = set()
    for (node, rules), slot in zip(reversed(found), reversed(slots), strict=True):
        if _apply(node, rules, kinds) and slot is not None:
            changed.add(slot)
    for slot in changed:
        item = slot.item
        if not isinstance(item, exp.Alias | exp.Column | exp.Star):
            alias = exp.Alias(alias=exp.to_identifier(names[slot], quoted=True))
            item.replace(alias)
            alias.set("this", item)
    for group in groups:  # a rule may have replaced the clause of its SELECT
        now = group.parent.args.get("group") if group.parent is not None else None
        if isinstance(now, exp.Group):
            group_by_position(now)


@dataclass(frozen=True)
class _Slot:
    """A place in the list of a SELECT, for an expression without an alias."""

    select: exp.Select
    index: int

    @property
    def item(self) -> exp.Expression:
        return self.select.expressions[self.index]

    def __hash__(self) -> int:
        return hash((id(self.select), self.index))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Slot) and self.select is other.select and self.index == other.index
        )


def _slot(node: exp.Expression) -> _Slot | None:
    """The place of the selected expression that contains `node`, if it has no alias."""
    while node.parent is not None:
        parent = node.parent
        if isinstance(parent, exp.Alias | exp.Query | exp.From | exp.Where | exp.Join):
            if isinstance(parent, exp.Select) and node.arg_key == "expressions":
                return _Slot(parent, node.index or 0)
            return None
        node = parent
    return None


def _rules(node: exp.Expression) -> list[Rule] | None:
    if type(node) is exp.Anonymous:
        return CALLS.get(node.name.lower())
    return RULES.get(type(node))


def _apply(node: exp.Expression, rules: list[Rule], kinds: Kinds) -> bool:
    """Whether a rule changed the node."""
    changed, first = False, type(node)
    for rule in rules:
        kind = kinds.of(node)
        replacement = rule(node, kinds)
        if replacement is None:
            continue
        changed = True
        if replacement is not node:
            node.replace(replacement)
            kinds.keep(replacement, kind)
            if type(replacement) is not first:
                break
            node = replacement
    return changed
