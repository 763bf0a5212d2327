"""A scenario: a timed script of conditions and expectations for the clients of a stack, read, checked and planned."""

from .check import check_scenario
from .late import late_expectations
from .layers import Layers
from .model import Place, Scenario, Step
from .plan import Block, Plan, Run, Track, Visit, make_plan, repeated
from .reader import find_scenario_file, read_scenario, scenario_files
from .rehearsal import rehearse
from .timeline import Event, timeline

__all__ = [
    "Block",
    "Event",
    "Layers",
    "Place",
    "Plan",
    "Run",
    "Scenario",
    "Step",
    "Track",
    "Visit",
    "check_scenario",
    "find_scenario_file",
    "late_expectations",
    "make_plan",
    "read_scenario",
    "rehearse",
    "repeated",
    "scenario_files",
    "timeline",
]
