"""Picture files of any origin, read to grey or colour numbers that do not depend on the program that reads."""
