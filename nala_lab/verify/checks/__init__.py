"""One file per theorem: each registers functions (twin, seed) -> rows with `nala_lab.verify.runner.check`."""
