"""``python -m djgc_widgets.cli``, for where no script is installed."""

import sys

from djgc_widgets.cli import main

if __name__ == "__main__":
    sys.exit(main())
