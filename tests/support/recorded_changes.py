"""Sweep or restore once, and record every change of the store; run with the shim."""

import ctypes
import sys

import datajoint as dj

from djgc_widgets import CompleteScan, Trash, scan

host, port, user, password, name, folder, verb, log = sys.argv[1:]
lab = dj.Instance(
    host, user, password, port=int(port), use_tls=False, backend="postgresql"
)
lab.config.stores = {"raw": {"protocol": "file", "location": folder}}
lab.connection.made_up_dates = True  # the files are made older
schema = dj.Schema(name, connection=lab.connection, create_schema=False)
record_to = ctypes.CDLL(None).record_to
if verb == "sweep":
    result = scan(schema)
    assert isinstance(result, CompleteScan), result.problems
    plan = result.plan(acknowledge={"sole-owner", "large-sweep"})
    record_to(folder.encode(), log.encode())
    plan.sweep()
else:
    trash = Trash(schema, "raw")
    sweep_id = trash.sweeps["sweep_id"].iloc[0]
    record_to(folder.encode(), log.encode())
    trash.restore(sweep_id)
