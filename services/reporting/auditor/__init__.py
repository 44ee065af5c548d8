"""The auditor: folds the topics on its own, into a store of its own, and asks it every few seconds what is broken."""
