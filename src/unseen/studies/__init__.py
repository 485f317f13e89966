"""What a person does with a detector and a file, in plain functions: learn, score, judge, explain.

The command line and the report call these; nothing here prints or parses options.
"""
