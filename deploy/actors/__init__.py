"""Everybody outside careroute, played: CADs that publish and are told, crews that answer, people at the console.

Demo, rehearsal, chaos and benchmark share them. They know careroute by its doors alone, and speak HTTP over aiohttp,
which none of the doors is built on.
"""
