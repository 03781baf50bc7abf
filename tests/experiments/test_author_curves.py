"""Published curves: read where they are, made from the authors' logs digit by digit, refused when they are others."""

import gzip
import hashlib

import pytest

from nala_lab.experiments.data import author_curves as published
from nala_lab.experiments.data.fetch import data_folders
from nala_lab.experiments.data.idx import DataError, MissingData

TIMES = ("0", "100", "200")


def logs(rates="-1E-05,-2.5E-06,0"):
    """Logs of three records in the authors' layout: the best value stands at the end of its line."""
    plain = f"{','.join(TIMES)},\n2.5,1.50,1.25,1.25\n0.1,0.25,0.5,0.5\n"
    return {
        file: plain + (f"{rates}\n" if len(metrics) == 3 else "")
        for file, (_, _, metrics) in published.NALA_LOGS.items()
    }


def test_every_number_of_a_log_has_its_row_with_every_digit():
    rows = published.tidy_nala(logs()).splitlines()
    assert len(rows) == 1 + 4 * 8 + 2 * 3
    assert rows[0] == "network,dataset,timestep,metric,value"
    assert rows[2] == "LeNet-5,CIFAR-10,100,loss,1.50" and rows[4] == "LeNet-5,CIFAR-10,,reported_best_loss,1.25"
    assert rows[-2] == "AlexNet,CIFAR-100,100,convergence_rate,-2.5E-06"


def test_the_curves_leave_the_reported_best_out():
    curves = published._from_nala(published.tidy_nala(logs()))
    assert len(curves) == 10 and all(list(curve.x) == [0, 100, 200] for curve in curves)
    loss = next(c for c in curves if (c.network, c.dataset, c.metric) == ("AlexNet", "CIFAR-10", "loss"))
    assert list(loss.y) == [2.5, 1.5, 1.25] and loss.axis == "timestep" and loss.optimizer == "NALA"


def serve(folder):
    """Put the logs where the web server has them."""
    for file, text in logs().items():
        (folder / file).write_text(text, encoding="utf-8")


def test_a_download_is_checked_and_found_again(mirror, tmp_path, monkeypatch):
    folder, server = mirror
    serve(folder)
    out = tmp_path / "out"
    with pytest.raises(DataError, match="corrupt: expected sha256"):
        published.download_nala(out, url=server, cache=tmp_path / "a")
    assert not out.exists()
    made = hashlib.sha256(published.tidy_nala(logs()).encode()).hexdigest()
    monkeypatch.setitem(published.FILES, published.NALA, made)
    path = published.download_nala(out, url=server, cache=tmp_path / "a")
    assert gzip.decompress(path.read_bytes()).decode() == published.tidy_nala(logs())
    found = published.published_curves([out], files=[published.NALA], network="AlexNet", metric="accuracy")
    assert [curve.dataset for curve in found] == ["CIFAR-10", "CIFAR-100"]


def test_a_damaged_download_is_fetched_again_next_time(mirror, tmp_path, monkeypatch):
    folder, url = mirror
    made = hashlib.sha256(published.tidy_nala(logs()).encode()).hexdigest()
    monkeypatch.setitem(published.FILES, published.NALA, made)
    for damage in (lambda text: text.replace("1.25", "1.26"), lambda text: "", lambda text: text + "\n1,2\n3,4\n"):
        serve(folder)
        damaged = folder / next(iter(published.NALA_LOGS))
        damaged.write_text(damage(damaged.read_text()), encoding="utf-8")
        with pytest.raises(DataError):
            published.download_nala(tmp_path / "out", url=url, cache=tmp_path / "cache")
        serve(folder)
        published.download_nala(tmp_path / "out", url=url, cache=tmp_path / "cache").unlink()
        for kept in (tmp_path / "cache").rglob("*.csv"):
            kept.unlink()


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(MissingData, match=r"no nala_cifar_curves.csv\[.gz\] in .*downloads it"):
        published.published_curves([tmp_path], files=[published.NALA])


@pytest.mark.data("nala_cifar_curves.csv.gz", "adabelief_cifar10_curves.csv.gz", "adabelief_ptb_lstm_curves.csv.gz")
def test_the_published_files_are_read_whole():
    """Counts and two values that are in the papers: Table 1 of NALA, Table 2 of AdaLA (AdaBelief on VGG11)."""
    curves = published.published_curves(data_folders())
    assert len(curves) == 10 + 2 * 27 + 2 * 24
    lenet = next(c for c in curves if (c.network, c.dataset, c.metric) == ("LeNet-5", "CIFAR-10", "loss"))
    assert len(lenet.x) == 450 and lenet.y.min() == 0.182860419
    vgg = [c for c in curves if (c.network, c.optimizer, c.split) == ("VGG11", "AdaBelief", "test")]
    assert len(vgg) == 1 and round(vgg[0].y.max(), 2) == 91.41
