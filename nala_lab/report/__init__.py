"""The report: every check, notebook and figure in one page that needs no server and no network."""
