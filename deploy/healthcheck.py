"""Health check for the container engine, which exits with status 0 if the server on this machine
reports that it is healthy."""

import os
import sys
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

ADDRESS = "http://127.0.0.1:8000/health/"
HOST = os.environ.get("STUDY_ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".") or "localhost"

try:
    with urlopen(Request(ADDRESS, headers={"Host": HOST}), timeout=8) as answer:
        print(answer.read().decode(), end="")
except HTTPError as error:
    sys.exit(error.read().decode() or str(error))
except (URLError, TimeoutError) as error:
    sys.exit(f"No answer: {error}")
