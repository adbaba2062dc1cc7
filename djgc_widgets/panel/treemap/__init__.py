"""Tiles that show what uses the space."""
