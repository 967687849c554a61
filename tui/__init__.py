"""The program: command line, application, settings and theme. No business rules, SQL or HTTP."""
