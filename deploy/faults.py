"""What keeps Minois from starting on this machine, said so that a person can put it right."""


class CannotStart(Exception):
    """Minois cannot start; the text is one clear line, or a line and the log that explains it."""
