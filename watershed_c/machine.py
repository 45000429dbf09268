"""What the machine has given: the most memory this process has used; and giving it back."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_memory() -> float:
    """Largest resident memory of this process so far, bytes; 0 where the system does not tell.

    Linux tells it by two ways: that of ``getrusage`` begins with what the parent had when it started this process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024.0 * float(line.split()[1])
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    used = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return used if sys.platform == "darwin" else used * 1024.0


def give_back_memory() -> None:
    """Return to the system what was freed: glibc keeps it else, as holes below 32 MiB among arrays that stay."""
    if sys.platform != "linux":
        return
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if trim is not None:
        trim(ctypes.c_size_t(0))
