"""Where the data that ships with the program lies: `models/` and `scenarios/`.

In a checkout they are at the top of the repository; in an installed wheel they are mapped to
`watershed_c/data/`.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "data", _PACKAGE.parent)


def data_path(*parts: str) -> Path:
    """Path of shipped data, for example ``data_path("models", "pools", "rothc")``.

    Raises
    ------
    FileNotFoundError
        The data are neither in the installed package nor in the checkout around it.
    """
    for root in _ROOTS:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    tried = " or ".join(str(root.joinpath(*parts)) for root in _ROOTS)
    raise FileNotFoundError(f"shipped data not found: {tried}")
