"""Image sets: CIFAR-10, drawn scenes, folders, photographs, and reference images."""
