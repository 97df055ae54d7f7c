"""`python -m leaktight` is the same as `leaktight`."""

from __future__ import annotations

import sys

from leaktight.cli import main

if __name__ == "__main__":
    sys.exit(main())
