"""Static files of an installation: names with a hash of their content, looked up once a process."""

from functools import lru_cache

from django.conf import settings
from whitenoise.storage import CompressedManifestStaticFilesStorage

from exchange.lib.environment import WrongVariable


class HashedStorage(CompressedManifestStaticFilesStorage):
    """The compressed and hashed storage, whose addresses do not change while a process lives."""

    @lru_cache(maxsize=500)  # noqa: B019 - there is one storage a process
    def url(self, name: str, force: bool = False) -> str:
        """Give the address of a file."""
        return str(super().url(name, force))


def is_collected() -> bool:
    """Whether the names with a hash are known, where they are asked for."""
    return not settings.STATICFILES_MANIFEST or (settings.STATIC_ROOT / "staticfiles.json").is_file()


def needs_collected() -> None:
    """Stop a server of pages that would fail at the first one. Raises `WrongVariable`."""
    if not is_collected():
        raise WrongVariable(
            f"STATICFILES_MANIFEST is on, but STATIC_ROOT ({settings.STATIC_ROOT}) holds no staticfiles.json: run"
            " `manage.py collectstatic` with the same two, or take STATICFILES_MANIFEST away."
        )
