"""``python -m djgc_widgets.cli``, for where no script is installed."""

import sys

from djgc_widgets.cli import main

sys.exit(main())
