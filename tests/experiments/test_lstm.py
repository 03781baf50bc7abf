"""AWD-LSTM: its parameters, its equations against a loop written out, its masks and their stream."""

import pytest
import torch

from nala_lab.experiments.models import torch_stream
from nala_lab.experiments.models.lstm import DROPOUT, AwdLstm, awd_lstm

WORDS, COLUMNS, TIME = 30, 3, 4


def net(**options):
    own = {"words": WORDS, "layers": 2, "embedding": 6, "hidden": 9, "generator": torch_stream(0, "initial weights")}
    return awd_lstm(**{**own, **options}).double()


def text(seed=1):
    return torch.randint(0, WORDS, (TIME, COLUMNS), generator=torch_stream(seed, "text"))


@pytest.mark.parametrize(("layers", "parameters"), [(1, 5_293_200), (2, 13_632_400), (3, 24_221_600)])
def test_the_published_networks_have_their_numbers_of_parameters(layers, parameters):
    with torch.device("meta"):
        model = AwdLstm(10_000, layers, 400, 1150, DROPOUT)
    # By hand: E and b, then 4 n (inputs + n) + 8 n for each LSTM of n units.
    widths = [400, *[1150] * (layers - 1), 400]
    by_hand = 10_000 * 401 + sum(4 * n * (m + n) + 8 * n for m, n in zip(widths, widths[1:], strict=False))
    assert sum(p.numel() for p in model.parameters()) == by_hand == parameters


def test_without_masks_it_is_the_lstm_of_the_textbook():
    model, x = net(), text()
    hidden = [(torch.rand_like(h), torch.rand_like(c)) for h, c in model.start(COLUMNS)]
    logits, after, raw, dropped = model(x, hidden)
    out = model.embedding.weight[x]
    for layer, (h0, c0), (h_end, c_end) in zip(model.layers, hidden, after, strict=True):
        h, c, outs = h0[0], c0[0], []
        for x_t in out:
            gates = x_t @ layer.weight_ih_l0.T + layer.bias_ih_l0 + h @ layer.weight_hh_l0.T + layer.bias_hh_l0
            i, f, g, o = gates.chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            outs.append(h)
        out = torch.stack(outs)
        # float64, sums of at most 9 + 6 terms of size 1: 1e-14 is 45 units in the last place.
        torch.testing.assert_close((h_end[0], c_end[0]), (h, c), rtol=0, atol=1e-14)
    torch.testing.assert_close(raw, out, rtol=0, atol=1e-14)
    assert torch.equal(raw, dropped)
    by_hand = out.reshape(TIME * COLUMNS, -1) @ model.embedding.weight.T + model.bias
    torch.testing.assert_close(logits, by_hand, rtol=0, atol=1e-14)


def test_the_hidden_state_joins_two_windows():
    model, x = net(), text()
    whole, end, _, _ = model(x, model.start(COLUMNS))
    first, middle, _, _ = model(x[:1], model.start(COLUMNS))
    rest, after, _, _ = model(x[1:], middle)
    torch.testing.assert_close(torch.cat([first, rest]), whole, rtol=0, atol=1e-14)  # as above
    torch.testing.assert_close(after[0], end[0], rtol=0, atol=1e-14)


def only(where, chance=0.5):
    return {name: chance if name == where else 0.0 for name in DROPOUT}


def test_a_dropped_word_is_dropped_wherever_it_stands():
    model = net(layers=1, dropout=only("words"))
    # Every word twice, in two columns that do not lie side by side; one time step, so nothing is remembered.
    x = torch.cat([torch.arange(WORDS), torch.arange(WORDS).flip(0)])[None]
    # Zero weights but one: a dropped word gives an output of zero.
    with torch.no_grad():
        for name, p in model.layers[0].named_parameters():
            if name != "weight_ih_l0":
                p.zero_()
    _, _, raw, _ = model(x, model.start(2 * WORDS), torch_stream(0, "dropout"))
    zero = (raw[0].abs().sum(1) == 0).tolist()
    assert zero[:WORDS] == zero[WORDS:][::-1]
    assert 5 <= sum(zero[:WORDS]) <= 25  # of 30 coins: mean 15, standard deviation 2.7


def test_locked_dropout_uses_one_mask_for_all_time_steps_and_keeps_the_mean():
    model = net(dropout=only("output", 0.25), embedding=200)
    _, _, raw, dropped = model(text(), model.start(COLUMNS), torch_stream(0, "dropout"))
    ratio = dropped / raw
    assert torch.equal(ratio == 0, (ratio[:1] == 0).expand_as(ratio))
    assert not torch.equal(ratio[:, 0] == 0, ratio[:, 1] == 0)  # another one for each column
    torch.testing.assert_close(ratio[ratio != 0], torch.full_like(ratio[ratio != 0], 4 / 3), rtol=1e-12, atol=0)
    kept = (ratio[0] != 0).double().mean().item()
    assert abs(kept - 0.75) < 5 * (0.75 * 0.25 / 600) ** 0.5  # five standard deviations of 600 entries


def test_dropped_recurrent_weights_get_no_gradient_and_the_others_do():
    model = net(dropout=only("weights"))
    logits, _, _, _ = model(text(), model.start(COLUMNS), torch_stream(0, "dropout"))
    logits.square().sum().backward()
    for layer in model.layers:
        zero = (layer.weight_hh_l0.grad == 0).double().mean().item()
        n = layer.weight_hh_l0.numel()
        assert abs(zero - 0.5) < 5 * 0.5 / n**0.5  # five standard deviations of the share of n coins
        assert (layer.weight_ih_l0.grad != 0).all() and layer.weight_hh_l0.is_leaf


def test_every_dropout_changes_the_logits_and_none_does_at_chance_zero():
    x, start = text(), net().start(COLUMNS)
    plain = net(dropout=only("none"))(x, start, torch_stream(0, "dropout"))[0]
    assert torch.equal(plain, net()(x, start)[0])
    for where in DROPOUT:
        assert not torch.equal(net(dropout=only(where))(x, start, torch_stream(0, "dropout"))[0], plain), where


def test_masks_come_from_the_stream_and_nothing_from_torchs_global_one():
    before = torch.get_rng_state()
    stream = torch_stream(5, "dropout")
    model, x = net(), text()
    one = model(x, model.start(COLUMNS), stream)[0]
    two = model(x, model.start(COLUMNS), stream)[0]
    again = net()(x, model.start(COLUMNS), torch_stream(5, "dropout"))[0]
    assert torch.equal(one, again) and not torch.equal(one, two)
    assert torch.equal(torch.get_rng_state(), before)


def test_initial_weights_are_those_of_their_stream():
    model = awd_lstm(WORDS, layers=2, embedding=6, hidden=9, generator=torch_stream(0, "initial weights"))
    other = awd_lstm(WORDS, layers=2, embedding=6, hidden=9, generator=torch_stream(1, "initial weights"))
    assert torch.equal(model.embedding.weight, net().embedding.weight.float())
    assert not torch.equal(model.embedding.weight, other.embedding.weight)
    # The largest of many draws comes close to the bound and stays below it.
    for values, bound in ((model.embedding.weight, 0.1), (model.layers[0].weight_ih_l0, 1 / 3)):
        assert 0.95 * bound < values.abs().max() <= bound
    assert not model.bias.any()


def test_sizes_and_chances_out_of_range_are_refused():
    for options, said in (({"layers": 0}, "layers must satisfy integer layers >= 1"),
                          ({"dropout": {"inputs": 0.1}}, "dropout must satisfy .* got dropout='inputs'"),
                          ({"dropout": {"input": 1.0}}, "0 <= dropout"),
                          ({"dropout": {"input": float("nan")}}, "0 <= dropout")):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            net(**options)
