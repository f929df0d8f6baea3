"""Microsoft's own T-SQL grammar (ScriptDom), as shipped with the program maxdop."""

import subprocess
import sys
from pathlib import Path

from medallion.home import PROJECT_ROOT
from medallion_local.synapse.errors import SYNTAX, TSqlError

CONFIGURATION = PROJECT_ROOT / ".maxdop.json"
SERVERLESS, DEDICATED = "2022", "2019"


def require(batch: str, version: str = SERVERLESS) -> None:
    """Raise `TSqlError` with the grammar's message if the batch is not valid T-SQL."""
    program = Path(sys.executable).with_name("maxdop")
    done = subprocess.run(
        [str(program), "--config", str(CONFIGURATION), "--parser-version", version],
        input=batch,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        # The parser's message is the last line, such as
        # `maxdop:   1:21: Incorrect syntax near 'DATABASE'. (…)`
        said = done.stderr.strip().splitlines()[-1].removeprefix("maxdop:").strip()
        raise TSqlError(f"Microsoft's T-SQL grammar rejects the batch: {said}", SYNTAX)
