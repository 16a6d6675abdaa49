"""The API as a whole: each room's operations, their description, and the same answer for everything else."""

from django.urls import path, re_path

from accounts import api as accounts
from exchange import api_docs
from exchange.api.views import Nowhere
from exchange.chat import api as chat
from exchange.ledger import api as ledger
from exchange.lessons import api as lessons
from exchange.moderation import api as moderation
from exchange.passport import api as passport
from matching import api as matching
from search import api as search
from skills import api as skills

urlpatterns = [
    path("docs/", api_docs.docs, name="api_docs"),
    path("schema/", api_docs.schema, name="api_schema"),
    path("me/", accounts.Me.as_view()),
    path("me/hours/", accounts.Hours.as_view()),
    path("me/other-times/", accounts.OtherTimes.as_view()),
    path("me/other-times/<int:pk>/", accounts.OtherTimeOne.as_view()),
    path("me/balance/", ledger.Balance.as_view()),
    path("me/statement/", ledger.StatementLines.as_view()),
    path("me/pause/", accounts.Pause.as_view()),
    path("me/blocks/", accounts.Blocks.as_view()),
    path("me/passport/", passport.Passport.as_view()),
    path("me/listings/", skills.OwnListings.as_view()),
    path("districts/", accounts.Districts.as_view()),
    path("people/<int:pk>/", accounts.Neighbour.as_view()),
    path("people/<int:pk>/block/", accounts.PersonBlock.as_view()),
    path("concepts/", skills.Concepts.as_view()),
    path("concepts/search/", skills.ConceptSearch.as_view()),
    path("concepts/suggest/", skills.ConceptSuggest.as_view()),
    path("concepts/<int:pk>/", skills.ConceptOne.as_view()),
    path("listings/", skills.Listings.as_view()),
    path("listings/<int:pk>/", skills.ListingOne.as_view()),
    path("listings/<int:pk>/draft/", skills.Draft.as_view()),
    path("listings/<int:pk>/send/", skills.Send.as_view()),
    path("listings/<int:pk>/pause/", skills.Pause.as_view()),
    path("listings/<int:pk>/resume/", skills.Resume.as_view()),
    path("listings/<int:pk>/close/", skills.Close.as_view()),
    path("listings/<int:pk>/confirm/", skills.Confirm.as_view()),
    path("listings/<int:pk>/hello/", lessons.Hello.as_view()),
    path("listings/<row:pk>/sittings/", lessons.ListingSittings.as_view()),
    path("listings/<int:pk>/matches/", matching.ListingMatches.as_view()),
    path("search/", search.Search.as_view()),
    path("search/suggest/", search.Suggest.as_view()),
    path("matches/", matching.Matches.as_view()),
    path("matches/dismiss/", matching.Dismiss.as_view()),
    path("talks/", chat.Talks.as_view()),
    path("talks/<int:pk>/", chat.Talk.as_view()),
    path("talks/<int:pk>/search/", chat.Search.as_view()),
    path("talks/<int:pk>/messages/", chat.Messages.as_view()),
    path("talks/<int:pk>/messages/<int:seq>/", chat.Message.as_view()),
    path("talks/<int:pk>/seen/", chat.Seen.as_view()),
    path("lessons/", lessons.Lessons.as_view()),
    path("lessons/<int:pk>/", lessons.LessonOne.as_view()),
    path("lessons/<int:pk>/ask/", lessons.Ask.as_view()),
    path("lessons/<int:pk>/counter/", lessons.Counter.as_view()),
    path("lessons/<int:pk>/accept/", lessons.Accept.as_view()),
    path("lessons/<int:pk>/decline/", lessons.Decline.as_view()),
    path("lessons/<int:pk>/withdraw/", lessons.Withdraw.as_view()),
    path("lessons/<int:pk>/cancel/", lessons.Cancel.as_view()),
    path("lessons/<row:pk>/cancel-rest/", lessons.CancelRest.as_view()),
    path("lessons/<int:pk>/confirm/", lessons.Confirm.as_view()),
    path("lessons/<int:pk>/missed/", lessons.Missed.as_view()),
    path("lessons/<int:pk>/dispute/", lessons.Dispute.as_view()),
    path("lessons/<int:pk>/again/", lessons.Again.as_view()),
    path("sittings/", lessons.Sittings.as_view()),
    path("sittings/<row:pk>/", lessons.SittingOne.as_view()),
    path("sittings/<row:pk>/seat/", lessons.Seat.as_view()),
    path("sittings/<row:pk>/queue/", lessons.Queue.as_view()),
    path("sittings/<row:pk>/leave/", lessons.Leave.as_view()),
    path("sittings/<row:pk>/cancel/", lessons.SittingCancel.as_view()),
    path("desk/", moderation.Desk.as_view()),
    path("desk/reasons/", moderation.Reasons.as_view()),
    path("desk/decisions/", moderation.Decisions.as_view()),
    path("desk/decisions/<int:pk>/undo/", moderation.Undo.as_view()),
    path("desk/lessons/", moderation.DisputedLessons.as_view()),
    path("desk/lessons/<int:pk>/resolve/", moderation.ResolveLesson.as_view()),
    path("desk/<int:pk>/", moderation.Item.as_view()),
    path("desk/<int:pk>/accept/", moderation.Accept.as_view()),
    path("desk/<int:pk>/return/", moderation.Return.as_view()),
    path("desk/<int:pk>/skip/", moderation.Skip.as_view()),
    re_path("", Nowhere.as_view()),
]
