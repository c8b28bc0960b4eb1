"""The search for a configuration: declared, cached, resumable, and nested, so that its figures are honest."""
