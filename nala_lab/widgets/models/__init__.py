"""What the explorers show, as pure functions of the settings: no widget, no figure, no random state."""
