"""The embedded broker: whole messages, each to one taker, in order."""

import threading

import pytest
from kombu import Connection, Queue

from pharmatrace.celery import app

QUEUE = Queue("work", routing_key="work")


@pytest.fixture
def connect(tmp_path):
    assert app  # its import puts our transport in place
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
    }
    return lambda: Connection("filesystem://localhost/", transport_options=options)


def put(connect, bodies):
    with connect() as connection, connection.SimpleQueue(QUEUE) as queue:
        for body in bodies:
            queue.put(body)


def take_all(connect):
    taken = []
    with connect() as connection, connection.SimpleQueue(QUEUE) as queue:
        while True:
            try:
                message = queue.get(block=False)
            except queue.Empty:
                return taken
            message.ack()
            taken.append(message.payload)


def test_messages_come_in_the_order_they_were_put(connect):
    put(connect, [{"n": n} for n in range(20)])

    assert take_all(connect) == [{"n": n} for n in range(20)]
    assert take_all(connect) == []


def test_a_half_written_message_is_not_seen(connect, tmp_path):
    (tmp_path / "queue" / "1_a.work.msg.part").write_text("")

    assert take_all(connect) == []


def test_an_unreadable_message_is_dropped_and_the_next_one_is_taken(connect, tmp_path):
    (tmp_path / "queue" / "0_a.work.msg").write_text("")
    put(connect, [{"n": 1}])

    assert take_all(connect) == [{"n": 1}]
    assert list((tmp_path / "queue").iterdir()) == []


def test_racing_takers_share_the_messages_without_loss_or_repetition(connect):
    wanted = {(writer, n) for writer in range(3) for n in range(50)}
    taken: list[tuple[int, int]] = []
    running = threading.Event()

    def write(writer):
        put(connect, [[writer, n] for n in range(50)])

    def read():
        while running.is_set():
            taken.extend(map(tuple, take_all(connect)))

    running.set()
    readers = [threading.Thread(target=read) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    running.clear()
    for thread in readers:
        thread.join()
    taken.extend(map(tuple, take_all(connect)))

    assert len(taken) == len(wanted)
    assert set(taken) == wanted
