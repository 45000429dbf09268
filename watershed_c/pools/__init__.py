"""Pool models of organic carbon as data: folders of ``models/pools`` become arrays for the kernels."""

from watershed_c.pools.base import PoolModel
from watershed_c.pools.compiled import CompiledPoolModel
from watershed_c.pools.loader import ModelError, available_models, load_model

__all__ = ["CompiledPoolModel", "ModelError", "PoolModel", "available_models", "load_model"]
