"""What keeps Minois from starting on this machine or from being backed up, in words that say what to do about it."""


class CannotStart(Exception):
    """Minois cannot start; the text is one clear line, or a line and the log that explains it."""


class WrongSetting(CannotStart):
    """A setting of this machine's start cannot be used; the text is one clear line."""


class CannotBackUp(Exception):
    """There is nothing to copy, no place to copy it to, or PostgreSQL failed; the text is one clear line."""
