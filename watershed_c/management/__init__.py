"""Crops, materials, implements and calendars -> monthly tables per management unit."""
