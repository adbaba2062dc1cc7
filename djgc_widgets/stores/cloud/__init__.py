"""Stores on Google Cloud and Azure."""
