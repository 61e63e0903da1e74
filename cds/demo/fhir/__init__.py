"""A FHIR R4 server over the fictional charts, for demo mode only; what is written goes into a copy in memory."""

from cds.demo.fhir.server import demo_fhir

__all__ = ["demo_fhir"]
