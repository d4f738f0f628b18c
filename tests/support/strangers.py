"""Another user of the machine, for tests of what they may have put in our way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

NOBODY = 65534

Give = Callable[[Path], None]
