"""Lighthouse on the pages of a guest: its own package, since it is larger than all that the pages need."""
