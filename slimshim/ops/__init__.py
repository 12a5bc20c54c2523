"""Scopes, variables and collections: what every layer stands on."""
