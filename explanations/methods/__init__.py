"""The explanation methods, a file each; none imports another."""
