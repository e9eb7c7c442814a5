"""A child process for untrusted input: no files, network, processes or privileges."""
