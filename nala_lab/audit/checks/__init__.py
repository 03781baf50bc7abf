"""The questions of the audit, a file for each subject; see ``nala_lab.audit`` for how to add one."""
