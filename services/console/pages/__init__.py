"""The console in the browser: pages for people, beside the API and by the same rights and commands."""
