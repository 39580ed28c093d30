"""The tag of the parts of a page that are alike for everybody who reads its language."""

from collections.abc import Sequence

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, VariableNode
from django.template.context import Context
from django.utils.translation import get_language

register = template.Library()


class Once(template.Node):
    """A part of a template that is rendered once for each language and each set of conditions."""

    def __init__(self, nodelist: NodeList, conditions: Sequence[FilterExpression]) -> None:
        self.nodelist = nodelist
        self._conditions = conditions
        self._kept: dict[tuple[object, ...], str] = {}

    def render(self, context: Context) -> str:
        # Only whether a condition holds: values of people must not stay in memory.
        holds = (bool(one.resolve(context, ignore_failures=True)) for one in self._conditions)
        key = (get_language(), *holds)
        if key not in self._kept:
            self._kept[key] = self.nodelist.render(context)
        return self._kept[key]


@register.tag("once")
def once(parser: Parser, token: Token) -> Once:
    """Render what follows, up to ``{% endonce %}``, once for everybody in each language.

    The part may depend on nothing else but the truth of the named variables, for example
    ``{% once needs_pictures %}``. A page has about twenty such texts, whose translation took a
    tenth of its processor time. Raises TemplateSyntaxError if the part shows a variable.
    """
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    if shown := nodelist.get_nodes_by_type(VariableNode):
        raise template.TemplateSyntaxError(
            f"{shown[0]!r} is within {{% once %}}, which renders it for the first person only. "
            "Move it out."
        )
    return Once(nodelist, [parser.compile_filter(name) for name in token.split_contents()[1:]])
