"""Private servers, and a small pipeline with garbage in its stores to try out.

A **server** runs in a folder of its own, on a free port of the loopback address; its
**supervisor** stops it when the process that started it ends. The **lab** is a database
with a few hundred rows and stores of some 20 MB; the **demo** opens it in a private
JupyterLab.
"""

from djgc_widgets.lab.demo_lab import DemoLab, open_lab
from djgc_widgets.lab.mariadb import start_mariadb
from djgc_widgets.lab.mysql import start_mysql
from djgc_widgets.lab.postgresql import start_postgresql
from djgc_widgets.lab.s3_server import S3Server, start_s3
from djgc_widgets.lab.server import EmbeddedServer

__all__ = [
    "DemoLab", "EmbeddedServer", "S3Server", "open_lab", "start_mariadb",
    "start_mysql", "start_postgresql", "start_s3",
]  # fmt: skip
