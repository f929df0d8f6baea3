"""Where the project is, and the data that the tests may read beside it."""

from pathlib import Path

SUPPORT = Path(__file__).resolve().parent
PROJECT = SUPPORT.parents[2]
SHARED = PROJECT.parent / "shared"  # not part of the project; a test that needs it skips without it
DATASET = SHARED / "data" / "spotify" / "initial"
