"""gunicorn's own logs, of requests and of errors, without secrets."""

from typing import Any

from gunicorn.glogging import Logger

from studyplatform.redaction import WithoutSecrets


class WebLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Logger that passes everything gunicorn writes through the platform's own filter."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.addFilter(WithoutSecrets())
