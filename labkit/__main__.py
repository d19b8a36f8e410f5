"""`python -m labkit`, the same as `labkit`; before anything is installed, too."""

import sys

from labkit.cli import main

sys.exit(main())
