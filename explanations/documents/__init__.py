"""Pictures of the documentation: maps, learning curves and confusion matrices."""
