"""Background jobs: the queue, the kinds of work, and the worker that does them."""
