"""Tiles that show what takes the space."""
