"""The subcommands train, tune and sweep."""
