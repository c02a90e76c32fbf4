"""How far long tests go: as far as CI has time for, or with `ENDURE` to the end (`scripts/endure`)."""

import os

IS_LONG = "ENDURE" in os.environ
ENGINES = ("sqlite", "postgres") if IS_LONG else ("sqlite",)
"""For tests that hardly depend on the engine."""
