"""What every resource has, and whose a resource is."""

import re

from msgspec import Raw, Struct

from cds.fhir.datatypes import Reference

_ID = re.compile(r"[\w.:~-]{1,128}", re.ASCII)  # FHIR's id, and what servers use beyond it


class Resource(Struct, gc=False, tag_field="resourceType"):
    """What every resource has; `meta` stays unread unless there are two versions of one resource."""

    id: str | None = None
    meta: Raw = Raw(b"null")

    @property
    def ref(self) -> str:
        """How a fact names the resource; its type alone if it has no id, or one that no server gives."""
        kind = type(self).__name__
        return f"{kind}/{self.id}" if self.id and _ID.fullmatch(self.id) else kind


class Owned(Resource):
    """A resource about a patient; STU3 and some resources say `patient`."""

    subject: Reference | None = None
    patient: Reference | None = None
