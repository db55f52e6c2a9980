"""Old estimates against what came: bias, coverage and scores of forecasts, and prior weights from track records.

Each number that a publisher printed for a later year is set against the outcome. How far it may be off is known
beforehand, by horizon and by the growth that was promised (`forecast.analyst_error`), so that bands can be judged
and publishers compared, although one forecast the next year and another the next decade.
"""

from forecast.backtest.files import TrackRecord, read_track_record
from forecast.backtest.judging import Backtest, backtest
from forecast.backtest.publishers import PublisherRecords, publisher_records
from forecast.backtest.said import forecasts, later_bases

__all__ = [
    "Backtest",
    "PublisherRecords",
    "TrackRecord",
    "backtest",
    "forecasts",
    "later_bases",
    "publisher_records",
    "read_track_record",
]
