"""The names of methods and of their variants in the reader's language, as the panel shows them.

The names of algorithms stay as they are. In study files, data and reports all names are English.
"""

from django.utils.translation import gettext

from explanations import catalogue
from explanations.catalogue import Method
from explanations.methods.variants import Value


def method_name(method: Method) -> str:
    """Return the method's name. A variant's name is that of the method and of its choice."""
    return ", ".join(gettext(words) for words in method.label.split(", "))


def method_choices() -> list[tuple[str, str]]:
    """Return key and name of each method for the choices of a form."""
    return [(method.key, method_name(method)) for method in catalogue.METHODS]


def value_name(value: Value) -> str:
    """Return the words for a value of a method's choice."""
    unnamed = {"outlines": gettext("outlines of the five strongest patches")}
    return gettext(value.label) if value.label else unnamed.get(value.value, value.value)
