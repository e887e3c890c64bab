"""Which record to look at next, and what looking at it would bring: functions of arrays."""

from curation.selection.forecasting import Forecast, forecast
from curation.selection.k_center import KCenter, k_center
from curation.selection.ranking import Selection, next_records
from curation.selection.representative import representatives

__all__ = ["Forecast", "KCenter", "Selection", "forecast", "k_center", "next_records", "representatives"]
