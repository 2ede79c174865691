"""The standard tables as data: one JSON file per area, each column with its type and bounds."""

from pathlib import Path

FOLDER = Path(__file__).parent

__all__ = ["FOLDER"]
