"""``python -m tui.cli``."""

from tui.cli import main

raise SystemExit(main())
