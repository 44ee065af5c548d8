"""Where documents are tried out for the pages: in a process of its own, which ends whatever a document costs."""
