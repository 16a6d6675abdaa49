"""What the passport does when rooms below have news."""

from exchange.lessons.models import Lesson
from exchange.outbox.models import Event
from exchange.outbox.services import on
from exchange.passport import services as passports


@on("lesson.confirmed", "lesson.resolved")
def begin_story(event: Event) -> None:
    """A lesson is confirmed, by its people or a curator: both may write, and the days until the seal breaks begin."""
    lesson = Lesson.objects.filter(id=int(event.subject_id), state=Lesson.State.CONFIRMED).first()
    if lesson is not None:
        passports.begin(lesson=lesson)
