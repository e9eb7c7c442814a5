"""Entry points of the processes with a scripted engine, a disk that can be full, and optionally a broken twin.

CHAOS_FOLDER holds their marker files, CHAOS_TWIN names the twin, CHAOS_ENGINE is `scripted` or `real`.
"""
