"""The auditor's own fold of the topics: plain JSON, plain SQL, and no rule or model of the services.

A fault of theirs must not hide itself here. Topics are read in no order among themselves, so what two of them have to
say about one thing is joined from either side.
"""
