"""Execution in this process, one chunk after the other."""

from collections.abc import Iterable, Iterator

from explanations.pipeline.executors.chunks import Chunk, Done, Explaining


def run(explaining: Explaining, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Done]]:
    """Yield every chunk's maps, method by method."""
    for chunk in chunks:
        for done in explaining.explain(chunk):
            yield chunk, done
