"""Batch sizes derived from the free memory, and reduced when memory runs out."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import torch

# On a CPU, pieces that fit the cache are faster than large ones (docs/explanations.md).
CACHE_BYTES = 4 << 20
LARGE_BYTES = 256 << 20
LEAST_ROWS = 8
"""Rows of a forward pass even where they exceed the cache: for a single row, the last layers of a
deep network read more weights than values."""
MOST_ROWS = 1 << 14
SHARE_OF_FREE = 8
SHARE_TO_KEEP = 4


class OutOfMemoryError(MemoryError):
    """Error of a computation for which the memory is too small even row by row. The message names
    remedies."""


@dataclass(frozen=True)
class Budget:
    """Limit of the rows that pass through the network together, on one kind of device."""

    device: torch.device

    @property
    def pools_images(self) -> bool:
        """Check whether one pass takes rows of several images.

        Only a GPU benefits. On a CPU each image has its own passes, so its numbers are equal to
        the last bit whichever other images are explained with it.
        """
        return self.device.type != "cpu"

    @property
    def group(self) -> int:
        """Return the number of images per forward and backward pass.

        It is 1 on a CPU, so that gradients are bit for bit the same as captum's.
        """
        return 256 if self.pools_images else 1

    def rows(self, bytes_per_row: int, *, in_cache: bool = True) -> int:
        """Return the number of rows of ``bytes_per_row`` that fit, as a power of two.

        On a CPU the rows must fit the cache. Without ``in_cache`` they need only fit memory, for
        work that reads large weights for each piece.
        """
        wanted = self.free_bytes() // SHARE_OF_FREE
        if not self.pools_images:
            wanted = min(wanted, CACHE_BYTES if in_cache else LARGE_BYTES)
        rows = max(1, min(MOST_ROWS, wanted // max(1, bytes_per_row)))
        return 1 << (rows.bit_length() - 1)

    def forward_rows(self, bytes_per_row: int) -> int:
        """Return the number of rows of a forward pass without gradients: as many as fit the cache,
        or LEAST_ROWS, if these fit memory."""
        enough = min(LEAST_ROWS, self.rows(bytes_per_row, in_cache=False))
        return max(self.rows(bytes_per_row), enough)

    def gradient_rows(self, bytes_per_row: int, least: int = LEAST_ROWS) -> int:
        """Return the number of rows of a forward and backward pass.

        Autograd keeps every layer anyway, so on a CPU pieces larger than the cache cost nothing:
        ``least`` rows pass together, or as many as fit LARGE_BYTES. At 224 pixels, more would take
        gigabytes.
        """
        rows = self.rows(bytes_per_row)
        if self.pools_images:
            return rows
        return max(rows, min(least, self.rows(bytes_per_row, in_cache=False)))

    def keeps(self, size: int) -> bool:
        """Check whether ``size`` bytes may be kept for all images."""
        return size < self.free_bytes() // SHARE_TO_KEEP

    def free_bytes(self) -> int:
        """Return the bytes that can still be allocated on the device."""
        if self.device.type == "cuda":
            free: int = torch.cuda.mem_get_info(self.device)[0]
            reserved = torch.cuda.memory_reserved(self.device)
            return free + reserved - torch.cuda.memory_allocated(self.device)
        return _available_memory()


def in_chunks(total: int, size: int, work: Callable[[slice], None]) -> int:
    """Call ``work`` on consecutive slices of at most ``size`` of ``total`` rows.

    A slice that runs out of memory is halved and tried again, so ``work`` must not leave partial
    results when it fails. Returns the last size that fitted. Raises OutOfMemoryError if a single
    row does not fit.
    """
    start = 0
    while start < total:
        stop = min(start + size, total)
        try:
            work(slice(start, stop))
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            if stop - start == 1:
                raise OutOfMemoryError(
                    "There is not enough memory for a single row of one image. Close other "
                    "programs, use --device cpu, or explain smaller images."
                ) from error
            size = (stop - start) // 2
            # Without this, freed blocks stay reserved and the smaller slice may fail again.
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        else:
            start = stop
    return size


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, OutOfMemoryError):
        return False  # already tried down to one row
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # The CPU allocator raises a plain RuntimeError.
    return "not enough memory" in str(error) or "can't allocate memory" in str(error)


def _available_memory() -> int:
    """Return the bytes that are available without swapping. Outside Linux, half of the memory."""
    try:
        with open("/proc/meminfo") as lines:  # noqa: PTH123 - a file of the system
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
