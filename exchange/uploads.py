"""What comes with a form as a file: at most one, of at most ten megabytes, and nothing on the disk of the server."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopFutureHandlers, StopUpload

LARGEST_FILE = 10 * 1024 * 1024
LARGEST_BODY = 40 * 1024 * 1024  # a longer one is not even read to its end


class BoundedFile(FileUploadHandler):
    """Keeps the first file in memory; one that is too large is read past, and `request.is_file_too_large` says so."""

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: str, encoding: str | None = None
    ) -> None:
        """Turn away what is far too long before a byte of it is read."""
        self._count = 0
        if content_length > LARGEST_BODY:
            self._note()
            raise StopUpload(connection_reset=True)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._count += 1
        if self._count > 1:
            raise SkipFile
        self._bytes = BytesIO()
        raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take a piece, unless the file is too large by now."""
        if self._bytes.tell() + len(raw_data) > LARGEST_FILE:
            self._note()
            self._bytes = BytesIO()
            raise SkipFile
        self._bytes.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        """Give the file."""
        if self.request is not None and getattr(self.request, "is_file_too_large", False):
            return None
        self._bytes.seek(0)
        return InMemoryUploadedFile(
            self._bytes, self.field_name, self.file_name or "", self.content_type or "", file_size, self.charset,
            self.content_type_extra,
        )  # fmt: skip

    def _note(self) -> None:
        if self.request is not None:
            self.request.is_file_too_large = True  # type: ignore[attr-defined]
