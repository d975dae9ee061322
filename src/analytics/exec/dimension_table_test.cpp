// LOOKUP over a dimension table. Expected: LookupTransformFunction, DimensionTableDataManager of Apache Pinot 1.5.1.
#include <gtest/gtest.h>

#include "analytics/exec/answers_for_tests.h"
#include "analytics/exec/query_engine.h"
#include "analytics/segment/fields_for_tests.h"
#include "analytics/segment/mutable_segment.h"
#include "analytics/sql/parser.h"

namespace bywash::analytics {
namespace {

// teams: dimension table by id and league, in two segments of which the second has a newer row of (1, 'A'). games: facts.
class DimensionTables : public ::testing::Test {
 protected:
  void SetUp() override {
    auto dimension = std::make_shared<TableSchema>();
    dimension->fields = {test_field("id", DataType::kInt), test_field("league", DataType::kString), test_field("name", DataType::kString), test_field("founded", DataType::kLong),
                         test_field("rating", DataType::kDouble), test_field("colours", DataType::kString, FieldKind::kDimension, false)};
    dimension->primary_key_columns = {"id", "league"};
    teams_ = std::make_shared<TableSnapshot>();
    teams_->name = "teams";
    teams_->schema = dimension;
    add_teams({{1, "A", "Reds"}, {2, "A", "Blues"}, {1, "B", "Others"}});
    add_teams({{1, "A", "Scarlets"}});
    teams_->dimension = std::make_shared<DimensionRows>(false);
    auto facts = std::make_shared<TableSchema>();
    facts->fields = {test_field("team", DataType::kLong), test_field("league", DataType::kString), test_field("points", DataType::kInt, FieldKind::kMetric)};
    games_ = std::make_shared<TableSnapshot>();
    games_->name = "games";
    games_->schema = facts;
    MutableSegmentOptions options;
    options.name = "games_0";
    auto segment = *MutableSegment::create(facts, options);
    for (int i = 0; i < 6; ++i) {
      segment->append_long(0, 1 + i % 3);
      i == 5 ? segment->append_null(1) : segment->append_text(1, i < 4 ? "A" : "B");
      segment->append_int(2, i * 10);
    }
    segment->publish(6);
    games_->segments = {segment->snapshot()};
  }

  struct Team {
    int32_t id;
    const char* league;
    const char* name;
  };
  void add_teams(const std::vector<Team>& rows) {
    MutableSegmentOptions options;
    options.name = fmt::format("teams_{}", teams_->segments.size());
    auto segment = *MutableSegment::create(teams_->schema, options);
    for (const Team& row : rows) {
      segment->append_int(0, row.id);
      segment->append_text(1, row.league);
      segment->append_text(2, row.name);
      segment->append_long(3, 1900 + row.id);
      segment->append_double(4, row.id / 2.0);
      const std::string_view colours[] = {row.name, "white"};
      segment->append_texts(5, colours);
    }
    segment->publish(static_cast<int64_t>(rows.size()));
    auto changed = std::make_shared<TableSnapshot>(*teams_);
    changed->segments.push_back(segment->snapshot());
    teams_ = std::move(changed);
  }
  std::string ask(const std::string& sql, bool short_only = false) const {
    const TableResolver tables = [this](std::string_view name) -> std::shared_ptr<const TableSnapshot> {
      if (name == "teams" || name == "teams_OFFLINE") return teams_;
      return name == "games" ? games_ : nullptr;
    };
    if (short_only) return answer_if_short(*sql::parse(sql), {}, tables) ? "short" : "not short";
    return shown(answer(sql, {}, tables));
  }

  std::shared_ptr<TableSnapshot> teams_, games_;
};

TEST_F(DimensionTables, GiveColumnsByTheirKey) {
  EXPECT_EQ(ask("SELECT team, league, LOOKUP('teams', 'name', 'id', team, 'league', league) FROM games ORDER BY points LIMIT 5"),
            "1|A|Scarlets;2|A|Blues;3|A|null;1|A|Scarlets;2|B|null");
  EXPECT_EQ(ask("SELECT LOOKUP('teams', 'founded', 'id', team, 'league', 'A'), LOOKUP('teams', 'rating', 'id', 2, 'league', 'A'), LOOKUP('teams', 'colours', 'id', team, 'league', league) FROM games WHERE points = 10"),
            "1902|1|[Blues,white]");
  EXPECT_EQ(ask("SELECT LOOKUP('teams', 'name', 'id', team, 'league', league), SUM(points) FROM games GROUP BY LOOKUP('teams', 'name', 'id', team, 'league', league) ORDER BY SUM(points)"),
            "Blues|10;Scarlets|30;null|110");
  EXPECT_EQ(ask("SELECT COUNT(*) FROM games WHERE LOOKUP('teams', 'name', 'id', team, 'league', league) = 'Scarlets'"), "2");
  EXPECT_EQ(ask("SET enableNullHandling=true; SELECT COUNT(*) FROM games WHERE LOOKUP('teams', 'name', 'id', team, 'league', league) IS NULL"), "3");
}

TEST_F(DimensionTables, FollowTheirSegments) {
  const std::string sql = "SELECT LOOKUP('teams', 'name', 'id', 3, 'league', 'A') FROM games LIMIT 1";
  EXPECT_EQ(ask(sql), "null");
  add_teams({{3, "A", "Greens"}});
  EXPECT_EQ(ask(sql), "Greens");
  EXPECT_EQ(ask(sql, true), "not short");  // the rows may have to be read first
}

TEST_F(DimensionTables, SayWhatIsWrong) {
  EXPECT_NE(ask("SELECT LOOKUP('teams', 'name', 'id') FROM games").find("At least 4 arguments are required"), std::string::npos);
  EXPECT_NE(ask("SELECT LOOKUP('games', 'name', 'id', team) FROM games").find("Dimension table does not exist: games_OFFLINE"), std::string::npos);
  EXPECT_NE(ask("SELECT LOOKUP('teams', 'nothing', 'id', team, 'league', league) FROM games").find("Column does not exist in dimension table: teams_OFFLINE:nothing"), std::string::npos);
  EXPECT_NE(ask("SELECT LOOKUP('teams', 'name', 'league', league, 'id', team) FROM games").find("Provided join keys ([league, id]) must be the same as table primary keys: [id, league]"), std::string::npos);
  teams_->dimension = std::make_shared<DimensionRows>(true);
  EXPECT_NE(ask("SELECT LOOKUP('teams', 'name', 'id', team, 'league', league) FROM games").find("A primary key stands twice in dimension table teams_OFFLINE"), std::string::npos);
}

}  // namespace
}  // namespace bywash::analytics
