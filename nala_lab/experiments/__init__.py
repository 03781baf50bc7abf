"""Training runs in torch, from one smoke step to a real run: data, models, tasks, one loop, records.

Nothing is loaded until it is asked for, so the command line can print its help without torch.
"""
