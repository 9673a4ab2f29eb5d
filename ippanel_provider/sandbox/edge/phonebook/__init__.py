"""Phonebooks, their contacts, and the options contacts can have. API: phonebook."""

from __future__ import annotations

from . import books, contacts, options

routes = (*books.routes, *contacts.routes, *options.routes)
