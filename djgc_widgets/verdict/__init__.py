r"""From files and references to objects, their status, and plans. No input or output.

**Coverage** says which stored paths a reference covers. An **object** is a file, or a
folder that one row refers to; its **status** is live, orphan, young or unknown, and a
**reason** says why. A **plan** is a selection of orphans with the identity of each
file; a **doubt** speaks against a plan; most can be acknowledged by name, the others
refuse it.

::

    references -> resolve -> locate \
                                      coverage -> objects -> status -> reconcile -> plan
    files ---------------------------/
"""

from djgc_widgets.verdict.coverage import cover, enclose, path_keys, positions
from djgc_widgets.verdict.dates import (
    AGE_BINS,
    WEEKS,
    added_by_week,
    bytes_by_age,
    growth_of,
)
from djgc_widgets.verdict.doubt import (
    LIFTABLE,
    LIFTABLE_IN_PURGE,
    OF_ONE,
    Brakes,
    Doubt,
    names_one,
    standing_doubts,
    unseen_doubts,
)
from djgc_widgets.verdict.doubts import (
    Circumstances,
    large_tables,
    missing_objects_doubt,
)
from djgc_widgets.verdict.guesses import lie_above_objects
from djgc_widgets.verdict.hard_links import notices_of_hard_links
from djgc_widgets.verdict.incomplete import withhold_orphans
from djgc_widgets.verdict.locate import (
    Located,
    find_twin_stores,
    locate,
    stored_at_recorded_path,
)
from djgc_widgets.verdict.match import mark
from djgc_widgets.verdict.notices import (
    count_sections,
    find_empty_stores,
    notices_of_other_stores,
    notices_of_trash,
)
from djgc_widgets.verdict.objects import entered_objects
from djgc_widgets.verdict.pinned import are_pinned, idle_pins
from djgc_widgets.verdict.plan import VALIDITY, SweepPlan, plan_sweep
from djgc_widgets.verdict.range_keys import (
    all_beginnings,
    beginnings,
    lead_to_beginnings,
    lower_bounds,
    range_keys,
)
from djgc_widgets.verdict.reconcile import (
    NO_LAYOUT,
    Reconciled,
    name_former_prefixes,
    reconcile,
)
from djgc_widgets.verdict.related_rows import RelatedRows
from djgc_widgets.verdict.resolve import resolve_stores, targets_in_scanned_stores
from djgc_widgets.verdict.same_folders import through_same_folders
from djgc_widgets.verdict.seen_orphans import (
    of_tables,
    rate_doubts,
    remember,
    seen_twice,
)
from djgc_widgets.verdict.selection import INDEX, Selection
from djgc_widgets.verdict.servers import (
    KnownServer,
    Ownership,
    after_acknowledgment,
    prepared_doubt,
    same_servers,
    server_doubts,
)
from djgc_widgets.verdict.status import World
from djgc_widgets.verdict.usage import (
    add_places,
    add_up,
    add_usage,
    bytes_by_place,
    usage_by_attribute,
    with_hidden,
    with_places,
)

__all__ = [
    "AGE_BINS",
    "INDEX",
    "LIFTABLE",
    "LIFTABLE_IN_PURGE",
    "NO_LAYOUT",
    "OF_ONE",
    "VALIDITY",
    "WEEKS",
    "Brakes",
    "Circumstances",
    "Doubt",
    "KnownServer",
    "Located",
    "Ownership",
    "Reconciled",
    "RelatedRows",
    "Selection",
    "SweepPlan",
    "World",
    "add_places",
    "add_up",
    "add_usage",
    "added_by_week",
    "after_acknowledgment",
    "all_beginnings",
    "are_pinned",
    "beginnings",
    "bytes_by_age",
    "bytes_by_place",
    "count_sections",
    "cover",
    "enclose",
    "entered_objects",
    "find_empty_stores",
    "find_twin_stores",
    "growth_of",
    "idle_pins",
    "large_tables",
    "lead_to_beginnings",
    "lie_above_objects",
    "locate",
    "lower_bounds",
    "mark",
    "missing_objects_doubt",
    "name_former_prefixes",
    "names_one",
    "notices_of_hard_links",
    "notices_of_other_stores",
    "notices_of_trash",
    "of_tables",
    "path_keys",
    "plan_sweep",
    "positions",
    "prepared_doubt",
    "range_keys",
    "rate_doubts",
    "reconcile",
    "remember",
    "resolve_stores",
    "same_servers",
    "seen_twice",
    "server_doubts",
    "standing_doubts",
    "stored_at_recorded_path",
    "targets_in_scanned_stores",
    "through_same_folders",
    "unseen_doubts",
    "usage_by_attribute",
    "with_hidden",
    "with_places",
    "withhold_orphans",
]  # fmt: skip
