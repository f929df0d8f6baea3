"""Another user of the machine gets no answer from an emulator.

test_engines.py tries the warehouse. The emulators of Azure SQL and Synapse listen nowhere.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from medallion_local import http as web
from medallion_local.data_factory.run import laptop
from medallion_local.http import Answer
from support.listeners import answering, listeners
from support.management_api import management_api
from support.source_home import make
from support.vault_servers import certificates_in, vault_servers

SERVICES = 8  # storage, GitHub, the vault, the factory, and two identity services with two ports


@contextmanager
def everything(folder: Path) -> Iterator[None]:
    """The emulators that listen on ports, all at once."""
    home, certificates = make(folder), certificates_in(folder / "tls")
    with laptop(home), vault_servers(certificates), management_api(home, certificates):
        yield


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_gets_no_answer_at_any_socket(tmp_path):
    with ExitStack() as opened:
        before = listeners(os.getpid())
        opened.enter_context(everything(tmp_path))
        services = [one for one in listeners(os.getpid()) if one not in before]
        # Without this server, the attempts might find nothing anywhere.
        bare = opened.enter_context(web.serving(lambda request: Answer(200, {})))
        found = answering([*services, bare])
    assert len(services) == SERVICES
    assert found == [f"{bare}: http"]
