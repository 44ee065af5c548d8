"""`careroute watch`: on another machine than careroute, on the standard library alone."""
