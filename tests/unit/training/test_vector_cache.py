from pathlib import Path

import numpy as np

from training.vectors.vector_cache import VectorCache, text_keys


def test_rows_come_back_by_text_from_several_segments(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.append(text_keys(["rain", "snow"]), np.array([[1, 2], [3, 4]], dtype=np.float32))
    cache.append(text_keys(["hail"]), np.array([[5, 6]], dtype=np.float32))
    rows = np.zeros((4, 2), dtype=np.float32)
    found = VectorCache(tmp_path).read_into(text_keys(["hail", "fog", "rain", "snow"]), rows)
    assert found.tolist() == [True, False, True, True]
    assert rows.tolist() == [[5, 6], [0, 0], [1, 2], [3, 4]]


def test_an_empty_folder_knows_nothing(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "not-there")
    assert cache.width is None
    assert cache.read_into(text_keys(["rain"]), np.zeros((1, 2), dtype=np.float32)).tolist() == [False]


def test_a_segment_without_its_keys_is_not_read(tmp_path: Path) -> None:
    VectorCache(tmp_path).append(text_keys(["rain"]), np.ones((1, 2), dtype=np.float32))
    next(tmp_path.glob("*.keys.npy")).unlink()
    assert VectorCache(tmp_path).width is None
