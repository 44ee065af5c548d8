"""Writes what is derived from the code."""

from deploy.kubernetes.written import files

if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, "utf-8")
