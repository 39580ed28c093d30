"""Drawing the objects of the embedded scenes."""
