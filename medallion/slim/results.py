"""The result of a slim run."""

from dataclasses import dataclass, field

from medallion.slim.values import Compared

Columns = dict[str, str]


@dataclass(frozen=True)
class Described:
    """A relation's row count, and the types of its columns by name."""

    rows: int
    columns: Columns


@dataclass(frozen=True)
class Built:
    """The result of one selected node; `seconds` are dbt's.

    `built` and `production` are the relations of this run and of production. Each is `None` where
    there is none: for a test, a new node, or a failed node. `rows` compares them. `refreshed` says
    that a cloned model was built again from scratch, so that all its rows are compared.
    """

    unique_id: str
    status: str
    message: str
    seconds: float
    cloned: bool
    built: Described | None = None
    production: Described | None = None
    refreshed: bool = False
    rows: Compared | None = None

    @property
    def kind(self) -> str:
        """`model`, `test`, `unit_test`, `seed` or `snapshot`."""
        return self.unique_id.split(".")[0]

    @property
    def name(self) -> str:
        """The node's name; a generic test's name lacks the hash that dbt appends."""
        return self.unique_id.split(".")[2]

    @property
    def failed(self) -> bool:
        """Whether it fails the check of the change."""
        return self.status in ("error", "fail", "runtime error")


@dataclass(frozen=True)
class Verdict:
    """All built and tested nodes; `full_refresh` are models whose contract changed.

    `left_out` are the changed models that read landed files, which a restricted run does not build.
    """

    nodes: list[Built]
    full_refresh: list[str]
    left_out: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether any node fails the check of the change."""
        return any(node.failed for node in self.nodes)
