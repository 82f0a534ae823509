"""Runs one user's app: loads it from a folder, serves it by uvicorn, and tells the platform how it goes.

Three ways in: `warm` (waits, with everything imported, to be given an app), `serve` (from the environment) and `check` (loads and
reports). `launch` starts a warm runner inside its sandbox. User code is never trusted and never told of the platform.
"""
