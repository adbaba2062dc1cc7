"""Stores on S3: objects move by copies that the server makes."""
