"""What the machine has given: the most memory this process has used, what of it is files; and giving it back."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_memory() -> float:
    """Largest resident memory of this process so far, bytes; 0 where the system does not tell.

    Linux tells it by two ways: that of ``getrusage`` begins with what the parent had when it started this process.
    """
    if (peak := _status("VmHWM")) is not None:
        return peak
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    used = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return used if sys.platform == "darwin" else used * 1024.0


def mapped_memory() -> float:
    """Part of the resident memory that is files, bytes; 0 where the system does not tell.

    These are pages of libraries. The system may share them and take them back, and keeps more or fewer of the same
    library resident by what its page cache holds.
    """
    return _status("RssFile") or 0.0


def _status(key: str) -> float | None:
    """What Linux says of this process under a key, bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith(f"{key}:"):
                return 1024.0 * float(line.split()[1])
    return None


def give_back_memory() -> None:
    """Return to the system what was freed: glibc keeps it else, as holes below 32 MiB among arrays that stay."""
    if sys.platform != "linux":
        return
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if trim is not None:
        trim(ctypes.c_size_t(0))
