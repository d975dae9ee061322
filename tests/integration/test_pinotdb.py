"""Pinot's own Python client and its SQLAlchemy dialect, unchanged, against the analytics broker and controller."""

import pytest

from tests.integration.test_table import document_schema, http
from tests.support.bywash_process import Bywash
from tests.support.stock_transactions import StockTransactions, plain

pinotdb = pytest.importorskip("pinotdb")
sqlalchemy = pytest.importorskip("sqlalchemy")


@pytest.fixture(name="program", scope="module")
def _program():
    with Bywash.analytics() as program:
        assert http("POST", program.controller_url + "/schemas", document_schema())[0] == 200
        table = {"tableName": "stock_transactions", "tableType": "OFFLINE", "segmentsConfig": {"timeColumnName": "update_at", "replication": "1"}}
        assert http("POST", program.controller_url + "/tables", table)[0] == 200
        body = b"\n".join(plain(StockTransactions(seed=21).rows(2_000)))
        target = "/ingestFromFile?tableNameWithType=stock_transactions_OFFLINE&batchConfigMapStr=%7B%22inputFormat%22%3A%22json%22%7D"
        assert http("POST", program.controller_url + target, body, {"Content-Type": "text/plain"})[0] == 200
        yield program


@pytest.fixture(name="rows", scope="module")
def _rows():
    return list(StockTransactions(seed=21).rows(2_000))


def test_the_db_api_reads_rows_types_and_errors(program, rows):
    cursor = pinotdb.connect(host="127.0.0.1", port=program.broker_port, path="/query/sql", scheme="http").cursor()
    cursor.execute("SELECT symbol, SUM(shares) AS s, COUNT(*) FROM stock_transactions GROUP BY symbol ORDER BY s DESC, symbol LIMIT 3")
    sums: dict = {}
    for row in rows:
        shares, count = sums.get(row.symbol, (0, 0))
        sums[row.symbol] = (shares + row.shares, count + 1)
    expected = sorted(((symbol, float(shares), count) for symbol, (shares, count) in sums.items()), key=lambda r: (-r[1], r[0]))[:3]
    assert [tuple(row) for row in cursor.fetchall()] == expected
    assert [column[0] for column in cursor.description] == ["symbol", "s", "count(*)"]
    cursor.execute("SELECT COUNT(*) FROM stock_transactions WHERE user_id = %(user)d", {"user": rows[0].user_id})
    assert cursor.fetchone()[0] == sum(row.user_id == rows[0].user_id for row in rows)
    cursor.execute("SELECT a.symbol, a.s, RANK() OVER (ORDER BY a.s DESC) AS r FROM (SELECT symbol, SUM(shares) AS s FROM stock_transactions GROUP BY symbol) a "
                   "JOIN (SELECT DISTINCT symbol FROM stock_transactions WHERE id < 40) b ON a.symbol = b.symbol ORDER BY r, a.symbol LIMIT 5")
    early = {row.symbol for row in rows if row.id < 40}
    ranked = sorted(((symbol, shares) for symbol, (shares, _) in sums.items() if symbol in early), key=lambda r: (-r[1], r[0]))[:5]
    found = [tuple(row) for row in cursor.fetchall()]
    assert [row[:2] for row in found] == ranked and found[0][2] == 1
    assert [column[0] for column in cursor.description] == ["symbol", "s", "r"]
    with pytest.raises(pinotdb.exceptions.DatabaseError, match="Unknown columnName 'nope'"):
        cursor.execute("SELECT nope FROM stock_transactions")
    with pytest.raises(pinotdb.exceptions.DatabaseError, match="190"):
        cursor.execute("SELECT * FROM nope")


def test_the_sqlalchemy_dialect_finds_tables_and_columns_and_asks(program, rows):
    engine = sqlalchemy.create_engine(f"pinot://127.0.0.1:{program.broker_port}/query/sql?controller={program.controller_url}/")
    inspector = sqlalchemy.inspect(engine)
    assert inspector.get_table_names() == ["stock_transactions"]
    columns = {column["name"]: str(column["type"]) for column in inspector.get_columns("stock_transactions")}
    assert columns.keys() == {"id", "user_id", "symbol", "shares", "purchase", "update_at"}
    assert columns["id"] == "BIGINT" and columns["purchase"] == "NUMERIC"
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT COUNT(*) FROM stock_transactions")).scalar() == len(rows)
        table = sqlalchemy.Table("stock_transactions", sqlalchemy.MetaData(), autoload_with=engine)
        total = sqlalchemy.select(sqlalchemy.func.sum(table.c.shares)).where(table.c.id < 100)
        assert connection.execute(total).scalar() == sum(row.shares for row in rows if row.id < 100)
