"""gunicorn's own logs, of requests and of errors, without secrets."""

from typing import Any

from gunicorn.glogging import Logger

from studyplatform.json_log import JsonFormatter
from studyplatform.redaction import WithoutSecrets


class WebLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Logger that passes everything gunicorn writes through the platform's own filter."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.addFilter(WithoutSecrets())


class JsonWebLog(WebLog):
    """The same as JSON. Requests are logged by the platform itself, with their view."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonFormatter())

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Log nothing."""
