"""Backups: what is taken from a cluster, and what becomes of a cluster that is made of one."""
