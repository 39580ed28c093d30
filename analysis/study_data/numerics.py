"""The settings under which every analysis runs, and the name of the processor's kernels.

Linear algebra splits its sums between threads, so another number of threads gives other last
digits. It also chooses its kernels by the processor, and their last digits differ as well.
"""

import platform
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import pandas as pd
import scipy.linalg  # noqa: F401 - its linear algebra must be loaded before it can be limited
from threadpoolctl import threadpool_info, threadpool_limits

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

THREADS = 1


def with_analysis_settings(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return the function with numerical libraries limited to THREADS while it runs.

    Texts are stored as Python strings: the results are the same, and the tables of a study, whose
    columns are short, are read and analysed in a sixth less time than with Arrow's strings.
    """

    @wraps(function)
    def limited(*args: Arguments.args, **keywords: Arguments.kwargs) -> Result:
        texts = pd.option_context("mode.string_storage", "python")
        with threadpool_limits(limits=THREADS), texts:
            return function(*args, **keywords)

    return limited


def processor() -> str:
    """Return the machine with its linear algebra libraries, their versions and their kernels.

    Two machines with the same text give the same digits, if their other software is the same.
    """
    libraries = {
        " ".join(str(library.get(key) or "") for key in ("internal_api", "version", "architecture"))
        for library in threadpool_info()
        if library.get("user_api") == "blas"
    }
    return ", ".join([platform.machine(), *sorted(text.strip() for text in libraries)])
