"""A hint to the processor: fetch what a kernel will need in a moment.

Where a kernel takes a piece of each cell (the top layer of a column) or goes from cell to cell along the flow, the
processor does not guess what comes next, and waits for memory at every cell. The hint changes no value.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

#: cells: far enough ahead for memory to answer, near enough for the line to be in cache still
AHEAD = 16
#: float64 values of a cache line
LINE = 8


@intrinsic  # type: ignore[untyped-decorator]
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Fetch the cache line of ``array[index]``, ``index`` a tuple of int64 within bounds; it will be written, too."""
    signature = types.void(array, index)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        indices = cgutils.unpack_tuple(builder, arguments[1], count=signature.args[1].count)
        place = cgutils.get_item_pointer(context, builder, signature.args[0], held, indices, wraparound=False)
        place = builder.bitcast(place, cgutils.voidptr_t)
        word = cgutils.int32_t
        kind = cgutils.ir.FunctionType(cgutils.ir.VoidType(), [place.type, word, word, word])
        function = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(function, [place, word(1), word(3), word(1)])  # to write, keep in all caches, data
        return context.get_dummy_value()

    return signature, generate
