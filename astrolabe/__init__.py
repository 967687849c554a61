"""The system without a face: what the dialogs do, callable from a screen, a command line or a program.

Inside, imports go one way: ``workspace`` -> ``loading`` -> ``dataapi`` -> ``portal`` -> ``providers``.
"""

__version__ = "0.1.0"
