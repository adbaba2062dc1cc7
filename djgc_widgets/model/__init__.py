"""Words, frames and codes that all rooms share; imports nothing else of this package.

A **frame** is a pandas frame with a schema: each column, its dtype, unit and meaning is
written once, in `frames`. An object has a **status**, a reference a **state**. A
**notice** is a problem (it makes a scan incomplete) or a warning (it does not). Code
that only one room needs stays in that room.
"""

import lazy_loader

# what each name comes from, and is, stands in the stub; it is imported when it is used
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
