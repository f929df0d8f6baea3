"""Find what the Spark engine needs on this machine: Java, Spark, and Delta Lake's jars.

`pyspark` brings Spark. Maven gets Delta Lake's jars once, into the user's cache.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from medallion.errors import MedallionError

DELTA = "io.delta:delta-spark_4.2_2.13:4.4.0"
JARS = "MEDALLION_SPARK_JARS"
_JAVA = 17
# Delta Lake's other dependencies come with Spark.
_OURS = re.compile(r"(delta-.*|unitycatalog-client-.*)\.jar")
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>medallion</groupId><artifactId>spark-jars</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>
    <exclusions><exclusion>
      <groupId>org.apache.spark</groupId><artifactId>*</artifactId>
    </exclusion></exclusions>
  </dependency></dependencies>
</project>
"""


def prepare() -> None:
    """Check that Spark and Java are there, and get Delta Lake's jars. Raises with the fix."""
    spark_home()
    java()
    delta_jars()


def java() -> Path:
    """The folder of Java 17 or newer. Raises if there is none."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if program is None or not Path(program).exists():
        raise MedallionError(f"The Spark engine needs Java {_JAVA}: install it, or set JAVA_HOME.")
    shown = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', shown.stderr)
    if found is None or int(found[1]) < _JAVA:
        raise MedallionError(
            f"The Spark engine needs Java {_JAVA} or newer, and {program} is version "
            f"{found[1] if found else 'unknown'}: install it, or set JAVA_HOME."
        )
    return Path(program).resolve().parent.parent


def spark_home() -> Path:
    """The folder of Spark in the package `pyspark`. Raises if it is not installed."""
    spec = importlib.util.find_spec("pyspark")
    home = Path(spec.origin).parent if spec is not None and spec.origin else None
    if home is None or not (home / "jars").is_dir():
        raise MedallionError(
            "Spark is not installed: run `make spark`, or `pip install 'medallion[spark]'`."
        )
    return home


def delta_jars() -> list[Path]:
    """Delta Lake's jars: those in MEDALLION_SPARK_JARS, or those that Maven put in the cache.

    Maven gets them when the cache has none. A folder that the user names is only read.
    """
    named = os.environ.get(JARS)
    folder = Path(named) if named else _cache()
    if not any(folder.glob("delta-spark_*.jar")):
        maven = shutil.which("mvn")
        if named or maven is None:
            otherwise = f"unset {JARS}" if named else "install Maven"
            raise MedallionError(
                f"Delta Lake's jars are missing: {otherwise}, or copy {DELTA} with its "
                f"dependencies to {folder}."
            )
        _download(maven, folder)
    return sorted(folder.glob("*.jar"))


def _cache() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "medallion" / DELTA.replace(":", "-")


def _download(maven: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    group, artifact, version = DELTA.split(":")
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        there = Path(scratch)
        pom = there / "pom.xml"
        pom.write_text(_POM.format(group=group, artifact=artifact, version=version))
        command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        done = subprocess.run(
            [*command, f"-DoutputDirectory={there / 'all'}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
            raise MedallionError(f"Maven cannot get {DELTA}: {lines[0]}")
        staged = there / "jars"
        staged.mkdir()
        for jar in (there / "all").iterdir():
            if _OURS.fullmatch(jar.name):
                shutil.move(jar, staged / jar.name)
        shutil.rmtree(folder, ignore_errors=True)
        staged.rename(folder)
