"""What the machine has: free memory, and the most this process has used."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def available_memory() -> float:
    """Memory that can be had without swapping, bytes; infinite where the system does not tell."""
    meminfo = Path("/proc/meminfo")
    limits = [float("inf")]
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                limits.append(float(line.split()[1]) * 1024.0)
    elif hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        limits.append(float(os.sysconf("SC_AVPHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
    return min(limits)


def peak_memory() -> float:
    """Largest resident memory of this process so far, bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    used = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return used if sys.platform == "darwin" else used * 1024.0
