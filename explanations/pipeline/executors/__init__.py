"""Executors of the work: this process, or Dask workers."""
