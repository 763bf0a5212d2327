"""Makes the packages inside the images importable, as they are in the containers."""

from __future__ import annotations

import sys
from pathlib import Path

IMAGES = Path(__file__).parents[2] / "images"

if str(IMAGES) not in sys.path:
    sys.path.insert(0, str(IMAGES))
