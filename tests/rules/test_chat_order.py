"""Law: whatever is sent, resent and read in pieces, every reader ends with the same messages in the same order."""

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.chat import services as chat
from exchange.chat.models import Message

acts = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(0, 1), st.integers(0, 7)),
        st.tuples(st.just("read"), st.integers(0, 1), st.integers(1, 3)),
    ),
    max_size=30,
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts)
def test_readers_agree_with_the_rows(salma, yusuf, acts):
    people = [salma, yusuf]
    talk = chat.open_conversation(subject="x", subject_lang="en", people=people)
    numbers = {(who, which): uuid.uuid4() for who in range(2) for which in range(8)}
    read = [[], []]
    for act, who, amount in acts:
        if act == "send":
            chat.send(
                conversation_id=talk.pk, sender=people[who], client_id=numbers[who, amount], body=f"{who} {amount}"
            )
        else:
            seq = read[who][-1]["seq"] if read[who] else 0
            read[who] += chat.since(person=people[who], conversation_id=talk.pk, seq=seq, limit=amount)
    for who in range(2):
        seq = read[who][-1]["seq"] if read[who] else 0
        read[who] += chat.since(person=people[who], conversation_id=talk.pk, seq=seq)
    rows = list(Message.objects.filter(conversation=talk).order_by("seq").values_list("seq", "body"))
    assert [(message["seq"], message["body"]) for message in read[0]] == rows
    assert read[0] == read[1]
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
    assert len({body for _, body in rows}) == len(rows)
