"""What the user sees: one folder per subject with its page, dialogs and style sheets, and the kit below them all.

Pages show; dialogs ask, and carry out what was asked through a function that their page hands them. A subject imports
the kit and ``astrolabe``; a page of another subject is opened through the application
(:class:`screens.kit.app_base.Console`).
"""
