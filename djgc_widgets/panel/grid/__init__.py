"""A table of any length whose rows stay in the kernel."""
