"""Monitors: what a person writes, read and checked."""
