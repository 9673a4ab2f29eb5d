"""Who is asking: the credential a client puts on its requests, and how it is renewed and kept."""

from ippanel_provider.client.auth.login import Login
from ippanel_provider.client.auth.sources import ApiKey, Auth
from ippanel_provider.client.auth.tokens import FileStore, MemoryStore, StoredToken, TokenStore

__all__ = ["ApiKey", "Auth", "FileStore", "Login", "MemoryStore", "StoredToken", "TokenStore"]
