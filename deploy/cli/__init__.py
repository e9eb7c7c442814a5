"""The command line: `minois`."""
