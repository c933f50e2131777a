"""JSON over HTTP: parse, call one operation, represent. No rules and no rights are decided here."""
