"""Writes what is derived from the code."""

import argparse

from deploy.kubernetes.written import files

if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m deploy.kubernetes", description=__doc__).parse_args()
    for path, text in files().items():
        path.write_text(text, "utf-8")
