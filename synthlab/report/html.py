"""Renders HTML pages from templates, with every text escaped."""

from __future__ import annotations

from .. import assets
from ..text.escaping import shown_lines


def render_page(template: str, **values: object) -> str:
    """Render an HTML page. Texts are escaped and shortened; the filter `script` embeds JSON in a script element."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(assets.templates()),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        # Not `isinstance`: Markup is a str too, and already HTML.
        finalize=lambda value: shown_lines(value) if type(value) is str else value,
    )
    # A `</script>` within a text would end the element.
    environment.filters["script"] = lambda text: Markup(text.replace("<", "\\u003c"))
    return environment.get_template(template).render(values)
