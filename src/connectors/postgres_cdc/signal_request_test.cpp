// Rows of the signal table.
#include "connectors/postgres_cdc/signal_request.h"

#include <gtest/gtest.h>

namespace bywash::postgres_cdc {
namespace {

TEST(SignalRequest, NamesTablesAndFilters) {
  auto request = request_of_signal("1", "execute-snapshot", R"({"data-collections": ["public.orders", "shop\\.item_.{1,2}"], "type": "BLOCKING",
    "additional-conditions": [{"data-collection": "public.orders", "filter": "id > 5"}]})");
  ASSERT_TRUE(request.ok()) << request.status().message();
  ASSERT_TRUE(request->has_value());
  EXPECT_FALSE((*request)->incremental);
  EXPECT_TRUE((*request)->tables.match("public.orders"));
  EXPECT_TRUE((*request)->tables.match("shop.item_12"));
  EXPECT_FALSE((*request)->tables.match("shop.item_123"));
  EXPECT_EQ(*(*request)->filter_of("public.orders"), "id > 5");
  EXPECT_EQ((*request)->filter_of("shop.item_1"), nullptr);
}

TEST(SignalRequest, SaysWhyASignalIsPassedOver) {
  auto why = [](std::string_view type, std::string_view data) { return request_of_signal("s-1", type, data).status().message(); };
  EXPECT_EQ(why("execute-snapshot", "{"), "Signal 's-1' of type execute-snapshot is passed over: its data is no JSON object");
  EXPECT_NE(why("execute-snapshot", "{}").find("data-collections must be"), std::string::npos);
  EXPECT_NE(why("execute-snapshot", R"({"data-collections":["a.b"],"type":"x"})").find("incremental or blocking"), std::string::npos);
  EXPECT_NE(why("execute-snapshot", R"({"data-collections":["(" ]})").find("Not a regular expression"), std::string::npos);
  EXPECT_NE(why("pause-snapshot", "{}").find("one piece"), std::string::npos);
  EXPECT_NE(why("schema-changes", "{}").find("known are"), std::string::npos);
  EXPECT_TRUE(request_of_signal("s-1", "log", R"({"message":"here"})").ok());
}

TEST(SignalRequest, IsStoppedAltogetherOrForSomeTables) {
  auto asked = request_of_signal("1", "execute-snapshot", R"({"data-collections": ["public.a", "public.b"]})");
  ASSERT_TRUE(asked.ok());
  SnapshotRequest request = **std::move(asked);
  auto stop = stop_of_signal("2", R"({"type": "INCREMENTAL", "data-collections": ["public.a"]})");
  ASSERT_TRUE(stop.ok()) << stop.status().message();
  request.stops.push_back(*stop);
  EXPECT_FALSE(request.wants("public.a"));
  EXPECT_TRUE(request.wants("public.b"));
  EXPECT_FALSE(request.is_stopped());
  request.stops.push_back(*stop_of_signal("3", ""));
  EXPECT_FALSE(request.wants("public.b"));
  EXPECT_TRUE(request.is_stopped());
  EXPECT_NE(stop_of_signal("4", R"({"type": "blocking"})").status().message().find("must be incremental"), std::string::npos);
  EXPECT_NE(stop_of_signal("4", "[").status().message().find("no JSON object"), std::string::npos);
}

}  // namespace
}  // namespace bywash::postgres_cdc
