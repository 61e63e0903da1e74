"""One command that proves, against a running service, that an installation is sound; each line says what to do."""
