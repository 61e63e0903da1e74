"""A read-only FHIR R4 server over the fictional charts, for demo mode only."""

from cds.web.demo_fhir.server import demo_fhir

__all__ = ["demo_fhir"]
