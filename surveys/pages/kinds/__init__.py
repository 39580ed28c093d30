"""What stands on each kind of page: a module per kind, named in ``surveys.study_file.page_kinds.KINDS``.

Nothing here may tell the arm or the true class.
"""

from typing import Any

Screen = dict[str, Any]
