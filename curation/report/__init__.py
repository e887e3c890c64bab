"""The quality report of a round: from report.json to one self-contained HTML page."""

from curation.report.page import render
from curation.report.schema import Report, check_report

__all__ = ["Report", "check_report", "render"]
