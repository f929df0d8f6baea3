"""Apache Spark with Delta Lake, as a Spark Connect server of its own.

The server listens on 127.0.0.1 and answers only clients that know its token. It ends with the
process that started it.

Source: https://spark.apache.org/docs/latest/spark-connect-overview.html and
https://docs.delta.io/latest/quick-start.html
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.databricks_sql.engine import (
    NO_COLUMNS,
    Columns,
    Engine,
)
from medallion_local.databricks_sql.language.errors import named
from medallion_local.databricks_sql.queries.json_path import bridge_text_paths
from medallion_local.databricks_sql.spark.distribution import delta_jars, java, spark_home
from medallion_local.http import free_port

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
_TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
_SECONDS_TO_START = 120
_SECONDS_TO_STOP = 10
_SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # For small data on two cores. Spark's defaults start 200 tasks for a join, 50 for a Delta log,
    # and a job to choose a table's files.
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.databricks.delta.stats.skipping": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.connect.session.manager.defaultSessionTimeout": "3650d",
    # The driver also listens for executors and blocks. Spark makes a secret for them by itself.
    "spark.authenticate": "true",
}
# Statements of the permitted depth overflow Java's usual stack of 1 MB.
# The first compiler is enough for small data, and needs a fraction of the second one's time.
_JAVA_OPTIONS = "-Duser.timezone=UTC -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss64m"
_MEMORY = "MEDALLION_SPARK_MEMORY"


class SparkEngine(Engine):
    """The reference engine. It needs Java 17 and seconds to start, and answers as Spark does."""

    name = "spark"

    def __init__(self, folder: Path) -> None:
        """Start the server. `folder` gets its log and its temporary files.

        Raises `MedallionError` if Java, Spark or a jar is missing, or the server does not start.
        """
        super().__init__()
        self._failures = threading.local()
        self._token = secrets.token_hex(16)
        self._port = free_port()
        self._log = folder / "spark.log"
        self._process = self._launch(folder)
        self._await()

    def _launch(self, folder: Path) -> subprocess.Popen:
        home, jars = spark_home(), ",".join(str(jar) for jar in delta_jars())
        settings = _SETTINGS | {
            "spark.jars": jars,
            "spark.connect.grpc.binding.port": str(self._port),
            "spark.local.dir": str(folder / "spark"),
            "spark.sql.warehouse.dir": str(folder / "spark" / "warehouse"),
        }
        command = [str(home / "bin" / "spark-submit"), "--master", "local[*]"]
        command += ["--driver-memory", os.environ.get(_MEMORY, "2g")]
        command += ["--driver-java-options", _JAVA_OPTIONS]
        for name, value in settings.items():
            command += ["--conf", f"{name}={value}"]
        environment = os.environ | {
            "SPARK_HOME": str(home),
            "JAVA_HOME": str(java()),
            _TOKEN: self._token,
            "PYSPARK_PYTHON": sys.executable,
        }
        (folder / "spark").mkdir(parents=True, exist_ok=True)
        with self._log.open("w") as log:
            return subprocess.Popen(
                [*command, "--class", _SERVER, "spark-internal"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder / "spark",
                env=environment,
                preexec_fn=_end_with_parent,
            )

    def _await(self) -> None:
        end = time.monotonic() + _SECONDS_TO_START
        while self._process.poll() is None and time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.1)
        self.stop()
        raise MedallionError(f"Spark did not start: see the last lines of {self._log}.")

    def _connect(self) -> "SparkSession":
        from pyspark.sql.connect.session import SparkSession

        # The client takes the token from this variable, and sends it without TLS to `localhost`.
        os.environ[_TOKEN] = self._token
        session = SparkSession.builder.remote(f"sc://localhost:{self._port}").create()
        fetch = session.client._fetch_enriched_error

        def remembering(info: Any) -> Any:
            """pyspark fetches the causes of an error, and shows only the outermost error."""
            found = fetch(info)
            self._failures.causes = [each.message for each in found.errors] if found else []
            return found

        session.client._fetch_enriched_error = remembering
        return session

    def sql_error(self, error: Exception, sql: str = "") -> Exception:
        """The engine's error. For a failed task, that of the row on which it failed."""
        translated = super().sql_error(error, sql)
        causes, self._failures.causes = getattr(self._failures, "causes", []), []
        if "[TASK_WRITE_FAILED]" in str(translated):
            conditions = [
                each for each in causes if "TASK_WRITE_FAILED" not in each and named(each)
            ]
            if conditions:
                return self.translated(self.shown(conditions[-1]), sql)
        return translated

    def adapt(self, tree: exp.Expression, columns: Columns = NO_COLUMNS) -> None:
        """Spark is the reference. Only `text:path` is Databricks' own."""
        bridge_text_paths(tree, self.schema)

    def stop(self) -> None:
        """Stop the server."""
        self._process.terminate()
        try:
            self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _end_with_parent() -> None:
    """Let the kernel end this process when the warehouse is killed. Linux only."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
