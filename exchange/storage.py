"""Static files of an installation: names with a hash of their content, looked up once a process."""

from functools import lru_cache

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):
    """The compressed and hashed storage, whose addresses do not change while a process lives."""

    @lru_cache(maxsize=500)  # noqa: B019 - there is one storage a process
    def url(self, name: str, force: bool = False) -> str:
        """Give the address of a file."""
        return str(super().url(name, force))
