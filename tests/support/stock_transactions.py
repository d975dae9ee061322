"""Seeded stock_transactions records: the same seed and start give the same bytes, a million of them in seconds.

    rows = list(StockTransactions(seed=7).rows(1_000_000))
    kafka.produce_many(topic, enveloped(rows))
    totals(rows)        # what every destination must add up to
"""

import collections
import dataclasses
import itertools
import random
import time
from typing import Iterable, Iterator, NamedTuple, Optional

_DAY_MS = 86_400_000
_CHUNK = 10_000
_PLAIN = '{"id":%d,"user_id":%d,"symbol":"%s","shares":%d,"purchase":%r,"update_at":%d}'

# The envelope that Connect's JsonConverter reads (JsonConverter 4.3.1, `schemas.enable=true`): schema first, payload last. What it
# leaves out (`optional` of a field and of the struct, `version`) is what the converter does without; 493 B is the size all
# benchmark figures are stated for.
_SCHEMA = ('{"schema":{"type":"struct","fields":['
           '{"type":"int32","optional":false,"field":"id"},'
           '{"type":"int32","optional":false,"field":"user_id"},'
           '{"type":"string","optional":false,"field":"symbol"},'
           '{"type":"int32","optional":false,"field":"shares"},'
           '{"type":"double","optional":false,"field":"purchase"},'
           '{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","field":"update_at"}'
           ']},"payload":')


class Row(NamedTuple):
    """One transaction. `purchase` has two decimals; `update_at` is epoch milliseconds, UTC."""
    id: int
    user_id: int
    symbol: str
    shares: int
    purchase: float
    update_at: int


class StockTransactions:
    """An endless, seeded sequence of rows: ids count up from `first_id`, times go up over the last `days` days.

    now_ms: the end of the times; the start of this object when None. ordered=False scatters the times instead.
    """

    def __init__(self, seed: int = 1, *, now_ms: Optional[int] = None, days: int = 30, first_id: int = 1,
                 users: int = 100_000, symbols: int = 500, ordered: bool = True):
        self.now_ms = int(time.time() * 1000) if now_ms is None else now_ms
        self.symbols = _tickers(symbols)
        self._random = random.Random(seed)
        self._days, self._next_id, self._users, self._ordered = days, first_id, users, ordered
        # few symbols are traded much, most little: weight 1/rank^0.7
        self._weights = list(itertools.accumulate((rank + 1) ** -0.7 for rank in range(symbols)))

    def rows(self, count: int) -> Iterator[Row]:
        """The next `count` rows, spread evenly over the days."""
        span = self._days * _DAY_MS - 60_000
        start = self.now_ms - span - 30_000
        make, uniform = Row._make, self._random.random
        for begin in range(0, count, _CHUNK):
            end = min(begin + _CHUNK, count)
            symbols = self._random.choices(self.symbols, cum_weights=self._weights, k=end - begin)
            first = self._next_id - begin
            self._next_id += end - begin
            for n, symbol in zip(range(begin, end), symbols):
                at = n / count if self._ordered else uniform()
                yield make((first + n, 1 + int(uniform() * self._users), symbol, 1 + int(uniform() * 1000),
                            (500 + int(uniform() * 99_500)) / 100, start + int(at * span + uniform() * 2000)))

    def row_now(self) -> Row:
        """One more row with the present time: the modest flow after the bulk."""
        row = next(self.rows(1))
        return row._replace(update_at=int(time.time() * 1000))


def _tickers(count: int) -> list:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    seen: dict = {}
    draw = random.Random("tickers")
    while len(seen) < count:
        seen["".join(draw.choices(letters, k=draw.choice((3, 4, 4, 4))))] = None
    return list(seen)


def plain(rows: Iterable[Row]) -> Iterator[bytes]:
    """JSON without a schema, about 105 B a record."""
    return ((_PLAIN % row).encode() for row in rows)


def enveloped(rows: Iterable[Row]) -> Iterator[bytes]:
    """JSON with Connect's schema envelope, 493 B a record; `update_at` is Connect's logical Timestamp."""
    template = _SCHEMA.replace("%", "%%") + _PLAIN + "}"
    return ((template % row).encode() for row in rows)


@dataclasses.dataclass
class Totals:
    """What a destination is checked against: the count and sums of all values (purchase in cents, so exact)."""
    count: int = 0
    id: int = 0
    user_id: int = 0
    shares: int = 0
    cents: int = 0
    update_at: int = 0
    shares_by_symbol: dict = dataclasses.field(default_factory=collections.Counter)


def totals(rows: Iterable[Row], into: Optional[Totals] = None) -> Totals:
    """Adds the rows to `into` (a new one when None) and returns it."""
    sums = into if into is not None else Totals()
    for row in rows:
        sums.count += 1
        sums.id += row.id
        sums.user_id += row.user_id
        sums.shares += row.shares
        sums.cents += round(row.purchase * 100)
        sums.update_at += row.update_at
        sums.shares_by_symbol[row.symbol] += row.shares
    return sums
