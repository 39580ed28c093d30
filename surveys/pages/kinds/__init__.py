"""One module per kind of page, listed in ``catalogue``; no page may reveal the arm or the true
class.
"""

from typing import Any

Screen = dict[str, Any]
