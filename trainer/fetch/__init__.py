"""Published data sets from their official addresses; `run` tells the order, `catalogue` what is known."""

from trainer.fetch.catalogue import CATALOGUE, Checksum, Source
from trainer.fetch.run import fetch

__all__ = ["CATALOGUE", "Checksum", "Source", "fetch"]
