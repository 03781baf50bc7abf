"""The gans tasks."""

from __future__ import annotations

from nala_lab.experiments.tasks.base import Task

__all__ = ["GANS"]

GANS: tuple[Task, ...] = ()
