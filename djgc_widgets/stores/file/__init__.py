"""Stores in folders: objects move by renames."""
