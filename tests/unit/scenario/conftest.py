"""Makes the sample scenario importable, and the calls that the tests of traces play onto a wire."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "trace")]
