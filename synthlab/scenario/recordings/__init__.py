"""Recordings of links: rate and delay over time, read from the files of several tools and written as traces."""

from .read import read_recording
from .recording import LinkRecording, StepSeries
from .summary import summarised
from .write import FORMS, written_recording

__all__ = ["FORMS", "LinkRecording", "StepSeries", "read_recording", "summarised", "written_recording"]
