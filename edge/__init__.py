"""The streaming classifier: everything that runs on the device. Nothing here needs the trainer."""

__version__ = "0.1.0"
