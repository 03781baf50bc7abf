"""What FID's features come from: the stand-in that is trained once, and Inception where the user has it."""

import hashlib
import sys
import types

import pytest
import torch

from nala_lab.experiments.checkpoint import save
from nala_lab.experiments.data.images import load_pixels
from nala_lab.experiments.gan import extractors
from nala_lab.experiments.gan.extractors import (
    CAVEAT,
    INCEPTION_FILE,
    Recipe,
    classifier,
    get_extractor,
    inception,
    random_features,
)

TINY = Recipe(epochs=5, batch_size=32, lr=5e-3, channels=(8, 16, 32))


@pytest.fixture(scope="module")
def data():
    return load_pixels("cifar-10", standin=True)


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return classifier(data, recipe=TINY, cache=cache), cache


def untrainable(*args):
    raise AssertionError("trained again")


def test_the_stand_in_learns_its_data_and_says_that_it_is_no_inception(trained, data):
    extractor, _ = trained
    # Generated classes are patterns of coloured squares, which even this network tells apart; guessing has 10 %.
    accuracy = float(extractor.label.split("%")[0].split()[-1])
    assert accuracy > 50 and CAVEAT in extractor.label and "generated" in extractor.label
    features = extractor.features(data.test_x)
    assert features.shape == (256, 32) and (features >= 0).all() and features.std(0).max() > 0
    spread = [features[data.test_y == c].mean(0) for c in range(10)]
    assert torch.stack(spread).std(0).max() > 0.1  # the classes lie apart


def test_it_is_trained_once_and_the_same_each_time(trained, data, tmp_path, monkeypatch):
    extractor, cache = trained
    before = torch.get_rng_state()
    assert classifier(data, recipe=TINY, cache=tmp_path).sha256 == extractor.sha256
    assert torch.equal(torch.get_rng_state(), before)
    monkeypatch.setattr(extractors, "_train", untrainable)
    again = classifier(data, recipe=TINY, cache=cache)
    assert (again.label, again.sha256) == (extractor.label, extractor.sha256)
    assert torch.equal(again.features(data.test_x[:9]), extractor.features(data.test_x[:9]))
    with pytest.raises(AssertionError, match="trained again"):  # its label tells of the test images
        classifier(data.first(None, 3), recipe=TINY, cache=cache)
    with pytest.raises(AssertionError, match="trained again"):  # another recipe is another network
        classifier(data, recipe=Recipe(epochs=1, channels=TINY.channels), cache=cache)


def test_its_file_holds_no_code_and_is_not_believed_when_damaged(trained, data, tmp_path):
    extractor, cache = trained
    (file,) = cache.iterdir()
    assert torch.load(file, weights_only=True)["progress"]["sha256"] == extractor.sha256
    copy = tmp_path / file.name
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    for content in (bytes(raw), b"no archive"):
        copy.write_bytes(content)
        assert classifier(data, recipe=TINY, cache=tmp_path).sha256 == extractor.sha256
        assert torch.load(copy, weights_only=True)["progress"]["sha256"] == extractor.sha256


def test_other_weights_under_its_name_are_found_by_the_checksum(trained, data, tmp_path):
    extractor, cache = trained
    (file,) = cache.iterdir()
    kept = torch.load(file, weights_only=True)["progress"]
    save(tmp_path / file.name, model=TINY.network(), **kept)  # a whole file, with untrained weights
    assert classifier(data, recipe=TINY, cache=tmp_path).sha256 == extractor.sha256


def test_a_cache_that_cannot_be_written_costs_a_warning(data, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert classifier(data, recipe=Recipe(1, 128, channels=(2, 2, 2)), cache=blocked).label
    assert "will be trained again" in capsys.readouterr().err


def test_images_are_taken_in_parts_and_brought_to_32_pixels(data):
    extractor = random_features()
    images = data.train_x[:700]
    whole = extractor.features(images)
    # Parts of another size may add up in another order.
    torch.testing.assert_close(torch.cat([extractor.features(images[:3]), extractor.features(images[3:])]), whole)
    doubled = images[:5].repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(extractor.features(doubled), whole[:5])  # means of 2 x 2 equal pixels
    with pytest.raises(ValueError, match=r"torch\.uint8"):
        extractor.features(images.float())
    with pytest.raises(ValueError, match="shape"):
        extractor.features(images[0])


def test_inception_without_its_package_is_refused_in_one_sentence(data, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(ValueError, match="needs the package torch-fidelity.*not comparable") as said:
        get_extractor("inception", data)
    assert "\n" not in str(said.value)
    with pytest.raises(ValueError, match="extractor in"):
        get_extractor("vgg", data)


class Package(torch.nn.Module):
    """Stands for the package's network: 2048 features, and it insists on a path."""

    def __init__(self, name, features_list, feature_extractor_weights_path):
        super().__init__()
        assert name == "inception-v3-compat" and features_list == ["2048"]
        self.weight = torch.load(feature_extractor_weights_path, weights_only=True)["w"]

    def forward(self, x):
        assert x.dtype == torch.uint8
        return (x.float().flatten(1).mean(1, keepdim=True) * self.weight,)


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A package torch-fidelity, and a file of weights whose name ends in the start of its checksum."""
    name = "torch_fidelity.feature_extractor_inceptionv3"
    parent, module = types.ModuleType("torch_fidelity"), types.ModuleType(name)
    parent.__spec__ = types.SimpleNamespace()
    module.FeatureExtractorInceptionV3 = Package
    monkeypatch.setitem(sys.modules, "torch_fidelity", parent)
    monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    return tmp_path


def with_weights(folder, monkeypatch, content):
    torch.save(content, folder / "weights")
    sha256 = hashlib.sha256((folder / "weights").read_bytes()).hexdigest()
    monkeypatch.setattr(extractors, "INCEPTION_FILE", f"weights-{sha256[:8]}.pth")
    (folder / "weights").rename(folder / extractors.INCEPTION_FILE)


def test_inception_is_used_where_package_and_weights_are(package, monkeypatch, data):
    with_weights(package, monkeypatch, {"w": torch.arange(2048.0)})
    extractor = get_extractor("auto", data, folders=[package])
    assert CAVEAT not in extractor.label and "Inception" in extractor.label
    assert extractor.features(torch.full((3, 3, 32, 32), 2, dtype=torch.uint8))[1, 7] == 14


def test_weights_that_are_not_the_published_ones_are_refused(package, monkeypatch):
    with pytest.raises(ValueError, match=f"{INCEPTION_FILE} in torch.hub's cache or a data folder"):
        inception()
    (package / INCEPTION_FILE).write_bytes(b"something else")
    with pytest.raises(ValueError, match="published weights, by their sha256"):
        inception([package])


def test_a_file_that_would_run_code_is_not_given_to_the_package(package, monkeypatch):
    with_weights(package, monkeypatch, {"w": types.SimpleNamespace(a=1)})
    with pytest.raises(ValueError, match="holds more than tensors"):
        inception([package])
