"""Small networks of every kind that recordings are tried on, and loops that train them."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

import optim_viz as ov


class Tied(nn.Module):
    """An embedding whose matrix is also the last layer's."""

    def __init__(self):
        super().__init__()
        self.embed, self.out = nn.Embedding(11, 6), nn.Linear(6, 11, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, x):
        return self.out(self.embed(x).mean(1))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.5),
        nn.Flatten(), nn.Linear(4 * 4 * 4, 5),
    )  # fmt: skip


def transformer():
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
    return nn.Sequential(nn.Embedding(11, 8), nn.TransformerEncoder(layer, 1, enable_nested_tensor=False),
                         nn.Flatten(), nn.Linear(48, 5))  # fmt: skip


def images(count=24):
    draw = torch.Generator().manual_seed(0)
    return torch.randn(count, 1, 8, 8, generator=draw), torch.randint(5, (count,), generator=draw)


def words(count=24, answers=5):
    draw = torch.Generator().manual_seed(0)
    return torch.randint(11, (count, 6), generator=draw), torch.randint(answers, (count,), generator=draw)


#: A network by name: how it is made, and its data.
MODELS = {
    "logistic": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 5)), images),
    "cnn": (cnn, images),
    "transformer": (transformer, words),
    "tied": (Tied, lambda: words(answers=11)),
}


def loss(call, batch):
    return F.cross_entropy(call(batch[0]), batch[1])


def accuracy(call, batch):
    return (call(batch[0]).argmax(1) == batch[1]).double().mean()


def made(name, seed=0):
    torch.manual_seed(seed)
    return MODELS[name][0]()


def trained(model, batch, steps=12, lr=0.05, momentum=0.0, label="sgd", rec=None, **options):
    """Full-batch steps with dropout off, so that the loop's losses are those of the snapshots."""
    for part in model.modules():
        part.training = not isinstance(part, nn.Dropout)
        if isinstance(part, nn.TransformerEncoderLayer | nn.MultiheadAttention):
            part.training = False
    sgd = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    rec = rec or ov.record(model, label, optimizer=sgd, **options)
    for _ in range(steps):
        sgd.zero_grad()
        value = loss(model, batch)
        value.backward()
        sgd.step()
        rec.step(value)
    return rec


def vector(model):
    """All trained weights of a module, each tied one once."""
    return np.concatenate([p.detach().reshape(-1).numpy() for p in model.parameters()])
