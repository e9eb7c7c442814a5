"""What keeps Minois from starting on this machine or from being backed up, said so that a person can put it right."""


class CannotStart(Exception):
    """Minois cannot start; the text is one clear line, or a line and the log that explains it."""


class CannotBackUp(Exception):
    """There is nothing to copy, nowhere to copy it to, or PostgreSQL refused; the text is one clear line."""
