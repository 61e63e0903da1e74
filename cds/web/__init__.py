"""HTTP: the FastAPI app, the plain ASGI hot route, errors, pages."""
