"""What the machine has given: the most memory this process has used."""

from __future__ import annotations

import sys


def peak_memory() -> float:
    """Largest resident memory of this process so far, bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    used = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return used if sys.platform == "darwin" else used * 1024.0
