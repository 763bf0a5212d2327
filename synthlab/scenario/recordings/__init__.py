"""Recordings of links: rate and delay over time, read from the files of several tools and written as traces."""

from .call import CallRecording
from .read import read_any, read_recording
from .recording import LinkRecording, StepSeries
from .replay import scenario_text, table_text
from .summary import summarised
from .write import FORMS, written_recording

__all__ = [
    "FORMS",
    "CallRecording",
    "LinkRecording",
    "StepSeries",
    "read_any",
    "read_recording",
    "scenario_text",
    "summarised",
    "table_text",
    "written_recording",
]
