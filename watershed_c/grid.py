"""The Landlab grid of a watershed: a raster whose links, faces and patches are made when first read."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from landlab import RasterModelGrid

#: m; larger cells damp slopes and lose the curvature that tillage follows, and every output says so (coupling rule
#: 23). On one terrain a fifth of tillage erosion is lost at 20 m, half at 40 m (docs/convergence.md)
COARSE_CELL = 30.0


def raster_grid(
    shape: tuple[int, int], *, xy_spacing: tuple[float, float], xy_of_lower_left: tuple[float, float]
) -> RasterModelGrid:
    """A :class:`landlab.RasterModelGrid`; what joins its nodes (220 B per node) is made when it is first read.

    Parameters
    ----------
    shape : (rows, columns)
    xy_spacing, xy_of_lower_left : (x, y), m
    """
    return _lean_raster()(shape, xy_spacing=xy_spacing, xy_of_lower_left=xy_of_lower_left)


@cache
def _lean_raster() -> type[RasterModelGrid]:
    from landlab import RasterModelGrid

    class LeanRaster(RasterModelGrid):
        """Landlab's raster without the datasets of its graph and of the dual graph, as long as nobody reads them.

        Landlab fills both when a grid is made, coordinates of nodes and corners included. Nothing here needs them: the
        processes go by node numbers, rows and columns.
        """

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            del self._ds, self._dual

        def __getattr__(self, name: str) -> Any:
            if name not in ("_ds", "_dual"):
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
            whole = RasterModelGrid(
                self.shape, xy_spacing=(self.dx, self.dy), xy_of_lower_left=self.xy_of_lower_left
            )
            self._ds, self._dual = whole._ds, whole._dual
            return vars(self)[name]

        def __reduce__(self) -> tuple[Any, ...]:
            return _blank, (), self.__getstate__()

        @property
        def number_of_nodes(self) -> int:
            """Rows times columns."""
            return int(self.shape[0] * self.shape[1])

    return LeanRaster


def _blank() -> RasterModelGrid:
    """A grid that is yet to get its state from a pickle."""
    kind: Any = _lean_raster()
    grid: RasterModelGrid = kind.__new__(kind)
    return grid
