"""What is trained and how long: every training task, as data, by name."""

from __future__ import annotations

from nala_lab.core import require_choice
from nala_lab.experiments.tasks.base import SCALES, Constant, Halving, Milestones, Scale, Task
from nala_lab.experiments.tasks.gans import GANS
from nala_lab.experiments.tasks.images import IMAGES
from nala_lab.experiments.tasks.language import LANGUAGE

__all__ = ["SCALES", "TASKS", "Constant", "Halving", "Milestones", "Scale", "Task", "get_task"]

TASKS: dict[str, Task] = {task.name: task for task in (*IMAGES, *LANGUAGE, *GANS)}


def get_task(name: str) -> Task:
    """The task called `name`.

    Raises ValueError, listing the tasks, for another name.
    """
    require_choice("task", name, TASKS)
    return TASKS[name]
