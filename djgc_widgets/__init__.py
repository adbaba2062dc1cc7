"""See what DataJoint object stores hold, what rows need, and what can be swept.

The house has nine rooms; imports point down only::

    cli        panel                      the command line; the panel in a notebook
    analysis                              figures, history, report, second opinion
    collector                             scan, sweep, restore, purge: the use cases
    references  stores  verdict  lab      rows to paths; list and move; decide; the demo
    model                                 words, frames and codes that all share

A scan goes ``collector -> stores, references -> verdict``; a sweep goes ``plan ->
collector -> references again -> stores``. Each room says in its ``__init__`` what it
is, what its words mean, and what it offers.
"""

import lazy_loader

# what each name comes from, and is, stands in the stub; it is imported when it is used
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
