"""roc-validator on a folder, without a network: python crate_validation.py FOLDER CONTEXT

The validator's only request is for the JSON-LD context of RO-Crate, which is answered from the file
CONTEXT that the package rocrate brings along. Any other request fails. Prints the number of checks
and each issue of the severity "required", and exits with 1 if there is one.
"""

import io
import sys
import urllib.request
import urllib.response
from email.message import Message
from pathlib import Path

import rdflib._networking
import requests
import requests_cache
from rocrate_validator import models, services

ADDRESS = "https://w3id.org/ro/crate/1.1/context"


def main(folder: str, context: str) -> int:
    content = Path(context).read_bytes()

    def opened(request: object, *arguments: object, **options: object) -> object:
        url = str(getattr(request, "full_url", request))
        if not url.startswith(ADDRESS):
            raise OSError(f"There is no network for {url}.")
        headers = Message()
        headers["Content-Type"] = "application/ld+json"
        return urllib.response.addinfourl(io.BytesIO(content), headers, url, 200)

    def requested(session: object, method: str, url: str, **options: object) -> object:
        if not url.startswith(ADDRESS):
            raise requests.ConnectionError(f"There is no network for {url}.")
        response = requests.Response()
        response.status_code, response.url, response._content = 200, ADDRESS, content
        response.headers["Content-Type"] = "application/ld+json"
        return response

    urllib.request.urlopen = rdflib._networking.urlopen = opened
    requests.Session.request = requests_cache.CachedSession.request = requested
    settings = services.ValidationSettings(
        rocrate_uri=folder,
        profile_identifier="ro-crate-1.1",
        requirement_severity=models.Severity.REQUIRED,
        abort_on_first=False,
    )
    result = services.validate(settings)
    for issue in result.get_issues():
        print(issue.check.identifier, issue.message)
    print(f"{len(result.executed_checks)} checks, {len(result.get_issues())} issues")
    return 0 if result.passed() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
