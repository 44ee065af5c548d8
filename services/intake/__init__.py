"""CAD in: flat records and EIDO become call versions in the topic `calls`."""
