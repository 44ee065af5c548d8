"""Signing in by OpenID Connect: the code flow with PKCE at one identity provider, the one that the settings name."""
