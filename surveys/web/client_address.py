"""Where a request comes from: the client's address and network. Neither is ever stored."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest | None) -> str:
    """Return the client's address: of an IPv6 address the network of a household.

    Behind a proxy it is the last entry of X-Forwarded-For, which the proxy itself has added; the
    client could forge all others.
    """
    if request is None:
        return ""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        address = request.META.get("HTTP_X_FORWARDED_FOR", address).rpartition(",")[2].strip()
    try:
        parsed = ip_address(address)
    except ValueError:
        return str(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


def client_network(request: HttpRequest) -> str:
    """Return the network of the client's address, as one organisation has it: /24, or /48."""
    address = client_address(request)
    try:
        network = ip_network(address)
    except ValueError:
        return address
    return str(network.supernet(new_prefix=48 if network.version == 6 else 24))
