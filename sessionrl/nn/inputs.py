"""What a state reads besides its items: kinds of the events, time between them, what is known of the session."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sessionrl.errors import BadOption
from sessionrl.nn.prefixes import GAPS, Prefixes


class Inputs(nn.Module):
    """x_t = v_t + kind[b_t] + gap[g_t] + sum_f feature_f[u_f]: vectors added to that of the item, before the backbone.

    b_t is the kind of the event, g_t the bucket of the time since the event before, u_f the code of the session's f-th
    feature (device, country, segment of the visitor, ...). A feature is added at every place and not only to a first
    token, so that it reaches the states of backbones that read a window, and those of a session's later pieces; with
    `items.start` a session is known by its features before its first event. All vectors begin at 0, so that a network
    with inputs starts as the network without.

    Args:
        dim: length of the item vectors
        kinds: K, kinds of event in the data
        feature_sizes: [F] codes of each feature of a session, the unknown 0 included
        event_types: read the kinds
        gaps: read the time between events (`sessionrl.nn.prefixes.gap_buckets`)
        session_features: read what is known of the session

    Raises:
        BadOption: session features are to be read and the data has none.
    """

    def __init__(
        self,
        dim: int,
        kinds: int = 1,
        feature_sizes: Sequence[int] = (),
        event_types: bool = False,
        gaps: bool = False,
        session_features: bool = False,
    ):
        super().__init__()
        if session_features and not feature_sizes:
            raise BadOption(
                "[inputs], option 'session_features' = true: the prepared data knows nothing of its sessions.\n"
                "  do now: name columns of the log with data.session_features when preparing, or leave this option out"
            )
        self.kinds = nn.Parameter(torch.zeros(kinds + 1, dim)) if event_types else None
        self.gaps = nn.Parameter(torch.zeros(GAPS, dim)) if gaps else None
        sizes = list(feature_sizes) if session_features else []
        self.register_buffer("first", torch.tensor([0, *sizes[:-1]]).cumsum(0), persistent=False)
        self.features = nn.Parameter(torch.zeros(sum(sizes), dim)) if sizes else None

    def forward(self, vectors: Tensor, prefixes: Prefixes) -> Tensor:
        """[B, T, dim] item vectors -> [B, T, dim]."""
        if self.kinds is not None and prefixes.event_types is not None:
            vectors = vectors + F.embedding(prefixes.event_types, self.kinds)
        if self.gaps is not None and prefixes.gaps is not None:
            vectors = vectors + F.embedding(prefixes.gaps, self.gaps)
        if self.features is not None and prefixes.features is not None:
            first: Tensor = self.first  # type: ignore[assignment]
            vectors = vectors + F.embedding(prefixes.features + first, self.features).sum(1, keepdim=True)
        return vectors
