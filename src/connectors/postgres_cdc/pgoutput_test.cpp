#include "connectors/postgres_cdc/pgoutput.h"

#include <gtest/gtest.h>

#include "connectors/postgres_cdc/position.h"
#include "connectors/postgres_cdc/server_text.h"
#include "connectors/postgres_cdc/snapshot.h"

namespace bywash::postgres_cdc {
namespace {

std::string number(uint64_t value, int width) {
  std::string out;
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::string text_value(const std::string& text) { return "t" + number(text.size(), 4) + text; }

TEST(Pgoutput, AnUpdateHasTheOldKeyAndAnUnchangedValue) {
  std::string bytes = "U" + number(7, 4) + "K" + number(2, 2) + text_value("1") + "n" + "N" + number(2, 2) + text_value("2") + "u";
  ChangeMessage message;
  ASSERT_TRUE(decode_message(bytes, &message).ok());
  EXPECT_EQ(message.type, MessageType::kUpdate);
  EXPECT_EQ(message.relation, 7u);
  EXPECT_TRUE(message.has_old);
  EXPECT_FALSE(message.old_is_whole);
  EXPECT_EQ(message.old_row[0].text, "1");
  EXPECT_EQ(message.old_row[1].kind, TupleValue::Kind::kNull);
  EXPECT_EQ(message.new_row[1].kind, TupleValue::Kind::kUnchanged);
}

TEST(Pgoutput, ARelationNamesItsColumnsWithTypesAndModifiers) {
  std::string name("public\0t\0", 9), column("\1id\0", 4);
  ChangeMessage message;
  ASSERT_TRUE(decode_message("R" + number(9, 4) + name + "d" + number(1, 2) + column + number(23, 4) + number(0xffffffff, 4), &message).ok());
  EXPECT_EQ(message.described.table, "t");
  ASSERT_EQ(message.described.columns.size(), 1u);
  EXPECT_EQ(message.described.columns[0].name, "id");
  EXPECT_EQ(message.described.columns[0].type, 23u);
  EXPECT_EQ(message.described.columns[0].modifier, -1);
}

// Every message cut short anywhere is refused, and never read past its end.
TEST(Pgoutput, AMessageCutShortIsRefused) {
  std::string name("public\0t\0", 9), column("\1id\0", 4), prefix("p\0", 2);
  std::string whole[] = {"B" + number(1, 8) + number(2, 8) + number(3, 4), "C" + number(0, 1) + number(1, 8) + number(2, 8) + number(3, 8),
                         "R" + number(9, 4) + name + "d" + number(1, 2) + column + number(23, 4) + number(5, 4),
                         "I" + number(7, 4) + "N" + number(1, 2) + text_value("abc"), "D" + number(7, 4) + "O" + number(1, 2) + text_value("abc"),
                         "U" + number(7, 4) + "O" + number(1, 2) + text_value("x") + "N" + number(1, 2) + text_value("y"),
                         "T" + number(2, 4) + number(0, 1) + number(1, 4) + number(2, 4), "M" + number(1, 1) + number(8, 8) + prefix + number(3, 4) + "abc"};
  ChangeMessage message;
  for (const std::string& bytes : whole) {
    ASSERT_TRUE(decode_message(bytes, &message).ok()) << bytes[0];
    for (size_t length = 0; length < bytes.size(); ++length) EXPECT_FALSE(decode_message(std::string(bytes, 0, length), &message).ok()) << bytes[0] << " " << length;
  }
}

TEST(ServerText, TimestampsBeforeChristAndWithOffsets) {
  EXPECT_EQ(parse_timestamp("1970-01-01 00:00:00.000001"), 1);
  EXPECT_EQ(parse_timestamp("2024-06-15 12:11:12.5+02"), 1718446272500000);
  EXPECT_EQ(iso_timestamp(*parse_timestamp("0044-03-15 12:00:00 BC"), 3), "-0043-03-15T12:00:00.000");
  EXPECT_EQ(iso_date(*parse_date("10000-01-01")), "+10000-01-01");
  EXPECT_FALSE(parse_timestamp("2024-06-15"));
  EXPECT_FALSE(parse_date("2024-13-01"));
  EXPECT_FALSE(parse_timestamp("2024-06-15 99999999999999:00:00"));
}

TEST(ServerText, IntervalsHaveASignInEachPart) {
  EXPECT_EQ(iso_interval(*parse_interval("1 year -2 mons +3 days -04:05:06.789")), "P1Y-2M3DT-4H-5M-6.789S");
  EXPECT_EQ(micros_of(*parse_interval("1 mon")), 2'629'800'000'000);
  EXPECT_EQ(iso_interval(*parse_interval("00:00:00")), "P0Y0M0DT0H0M0S");
  EXPECT_FALSE(parse_interval("1 fortnight"));
}

TEST(ServerText, ArraysWithQuotesNullsBoundsAndInnerArrays) {
  auto elements = parse_array(R"([0:1]={"a,\"b\\",NULL})");
  ASSERT_TRUE(elements);
  EXPECT_EQ(*elements, (Elements{"a,\"b\\", std::nullopt}));
  EXPECT_EQ(*parse_array("{{1,2},{3,4}}"), (Elements{"1", "2", "3", "4"}));
  EXPECT_TRUE(parse_array("{}")->empty());
  for (const char* wrong : {"", "{", "{1", "1,2", "{\"a}", "{1}x", "{\"a\\"}) EXPECT_FALSE(parse_array(wrong)) << wrong;
  auto pairs = parse_hstore(R"("a\"b"=>"1", "c"=>NULL)");
  ASSERT_TRUE(pairs);
  EXPECT_EQ((*pairs)[0].first, "a\"b");
  EXPECT_FALSE((*pairs)[1].second);
  EXPECT_FALSE(parse_hstore("\"a\"=>"));
}

TEST(Snapshot, LinesOfCopyAreUnescaped) {
  std::string texts;
  Tuple row;
  ASSERT_TRUE(split_copy_line("1\t\\N\ta\\tb\\\\\\n\t\tplain", &texts, &row).ok());
  ASSERT_EQ(row.size(), 5u);
  EXPECT_EQ(row[1].kind, TupleValue::Kind::kNull);
  EXPECT_EQ(row[2].text, "a\tb\\\n");
  EXPECT_EQ(row[3].text, "");
  EXPECT_EQ(row[4].text, "plain");
  EXPECT_FALSE(split_copy_line("a\\", &texts, &row).ok());
}

TEST(Position, ReadsDebeziumsOffsetAndWritesOneThatItReads) {
  auto taken = position_of_json(R"({"transaction_id":null,"lsn_proc":4242,"messageType":"INSERT","lsn_commit":4200,"lsn":4242,"txId":565,"ts_usec":1589364549000000})");
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(taken->start_lsn(), 4200u);
  EXPECT_EQ(taken->tx_id, 565);
  EXPECT_EQ(offset_json(*taken), R"({"lsn":4242,"lsn_commit":4200,"lsn_events_processed":1,"lsn_proc":4242,"messageType":"INSERT","ts_usec":1589364549000000,"txId":565})");
  // Of a first transaction that is not over.
  EXPECT_EQ(position_of_json(R"({"lsn_proc":4242,"messageType":"INSERT","lsn":4242,"txId":565})")->start_lsn(), 4242u);
  EXPECT_EQ(position_of_json(R"({"lsn_proc":4242,"messageType":"INSERT","lsn":4242,"txId":565})")->commit_lsn, 0u);
  auto snapshot = position_of_json(R"({"last_snapshot_record":false,"lsn":100,"txId":5,"ts_usec":1,"snapshot":"INITIAL","snapshot_completed":false})");
  ASSERT_TRUE(snapshot.ok());
  EXPECT_EQ(snapshot->snapshot, SnapshotState::kRunning);
  EXPECT_EQ(position_of_json(R"({"last_snapshot_record":true,"lsn":100,"snapshot":true})")->snapshot, SnapshotState::kLastRecord);
  for (const char* wrong : {"", "[]", "{}", R"({"lsn":"1"})", "null"}) EXPECT_EQ(position_of_json(wrong).status().code(), Code::kInvalid) << wrong;
  EXPECT_EQ(lsn_text(0x16B374D848), "16/B374D848");
  EXPECT_EQ(*parse_lsn("16/B374D848"), 0x16B374D848u);
  EXPECT_FALSE(parse_lsn("16-1").ok());
}

}  // namespace
}  // namespace bywash::postgres_cdc
