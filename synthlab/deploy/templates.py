"""Renders the templates of Compose and stack files."""

from __future__ import annotations

import json
from typing import Any

from .. import assets


def rendered(template: str, **values: Any) -> str:
    """The template of this name with these values; a name that it lacks is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # No HTML escaping: `q` writes every value as a quoted YAML scalar.
    environment = Environment(
        loader=FileSystemLoader(assets.templates()), undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["q"] = quoted
    environment.filters["raw"] = raw
    return environment.get_template(template).render(**values)


def quoted(value: Any) -> str:
    """`value` as YAML (JSON is a subset of it), with `$` doubled so that Compose substitutes no variables."""
    return json.dumps(value, ensure_ascii=False).replace("$", "$$")


def raw(value: Any) -> str:
    """A value from Compose's own output, as YAML: its `$` are doubled already."""
    return json.dumps(value, ensure_ascii=False)
