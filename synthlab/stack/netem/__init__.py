"""The language of tc-netem(8) and tc-tbf(8), translated into conditions."""

from .translation import EXAMPLE, KEY, Translation, translate

__all__ = ["EXAMPLE", "KEY", "Translation", "translate", "translate_netem"]

translate_netem = translate
"""The name of `translate` in the package synthlab."""
