"""`python -m edge.demo`; the story is in `app`."""

from __future__ import annotations

import os
import sys

# Windows are small: more threads than one cost twenty times what they give. Numpy reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from edge.demo.app import main

if __name__ == "__main__":
    sys.exit(main())
