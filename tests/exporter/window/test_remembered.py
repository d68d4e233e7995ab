"""The id table against a plain dictionary that does the same, and its bounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exporter.window.memory import SharedLock, SharedMemory
from exporter.window.prediction_log import SharedPredictionStore
from exporter.window.remembered import State

NOW = 1000.0
LABEL_DELAY_S, HORIZON_S = 60.0, 600.0


def a_store(capacity: int = 4096, label_delay_s: float | None = LABEL_DELAY_S) -> SharedPredictionStore:
    memory = SharedMemory(SharedPredictionStore.arrays(capacity))
    return SharedPredictionStore(memory, SharedLock(), label_delay_s, HORIZON_S, sweep_every_s=0)


def remember(
    store: SharedPredictionStore, keys: Sequence[int], at: float = NOW, state: State = State.WAITING
) -> list[bool]:
    """Predicts key / 10 for child key % 3."""
    hashes = np.array(keys, dtype=np.uint64)
    children = (hashes % np.uint64(3)).astype(np.int64)
    states = np.full(len(keys), state, dtype=np.uint8)
    remembered = store.remember(hashes, hashes / 10.0, np.full(len(keys), at), children, states)
    fresh: list[bool] = remembered.fresh.tolist()
    return fresh


def join(store: SharedPredictionStore, keys: Sequence[int], at: float = NOW) -> list[str]:
    """What became of each label."""
    joined = store.join(np.array(keys, dtype=np.uint64), np.ones(len(keys)), at)
    outcome = np.full(len(keys), "waits", dtype=object)
    outcome[joined.duplicate], outcome[joined.too_late], outcome[joined.matched] = "duplicate", "too late", "matched"
    return list(outcome)


def test_the_first_of_two_equal_ids_is_fresh_within_a_batch_and_between_batches() -> None:
    store = a_store()
    assert remember(store, [5, 6, 5]) == [True, True, False]
    assert remember(store, [6, 7]) == [False, True]


def test_a_label_finds_what_was_predicted_for_whom_and_when() -> None:
    store = a_store()
    remember(store, [11, 12], at=900.0)
    joined = store.join(np.array([12], dtype=np.uint64), np.ones(1), NOW)
    assert (joined.predictions.tolist(), joined.children.tolist(), joined.timestamps.tolist()) == ([1.2], [0], [900.0])


def test_a_second_label_is_a_duplicate_whether_the_first_was_matched_or_waits() -> None:
    store = a_store()
    remember(store, [5])
    assert join(store, [5, 5, 8, 8]) == ["matched", "duplicate", "waits", "duplicate"]
    assert join(store, [5, 8]) == ["duplicate", "duplicate"]


def test_a_label_before_its_prediction_is_joined_when_that_comes() -> None:
    store = a_store()
    join(store, [5])
    keys = np.array([4, 5], dtype=np.uint64)
    states = np.full(2, State.WAITING, dtype=np.uint8)
    remembered = store.remember(keys, keys / 10.0, np.full(2, NOW), np.zeros(2, dtype=np.int64), states)
    assert (remembered.fresh.tolist(), remembered.joined.tolist(), remembered.labels.tolist()) == (
        [True, True],
        [1],
        [1.0],
    )
    assert join(store, [5]) == ["duplicate"]


def test_a_prediction_without_a_label_in_time_expires_and_a_later_label_is_too_late() -> None:
    store = a_store()
    remember(store, [5, 7], at=NOW)
    remember(store, [9], at=NOW + 50)
    swept = store.sweep(NOW + 61)
    assert swept is not None
    assert sorted(swept.expired.tolist()) == sorted([5 % 3, 7 % 3])
    assert join(store, [5, 9], at=NOW + 61) == ["too late", "matched"]


def test_an_early_label_is_given_up_after_the_delay() -> None:
    store = a_store()
    join(store, [5], at=NOW)
    swept = store.sweep(NOW + 61)
    assert swept is not None
    assert swept.unmatched == 1
    assert join(store, [5], at=NOW + 61) == ["waits"]


def test_an_id_is_forgotten_after_the_horizon() -> None:
    store = a_store(label_delay_s=None)
    remember(store, [5], state=State.SEEN)
    store.sweep(NOW + HORIZON_S - 1)
    assert remember(store, [5], state=State.SEEN) == [False]
    store.sweep(NOW + HORIZON_S + 1)
    assert remember(store, [5], state=State.SEEN) == [True]


def test_a_full_table_forgets_the_oldest_and_tells_whose_label_will_not_come() -> None:
    store = a_store(capacity=64)
    rng = np.random.default_rng(7)
    evicted = fresh = 0
    for at in range(20):
        keys = rng.integers(1, 2**63, 64, dtype=np.uint64)
        states = np.full(64, State.WAITING, dtype=np.uint8)
        remembered = store.remember(keys, np.zeros(64), np.full(64, float(at)), np.zeros(64, dtype=np.int64), states)
        evicted += len(remembered.evicted)
        fresh += int(remembered.fresh.sum())
    swept = store.sweep(NOW)
    assert swept is not None
    assert fresh == 20 * 64
    assert evicted + len(swept.expired) == fresh
    assert evicted >= fresh - 2 * 64


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["predict", "label"]), st.lists(st.integers(1, 40), max_size=30)), max_size=12
    )
)
def test_it_does_what_a_dictionary_would(steps: list[tuple[str, list[int]]]) -> None:
    store, known = a_store(), dict[int, str]()
    for kind, keys in steps:
        if kind == "predict":
            assert remember(store, keys) == [_predict(known, key) for key in keys]
        else:
            assert join(store, keys) == [_label(known, key) for key in keys]


def _predict(known: dict[int, str], key: int) -> bool:
    before = known.get(key)
    known[key] = {None: "waiting", "early": "labelled"}.get(before, before or "")
    return before in (None, "early")


def _label(known: dict[int, str], key: int) -> str:
    before = known.get(key)
    known[key] = {None: "early", "waiting": "labelled"}.get(before, before or "")
    return {None: "waits", "waiting": "matched"}.get(before, "duplicate")
