"""The processes of the product, wired with a scripted engine, a small disk, and a broken twin where one is asked for.

CHAOS_FOLDER is where they leave marks, CHAOS_TWIN the twin, CHAOS_ENGINE is scripted or real.
"""
