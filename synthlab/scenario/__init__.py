"""Scenarios: timed scripts of conditions and expectations for a stack's clients, from file to plan."""

from .check import check_scenario
from .dry_run import dry_run
from .late import late_expectations
from .model import Block, Place, Scenario, Step, StepRun, Track
from .plan import Plan, Visit, make_plan, repeated
from .reader import declared_variables, find_scenario_file, read_scenario, scenario_files
from .simulated_leases import SimulatedLeases
from .timeline import Event, timeline
from .translated import translated

__all__ = [
    "Block",
    "Event",
    "Place",
    "Plan",
    "Scenario",
    "SimulatedLeases",
    "Step",
    "StepRun",
    "Track",
    "Visit",
    "check_scenario",
    "declared_variables",
    "dry_run",
    "find_scenario_file",
    "late_expectations",
    "make_plan",
    "read_scenario",
    "repeated",
    "scenario_files",
    "timeline",
    "translated",
]
