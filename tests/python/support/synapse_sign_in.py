"""Open dbt-synapse's own connection as dbt does for the target `synapse`, and print its identity.

It is a separate program, because the environment of a process decides who signs in.
"""

import os

from dbt.adapters.contracts.connection import Connection, ConnectionState
from dbt.adapters.synapse import SynapseCredentials
from dbt.adapters.synapse.synapse_connection_manager import SynapseConnectionManager
from jinja2 import Environment
from ruamel.yaml import YAML

from medallion.home import PROJECT_ROOT


def profile() -> dict:
    """The target's settings in the profile that users copy."""
    text = (PROJECT_ROOT / "profiles.yml.example").read_text()
    reported = YAML(typ="safe").load(text)["medallion"]["outputs"]["synapse"]
    jinja = Environment(autoescape=False)
    jinja.globals["env_var"] = os.environ.get
    return {
        name: jinja.from_string(value).render() if isinstance(value, str) else value
        for name, value in reported.items()
        if name not in ("type", "threads")
    }


connection = Connection(
    type="synapse",
    name="sign in",
    state=ConnectionState.INIT,
    credentials=SynapseCredentials.from_dict({"retries": 0} | profile()),
)
cursor = SynapseConnectionManager.open(connection).handle.cursor()
print(cursor.execute("SELECT SUSER_SNAME() AS login").fetchone()[0])
