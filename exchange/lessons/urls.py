"""Where lessons begin, and where they are agreed on."""

from django.urls import path

from exchange.lessons.views import agreeing, calendar, hello, sittings

urlpatterns = [
    path("listings/<row:pk>/hello/", hello.hello, name="hello"),
    path("talks/<row:pk>/full/", hello.full, name="talk_full"),
    path("lessons/", agreeing.mine, name="lessons"),
    path("lessons/<row:pk>/", agreeing.lesson, name="lesson"),
    path("lessons/<row:pk>/lesson.ics", calendar.lesson_file, name="lesson_ics"),
    path("listings/<row:pk>/sittings/new/", sittings.new, name="sitting_new"),
    path("lessons/sittings/<row:pk>/", sittings.sitting, name="sitting"),
    path("lessons/sittings/<row:pk>/seat/", sittings.seat, name="sitting_seat"),
    path("lessons/sittings/<row:pk>/queue/", sittings.queue, name="sitting_queue"),
    path("lessons/sittings/<row:pk>/leave/", sittings.leave, name="sitting_leave"),
    path("lessons/sittings/<row:pk>/cancel/", sittings.cancel, name="sitting_cancel"),
    path("calendar/", calendar.about, name="calendar"),
    path("calendar/new/", calendar.make, name="calendar_make"),
    path("calendar/stop/", calendar.stop, name="calendar_stop"),
    path("calendar/<str:token>.ics", calendar.feed, name="calendar_feed"),
    path("lessons/<row:pk>/ask/", agreeing.ask, name="lesson_ask"),
    path("lessons/<row:pk>/answer/", agreeing.answer, name="lesson_answer"),
    path("lessons/<row:pk>/withdraw/", agreeing.withdraw, name="lesson_withdraw"),
    path("lessons/<row:pk>/cancel/", agreeing.cancel, name="lesson_cancel"),
    path("lessons/<row:pk>/confirm/", agreeing.confirm, name="lesson_confirm"),
    path("lessons/<row:pk>/missed/", agreeing.missed, name="lesson_missed"),
    path("lessons/<row:pk>/dispute/", agreeing.dispute, name="lesson_dispute"),
    path("lessons/<row:pk>/again/", agreeing.again, name="lesson_again"),
]
