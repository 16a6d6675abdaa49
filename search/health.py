"""Whether the search engine answers now."""

from search.backends import elastic_index as index
from search.backends.base import Away


def ask(seconds: float) -> None:
    """Ask Elasticsearch whether it is there and holds our index. Raises `Away`, or the client's own error."""
    known = index.client().options(request_timeout=seconds, max_retries=0).indices.exists_alias(name=index.read_alias())
    if not known:
        raise Away("there is no index; run `manage.py search migrate`")
