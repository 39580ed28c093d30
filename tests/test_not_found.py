"""A wrong address shows our own page, on the development server as well."""

import pytest


@pytest.fixture(params=[False, True], ids=["on a server", "while developing"])
def developing(request, settings):
    settings.DEBUG = request.param
    return request.param


@pytest.mark.parametrize("path", ["/panel/nothing/", "/nothing/", "/p/unknown/"])
def test_a_wrong_address_shows_our_own_page(client, developing, path, db):
    response = client.get(path)
    assert response.status_code == 404
    assert "URLconf" not in response.content.decode()


def test_without_the_middleware_the_development_server_lists_every_url(client, settings, db):
    """The control: what the middleware replaces is what Django shows."""
    settings.DEBUG = True
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "not_found" not in name]
    assert "URLconf" in client.get("/panel/nothing/").content.decode()


def test_an_address_without_its_last_slash_still_finds_the_page(client, settings, db):
    settings.DEBUG = True
    assert client.get("/health").status_code in (200, 301)
