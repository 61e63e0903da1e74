"""Imported by a process at its start: what is installed for other parts than the service counts as not installed.

pint loads dask where it finds it, 9 MB; the service's lock has none, the environment of the tests has.
"""

import sys

sys.modules["dask"] = None  # type: ignore[assignment]  # so Python marks what cannot be imported
