"""Pipeline from stored images to predictions and maps: import, work list, computation, saving."""
