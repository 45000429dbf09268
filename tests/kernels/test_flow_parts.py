"""Parts of a network have nothing to do with each other, and are the network."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernels.test_flow_routing import masks
from watershed_c.kernels import flow_parts
from watershed_c.kernels.flow_network import METHODS, find_network


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(3))
def test_no_node_is_given_to_by_two_parts(monkeypatch: pytest.MonkeyPatch, method: str, seed: int) -> None:
    monkeypatch.setattr(flow_parts, "SMALLEST", 0)
    shape = (61, 40)
    random = np.random.default_rng(seed)
    z = random.random(shape) + 0.3 * seed * np.arange(61)[:, None]
    core, border = masks(shape)
    found = find_network(z.ravel(), core.ravel(), border.ravel(), shape, 1.0, 1.0, method=method)
    given = found.order, found.first, found.receivers, found.weights
    order, first, receivers, weights, bounds = flow_parts.in_parts(*given, z.size)

    def edges(order, first, receivers, weights):
        return set(zip(np.repeat(order, np.diff(first)), receivers, weights, strict=True))

    assert edges(order, first, receivers, weights) == edges(*given)
    assert sorted(order) == sorted(found.order)
    place = np.full(z.size, order.size)
    place[order] = np.arange(order.size)
    donor = np.repeat(np.arange(order.size), np.diff(first))
    assert (place[receivers] > donor).all()
    part_of = np.searchsorted(bounds[1:], np.arange(order.size), side="right")
    trunk = bounds.size - 2
    assert bounds[0] == 0 and bounds[-1] == order.size and part_of.max() <= trunk == flow_parts.PARTS
    assert (np.diff(bounds)[:-1] > 0).all()  # there is something in each part
    giver, inside = part_of[donor], place[receivers] < order.size
    taker = np.where(inside, part_of[np.minimum(place[receivers], order.size - 1)], trunk)
    assert ((taker == giver) | (taker == trunk)).all()
    of_parts = giver < trunk
    for node in np.unique(receivers[of_parts]):
        assert np.unique(giver[of_parts & (receivers == node)]).size == 1
