"""The Edge API, one module a chapter; each function returns a request and sends nothing."""

from ippanel_provider.client.edge import auth, payment, report, send

__all__ = ["auth", "payment", "report", "send"]
