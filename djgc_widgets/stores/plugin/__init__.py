"""Stores of protocols that a plugin of DataJoint brings, whatever they are."""
