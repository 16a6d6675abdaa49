"""What a template says the same every time is put together once for each language: its text, translated sentences,
addresses without arguments, static files. A page has some hundreds of these and some dozens of what is its own."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.template import Template
from django.template.base import FilterExpression, Node, NodeList, TextNode
from django.template.context import Context
from django.template.defaulttags import CommentNode, IfNode, LoadNode, URLNode
from django.template.loaders import base, cached
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.utils import translation
from django.utils.safestring import SafeString


class FoldedNode(Node):
    """Several nodes in a row that depend on nothing but the language."""

    child_nodelists = ()

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.said: dict[tuple[str | None, bool], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        """Give their text."""
        key = translation.get_language(), context.autoescape
        found = self.said.get(key)
        if found is None:
            found = self.said[key] = SafeString("".join(str(node.render_annotated(context)) for node in self.nodes))
        return found


class KnownNodes(NodeList):
    """The nodes of a whole template, which is walked once to find its blocks, and not at each drawing."""

    def __init__(self, nodes: NodeList) -> None:
        super().__init__(nodes)
        self.known: dict[type[Node], list[Node]] = {}

    def get_nodes_by_type(self, nodetype: type[Node]) -> list[Node]:
        """Give the nodes of a kind at every depth."""
        if nodetype not in self.known:
            self.known[nodetype] = super().get_nodes_by_type(nodetype)
        return self.known[nodetype]


class _Folding(base.Loader):
    """Folds what was read, before anybody sees it."""

    def get_template(self, template_name: str, skip: Any = None) -> Template:
        template = super().get_template(template_name, skip)
        if not settings.DEBUG:
            fold(template.nodelist)
            template.nodelist = KnownNodes(template.nodelist)
        return template


class Loader(cached.Loader, _Folding):
    """Reads a template once for a process, and folds it."""


def fold(nodes: NodeList) -> None:
    """Join neighbours that are always the same, at every depth, in place."""
    out: list[Node] = []
    run: list[Node] = []
    for node in nodes:
        if _is_constant(node):
            run.append(node)
            continue
        for inner in _inside(node):
            fold(inner)
        out += [*_joined(run), node]
        run = []
    nodes[:] = [*out, *_joined(run)]


def _joined(run: list[Node]) -> list[Node]:
    if all(isinstance(node, TextNode | CommentNode | LoadNode) for node in run):
        return run
    joined = FoldedNode(run)
    joined.token, joined.origin = run[0].token, run[0].origin
    return [joined]


def _inside(node: Node) -> Iterator[NodeList]:
    if isinstance(node, IfNode):
        yield from (inner for _condition, inner in node.conditions_nodelists)
        return
    for name in node.child_nodelists:
        inner = getattr(node, name, None)
        if isinstance(inner, NodeList):
            yield inner


def _is_constant(node: Node) -> bool:
    if isinstance(node, TextNode | CommentNode | LoadNode):
        return True
    if isinstance(node, TranslateNode):
        return node.asvar is None and _is_literal(node.filter_expression) and _is_literal(node.message_context)
    if isinstance(node, URLNode):
        return node.asvar is None and not node.args and not node.kwargs and _is_literal(node.view_name)
    if isinstance(node, StaticNode):
        return node.varname is None and _is_literal(node.path)
    if isinstance(node, BlockTranslateNode):
        names = [node.extra_context, node.countervar, node.asvar, node.message_context]
        return not any(names) and all(token.token_type.name == "TEXT" for token in node.singular)
    return False


def _is_literal(expression: FilterExpression | None) -> bool:
    if expression is None:
        return True
    # A literal text is kept as it is; a number or a text to translate as a variable without lookups.
    return not expression.filters and (
        isinstance(expression.var, str) or getattr(expression.var, "lookups", ()) is None
    )
