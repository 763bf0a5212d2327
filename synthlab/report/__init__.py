"""Reports of scenario runs: HTML pages with charts, JUnit XML, and all samples as JSON."""

from .headline import headline_of
from .page import report_page
from .planned import planned_page
from .results import read_results, results_text
from .runs import worst
from .spread import repeats

__all__ = ["headline_of", "planned_page", "read_results", "repeats", "report_page", "results_text", "worst"]
