"""Why Minois cannot start on this machine or be backed up; each message says what to do."""


class CannotStart(Exception):
    """Minois cannot start; the text is one line, or a line followed by log lines that explain it."""


class WrongSetting(CannotStart):
    """A setting of the local system is invalid; the text is one line."""


class CannotBackUp(Exception):
    """There is nothing to copy, the target cannot be used, or PostgreSQL failed; the text is one line."""
