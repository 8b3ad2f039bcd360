"""Digits from files: what is right is read, what is wrong gets its sentence, nothing is ever unpickled."""

import gzip
import hashlib
import io
import struct
import time
import zipfile

import numpy as np
import pytest

from optim_viz.network import digit_files, digits, uploads
from optim_viz.network.project import project
from optim_viz.network.sharpness import sharpness
from optim_viz.network.train import train
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import SpecError


def arrays(count=200):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, 784), np.uint8), rng.integers(0, 10, count).astype(np.uint8)


def npz(**content):
    packed = io.BytesIO()
    np.savez_compressed(packed, **content)
    return packed.getvalue()


def idx(array):
    shape = (len(array), 28, 28) if array.ndim == 2 else array.shape
    kind = 0x800 + len(shape)
    return struct.pack(f">I{len(shape)}I", kind, *shape) + array.tobytes()


def npz_of(x, y=None, flags=0, **more):
    """A zip file whose x.npy holds these bytes; with the bit of an encrypted file where it is asked for."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", **more) as archive:
        archive.writestr("x.npy", x)
        archive.writestr("y.npy", npy(Y) if y is None else y)
    return packed.getvalue().replace(
        b"PK\x01\x02" + bytes([20, 3, 20, 0, 0]), b"PK\x01\x02" + bytes([20, 3, 20, 0, flags])
    )


def npy(array=None, header=""):
    """An array as np.save writes it, or a header of one's own before no data."""
    if array is None:
        text = header.encode()
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
    packed = io.BytesIO()
    np.save(packed, array)
    return packed.getvalue()


def described(shape, descr="'|u1'"):
    return npy(header=f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")


def names(count):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for i in range(count):
            archive.writestr(f"{i:050}", b"")
    return packed.getvalue()


X, Y = arrays()
HEADERS = ("(" * 250, "[" * 120 + "]" * 120, "{[]: 1}", "'" * 9, "1\n  1")
NO_NPZ = "a.npz is not an npz file of plain numbers."


def test_the_shipped_digits_are_the_ones_that_their_readme_describes():
    data = digits.load()
    y = np.concatenate([data.train_y, data.test_y])
    assert np.bincount(y).tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    assert data.train_x.dtype == np.uint8 and data.title == "a 10,000-digit subset of MNIST"
    assert data.test_y[:10].tolist() == digits.load().test_y[:10].tolist()


@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_lie_side_by_side(tmp_path, packed):
    wrap, end = (gzip.compress, ".gz") if packed else (bytes, "")
    (tmp_path / f"my-images-idx3-ubyte{end}").write_bytes(wrap(idx(X)))
    (tmp_path / f"my-labels-idx1-ubyte{end}").write_bytes(wrap(idx(Y)))
    x, y = digit_files.read(str(tmp_path / f"my-images-idx3-ubyte{end}"))
    assert np.array_equal(x, X) and np.array_equal(y, Y)


def test_an_upload_is_kept_under_its_hash_and_trains(tmp_path, monkeypatch):
    monkeypatch.setenv("OPTIM_VIZ_CACHE", str(tmp_path))
    path = uploads.keep({"mine.npz": npz(x=X.reshape(-1, 28, 28), y=Y.astype(np.int64))})
    assert path == uploads.keep({"images": idx(X), "labels": gzip.compress(idx(Y))})
    data = digits.load(path)
    assert data.train_x.shape == (160, 784) and data.test_x.shape == (40, 784)
    t = train([optimizer("adam")], epochs=1, batch_size=64, hidden=(8,), data=path)
    assert t["adam"].predictions.shape[1] == 40 and len(t["adam"].losses) == 3


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"a.npz": b"not a zip"}, "a.npz is not an npz file of plain numbers."),
        ({"a.npz": b""}, "a.npz is not an npz file of plain numbers."),
        ({"a.npz": npz(x=X)}, "a.npz must hold two arrays, x and y; it holds x.npy."),
        ({"a.npz": npz(x=np.array([{"a": 1}]), y=Y)}, "a.npz is not an npz file of plain numbers."),
        ({"a.npz": npz(x=X, y=Y)[:-200]}, "a.npz is not an npz file of plain numbers."),
        ({"a.npz": npz(x=X[:, :700], y=Y)}, "x must be bytes [n, 784] or [n, 28, 28], grey levels 0 to 255; got uint8"),
        ({"a.npz": npz(x=X / 255, y=Y)}, "grey levels 0 to 255; got float64 [200, 784]."),
        ({"a.npz": npz(x=X, y=Y[:5])}, "y must be one whole number for each of the 200 digits; got uint8 [5]."),
        ({"a.npz": npz(x=X, y=Y + 0.5)}, "y must be one whole number for each of the 200 digits; got float"),
        ({"a.npz": npz(x=X, y=Y + 1)}, "y must hold the digits 0 to 9; got 1 to 10."),
        ({"a.npz": npz(x=X[:9], y=Y[:9])}, "There must be 100 to 70,000 digits; got 9."),
        ({"a.npz": npz(x=np.zeros(60_000_000, np.uint8), y=Y)}, "a.npz unpacks to more than the 56 MB"),
        ({"a": idx(X)}, "Digits come as one .npz file, or as two IDX files, one of images and one of labels."),
        ({}, "Digits come as one .npz file, or as two IDX files"),
        ({"a": idx(X)[:-1], "b": idx(Y)}, "a says that it holds 156,800 bytes of data; it holds 156,799."),
        ({"a": struct.pack(">IIII", 0x803, *[2**32 - 1] * 3), "b": idx(Y)}, "it holds 0."),
        ({"a": b"\x1f\x8bbroken", "b": idx(Y)}, "a is not an IDX file."),
        ({"a": b"", "b": idx(Y)}, "a is not an IDX file."),
        ({"a": b"12345678", "b": idx(Y)}, "a is not an IDX file of images or labels in bytes."),
        ({"a": bytes(digit_files.MAX_BYTES + 1), "b": idx(Y)}, "a is too large: at most 56 MB hold 70,000 digits."),
    ],
)
def test_a_broken_file_gets_its_sentence(files, sentence):
    with pytest.raises(SpecError) as error:
        digit_files.parse(files)
    assert sentence in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (npz_of(described((70_000, 10**9))), NO_NPZ),  # numpy would ask for 70 TB
        (npz_of(described((0, 10**30))), NO_NPZ),
        (npz_of(described((-1, -784)) + b"x"), NO_NPZ),
        (npz_of(described((200, 784), "'|O'")), NO_NPZ),
        (npz_of(b"plain text"), NO_NPZ),
        (npz_of(b""), NO_NPZ),
        *((npz_of(npy(header=text)), NO_NPZ) for text in HEADERS),
        (npz_of(npy(header=" " * 60_000)), NO_NPZ),
        (npz_of(npy(X), flags=1), "a.npz is encrypted: digits are read from open files."),
        (npz_of(npy(X), compression=zipfile.ZIP_LZMA), NO_NPZ),  # whose header may ask for 4 GB
        (lambda: names(50), "must hold two arrays, x and y; it holds 0000"),
        (lambda: names(10_000), "must hold two arrays, x and y; it holds over 100 files."),
        (npz(x=np.zeros((200, 9), ",".join(["u1"] * 8)), y=Y), "grey levels 0 to 255; got [('f0', 'u1')"),
    ],
)  # fmt: skip
def test_a_hostile_file_gets_a_short_sentence_soon(content, sentence):
    content = content() if callable(content) else content
    began = time.process_time()
    with pytest.raises(SpecError) as error:
        digit_files.parse({"a.npz": content})
    assert sentence in str(error.value) and len(str(error.value)) < 200
    assert time.process_time() - began < 1


def test_a_gzip_file_of_a_million_empty_parts_is_refused_at_once():
    began = time.process_time()
    with pytest.raises(SpecError, match="a is not an IDX file"):
        digit_files.parse({"a": gzip.compress(b"") * 1_000_000, "b": idx(Y)})
    assert time.process_time() - began < 1


def test_arrays_that_are_stored_plainly_or_by_columns_are_read():
    x, y = digit_files.parse({"a.npz": npz_of(npy(np.asfortranarray(X)))})
    assert np.array_equal(x, X) and np.array_equal(y, Y)


def test_a_long_name_is_cut():
    with pytest.raises(SpecError) as error:
        digit_files.parse({"a" * 5000 + ".npz": b""})
    assert len(str(error.value)) < 200


def test_mnist_is_fetched_once_checked_and_cached(tmp_path, monkeypatch):
    monkeypatch.setenv("OPTIM_VIZ_CACHE", str(tmp_path))
    monkeypatch.delenv("OPTIM_VIZ_MNIST_URL", raising=False)
    with pytest.raises(SpecError, match="The full MNIST is not here: set OPTIM_VIZ_MNIST_URL"):
        digits.load("mnist")
    served = {"i.gz": gzip.compress(idx(X)), "l.gz": gzip.compress(idx(Y))}
    monkeypatch.setattr(digit_files, "MNIST", {k: hashlib.sha256(v).hexdigest() for k, v in served.items()})
    asked = []

    def urlopen(url, timeout):
        asked.append(url)
        return io.BytesIO(served[url.rsplit("/", 1)[1]])

    monkeypatch.setattr(digit_files.urllib.request, "urlopen", urlopen)
    monkeypatch.setenv("OPTIM_VIZ_MNIST_URL", "https://example.invalid/digits/")
    assert np.array_equal(digit_files.mnist()[0], X) and len(asked) == 2
    assert np.array_equal(digit_files.mnist()[1], Y) and len(asked) == 2
    (tmp_path / "i.gz").write_bytes(b"damaged")
    served["i.gz"] += b"changed"
    with pytest.raises(SpecError, match=r"i.gz from OPTIM_VIZ_MNIST_URL is not MNIST's"):
        digit_files.mnist()


def test_a_fetch_that_fails_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("OPTIM_VIZ_CACHE", str(tmp_path))
    monkeypatch.setenv("OPTIM_VIZ_MNIST_URL", "http://127.0.0.1:9/")
    with pytest.raises(SpecError, match="the shipped digits need no network"):
        digit_files.mnist()


def first_loss(path):
    return float(train([optimizer("sgd")], epochs=1, batch_size=64, hidden=(4,), data=str(path))["sgd"].losses[0])


def test_a_file_that_is_written_anew_or_deleted_is_not_remembered(tmp_path):
    path = tmp_path / "mine.npz"
    path.write_bytes(npz(x=X, y=Y))
    before = first_loss(path)
    path.write_bytes(npz(x=X * 0, y=Y))
    assert first_loss(path) != before
    path.write_bytes(b"broken")
    with pytest.raises(SpecError, match=r"mine.npz is not an npz file"):
        first_loss(path)
    path.unlink()
    with pytest.raises(SpecError, match=r"The digits in .* could not be read: No such file"):
        first_loss(path)


def test_a_name_is_that_of_a_file_in_the_folder_that_one_is_in(tmp_path, monkeypatch):
    for folder, x in (("a", X), ("b", X * 0)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.npz").write_bytes(npz(x=x, y=Y))
    monkeypatch.chdir(tmp_path / "a")
    before = first_loss("mine.npz")
    monkeypatch.chdir(tmp_path / "b")
    assert first_loss("mine.npz") != before


def test_labels_that_change_beside_their_images_are_seen(tmp_path):
    images, labels = (tmp_path / f"my-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1"))
    images.write_bytes(idx(X))
    labels.write_bytes(idx(Y))
    assert set(digits.load(str(images)).test_y) != {3}
    labels.write_bytes(idx(Y * 0 + 3))
    assert set(digits.load(str(images)).test_y) == {3}


def test_a_file_is_read_once_and_a_training_is_seen_again_on_its_own_digits_alone(tmp_path):
    path = tmp_path / "mine.npz"
    path.write_bytes(npz(x=X, y=Y))
    assert digits.load(str(path)) is digits.load(str(path))
    t = train([optimizer("sgd")], epochs=1, batch_size=64, hidden=(4,), data=str(path))
    path.write_bytes(npz(x=X, y=Y))  # the same digits, at another time
    assert project(t, resolution=5).loss.shape == (5, 5) and sharpness(t, snapshots=1)["sgd"].steps.size
    path.write_bytes(npz(x=X, y=Y * 0 + 3))
    for look in (project, sharpness):
        with pytest.raises(SpecError, match=r"The digits in .*mine.npz' have changed since this training: train again"):
            look(t)
