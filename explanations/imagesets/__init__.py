"""Image sets: CIFAR-10, drawn scenes, folders, photographs, reference images."""
