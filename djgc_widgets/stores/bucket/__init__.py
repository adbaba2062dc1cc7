"""Objects of a bucket that the server copies: there, back, and away."""
