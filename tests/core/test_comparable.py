"""Which runs are shown together."""

from nala_lab.core.comparable import runs_of
from nala_lab.core.records import RecordWriter

TASK = "lenet5-digits"


def write(folder, name, optimizer, seed=0, epochs=3, **settings):
    config = {"scale": "smoke", "epochs": epochs, "optimizer": {"name": optimizer, **settings}, "seed": seed}
    header = dict(task=TASK, optimizer=optimizer, seed=seed, config=config, data={}, versions={}, platform={})
    with RecordWriter(folder / TASK / f"{name}.jsonl", header) as writer:
        writer.finish("finished", totals={})


def test_one_protocol_and_one_setting_an_optimizer_in_the_papers_order(tmp_path):
    write(tmp_path, "a", "yogi")
    write(tmp_path, "b", "sgd", lr=0.1)
    write(tmp_path, "c", "nala", seed=1, k=5)
    write(tmp_path, "d", "nala", seed=0, k=5)
    write(tmp_path, "e", "nala", seed=2, k=7)  # a setting with fewer runs
    write(tmp_path, "f", "adam", epochs=4)  # a protocol with fewer runs
    (tmp_path / TASK / "g.jsonl.partial").write_text("", encoding="utf-8")
    shown = [(run.optimizer, run.seed) for run in runs_of(tmp_path, TASK)]
    assert shown == [("nala", 0), ("nala", 1), ("sgd", 0), ("yogi", 0)]


def test_a_task_without_runs_has_none(tmp_path):
    assert runs_of(tmp_path, TASK) == []
