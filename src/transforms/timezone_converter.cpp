// TimezoneConverter: times of change events in the clocks of a zone (io.debezium.transforms.TimezoneConverter, Debezium 3.4).
// Level 4, the task's thread.
#include <arrow/array.h>
#include <arrow/buffer.h>

#include <map>
#include <set>
#include <tuple>

#include "base/clock.h"
#include "base/text.h"
#include "base/time_arithmetic.h"
#include "transforms/cast_kernels.h"
#include "transforms/change_event.h"
#include "transforms/column_map.h"
#include "transforms/config_checks.h"
#include "transforms/field_slots.h"
#include "transforms/java_regex.h"
#include "transforms/reject.h"
#include "transforms/zoned_time.h"

namespace bywash::transforms {
namespace {

using columnar::ConnectSchema;
using columnar::Type;

struct TimezoneConfig {
  std::string zone;
  config::List include, exclude;
};

using Names = std::set<std::string>;

// Which fields of an event are converted, for one table or topic.
struct ZoneRule {
  enum class Kind : uint8_t { kNone, kAll, kOnly, kAllBut } kind = Kind::kNone;
  Names before, after, source;
  bool takes(const Names& names, const std::string& field) const {
    switch (kind) {
      case Kind::kNone: return false;
      case Kind::kAll: return true;
      case Kind::kOnly: return names.contains(field);
      case Kind::kAllBut: return !names.contains(field);
    }
    return false;
  }
};

// The lists of the configuration, by what a rule's prefix says it matches.
struct ZoneRules {
  bool includes = false, excludes = false;
  std::map<std::string, Names> topics, tables, either;

  void add(const config::List& items) {
    // As in the original a prefix holds for the items after it, too.
    std::string prefix;
    for (const std::string& item : items) {
      const config::List parts = java_split(item, ':');
      const bool prefixed = parts.size() >= 2 && (ascii_lower(parts[0]) == "source" || ascii_lower(parts[0]) == "topic");
      if (prefixed) prefix = parts[0];
      const std::string& name = prefixed ? parts[1] : parts[0];
      Names& fields = (prefix == "topic" ? topics : prefix == "source" ? tables : either)[name];
      if (parts.size() > (prefixed ? 2u : 1u)) fields.insert(parts[prefixed ? 2 : 1]);
    }
  }
  ZoneRule rule_for(const std::optional<std::string>& table, const std::string& topic) const {
    const Names* fields = find(topics, topic);
    if (!fields && table) fields = find(tables, *table);
    if (!fields) fields = find(either, topic);
    if (!fields && table) fields = find(either, *table);
    ZoneRule rule;
    if (!includes && !excludes) rule.kind = ZoneRule::Kind::kAll;
    else if (includes) rule.kind = !fields ? ZoneRule::Kind::kNone : fields->empty() ? ZoneRule::Kind::kAll : ZoneRule::Kind::kOnly;
    else rule.kind = !fields ? ZoneRule::Kind::kAll : fields->empty() ? ZoneRule::Kind::kNone : ZoneRule::Kind::kAllBut;
    if (fields) {
      for (const std::string& field : *fields) {
        auto under = [&](std::string_view prefix) { return field.starts_with(prefix); };
        if (under("source.")) rule.source.insert(field.substr(7));
        else if (under("before.")) rule.before.insert(field.substr(7));
        else if (under("after.")) rule.after.insert(field.substr(6));
        else rule.before.insert(field), rule.after.insert(field);
      }
    }
    return rule;
  }

 private:
  static const Names* find(const std::map<std::string, Names>& map, const std::string& name) {
    auto it = map.find(name);
    return it == map.end() ? nullptr : &it->second;
  }
};

enum class EventTimeKind : uint8_t { kZonedTimestamp, kZonedTime, kMicros, kNanos, kMillis, kTimestamp, kSourceMillis, kSourceMicros, kSourceNanos };

std::optional<EventTimeKind> time_kind_of(const columnar::Field& field, bool in_source) {
  const std::string name = field.schema->name().value_or("");
  if (name == "io.debezium.time.ZonedTimestamp") return EventTimeKind::kZonedTimestamp;
  if (name == "io.debezium.time.ZonedTime") return EventTimeKind::kZonedTime;
  if (name == "io.debezium.time.MicroTimestamp") return EventTimeKind::kMicros;
  if (name == "io.debezium.time.NanoTimestamp") return EventTimeKind::kNanos;
  if (name == "io.debezium.time.Timestamp") return EventTimeKind::kMillis;
  if (name == columnar::kTimestampName) return EventTimeKind::kTimestamp;
  if (!in_source || !name.empty()) return std::nullopt;
  if (field.name == "ts_ms") return EventTimeKind::kSourceMillis;
  if (field.name == "ts_us") return EventTimeKind::kSourceMicros;
  return field.name == "ts_ns" ? std::optional(EventTimeKind::kSourceNanos) : std::nullopt;
}

// The same clock reading in the zone: what was taken for UTC becomes the zone's instant.
int64_t as_local(int64_t time, int64_t per_second, const ZoneOffsets& zone) {
  return time - zone.at_local(floor_div(time, per_second)) * per_second;
}
int64_t shifted(int64_t time, int64_t per_second, const ZoneOffsets& zone) { return time + zone.at(floor_div(time, per_second)) * per_second; }

OffsetTime in_zone(const OffsetTime& time, int64_t offset) {
  return {time.local_second - time.offset_second + offset, time.nano, static_cast<int32_t>(offset)};
}

int64_t zoned_number(int64_t time, EventTimeKind kind, const ZoneOffsets& zone) {
  switch (kind) {
    case EventTimeKind::kMicros: return as_local(time, 1'000'000, zone);
    case EventTimeKind::kNanos: return as_local(time, 1'000'000'000, zone);
    case EventTimeKind::kMillis:
    case EventTimeKind::kTimestamp: return as_local(time, 1000, zone);
    case EventTimeKind::kSourceMillis: return shifted(time, 1000, zone);
    case EventTimeKind::kSourceMicros: return shifted(time, 1'000'000, zone);
    default: return shifted(time, 1'000'000'000, zone);
  }
}

Result<Value> zoned(const Value& value, EventTimeKind kind, const ZoneOffsets& zone) {
  if (kind == EventTimeKind::kZonedTimestamp || kind == EventTimeKind::kZonedTime) {
    auto* text = value.get_if<std::string>();
    if (!text) return data_error(kClassCast, fmt::format("class {} cannot be cast to class java.lang.String", java_class_of(value)));
    const bool dated = kind == EventTimeKind::kZonedTimestamp;
    auto time = dated ? parse_offset_date_time(*text) : parse_offset_time(*text);
    if (!time) return data_error("java.time.format.DateTimeParseException", "The text is no ISO 8601 time with an offset");
    if (dated) return Value(offset_date_time_text(in_zone(*time, zone.at_local(time->local_second))));
    return Value(offset_time_text(in_zone(*time, zone.at(wall_clock_ms() / 1000))));
  }
  if (kind == EventTimeKind::kTimestamp) {
    auto* ms = value.get_if<Value::Millis>();
    if (!ms) return data_error(kClassCast, fmt::format("class {} cannot be cast to class java.util.Date", java_class_of(value)));
    return Value(Value::Millis{zoned_number(ms->ms, kind, zone)});
  }
  auto* number = value.get_if<int64_t>();
  if (!number) return data_error(kClassCast, fmt::format("class {} cannot be cast to class java.lang.Long", java_class_of(value)));
  return Value(zoned_number(*number, kind, zone));
}

class TimezoneConverter : public plugin::Transform {
 public:
  TimezoneConverter(ZoneOffsets zone, ZoneRules rules) : zone_(std::move(zone)), rules_(std::move(rules)) {}

  class Bound : public plugin::BoundTransform {
   public:
    Bound(const TimezoneConverter& parent, const ConnectSchema& schema) : parent_(parent) {
      for (size_t i = 0; i < 3; ++i) at_[i] = struct_at(schema, kStructs[i]);
      if (at_[2] < 0) return;
      const ConnectSchema& source = *schema.fields()[static_cast<size_t>(at_[2])].schema;
      table_ = source.field_index("table");
      if (table_ >= 0 && source.fields()[static_cast<size_t>(table_)].schema->type() != Type::kString) table_ = -1;
    }
    void leave_out(const Batch& batch, columnar::RowMask* rows) const override { leave_out_nulls(batch.value, rows); }
    Status apply(Batch& batch) override {
      const std::vector<size_t> rule_of = rules_of(batch);
      std::vector<Slot> slots = slots_of(batch.value);
      bool changed = false;
      for (size_t i = 0; i < 3; ++i) {
        if (at_[i] < 0) continue;
        ASSIGN_OR_RETURN(bool any, convert(batch, slots[static_cast<size_t>(at_[i])].column, i, rule_of));
        changed = changed || any;
      }
      if (changed) batch.value = assemble_struct(batch.value.schema, std::move(slots), batch.value);
      return {};
    }

   private:
    static constexpr const char* kStructs[] = {"before", "after", "source"};
    static int struct_at(const ConnectSchema& schema, const char* name) {
      const int i = schema.field_index(name);
      return i >= 0 && schema.fields()[static_cast<size_t>(i)].schema->type() == Type::kStruct ? i : -1;
    }
    // Of each row, its rule's position in `rules_`.
    std::vector<size_t> rules_of(const Batch& batch) {
      std::map<std::pair<std::optional<std::string>, std::string>, size_t> known;
      auto last = known.end();
      rules_.clear();
      std::vector<size_t> out(static_cast<size_t>(batch.row_count()));
      Column source = at_[2] < 0 ? Column{} : batch.value.child(at_[2]);
      Column tables = table_ < 0 ? Column{} : source.child(table_);
      batch.selected.for_each([&](int64_t row) {
        std::optional<std::string_view> table;
        if (tables.data && !source.is_null(row) && !tables.is_null(row)) table = static_cast<const arrow::StringArray&>(*tables.data).GetView(row);
        const std::string& topic = batch.topic_of(row);
        // Most rows are of the table of the row before.
        if (last == known.end() || last->first.first != table || last->first.second != topic) {
          bool fresh = false;
          std::tie(last, fresh) = known.emplace(std::pair(table, topic), rules_.size());
          if (fresh) rules_.push_back(parent_.rules_.rule_for(last->first.first, topic));
        }
        out[static_cast<size_t>(row)] = last->second;
      });
      return out;
    }
    Result<bool> convert(Batch& batch, Column& record, size_t which, const std::vector<size_t>& rule_of) {
      std::vector<Slot> fields = slots_of(record);
      bool any = false;
      for (Slot& field : fields) {
        const auto kind = time_kind_of({field.name, field.column.schema, false}, which == 2);
        if (!kind) continue;
        std::vector<bool> takes;
        bool wanted = false;
        for (const ZoneRule& rule : rules_) {
          const Names& names = which == 0 ? rule.before : which == 1 ? rule.after : rule.source;
          // Of `source` only what the lists name counts.
          takes.push_back((which < 2 || !rule.source.empty()) && rule.takes(names, field.name));
          wanted = wanted || takes.back();
        }
        if (!wanted) continue;
        ASSIGN_OR_RETURN(field.column, converted(batch, masked_by_parent(field.column, record), *kind, [&](int64_t row) { return takes[rule_of[static_cast<size_t>(row)]]; }));
        any = true;
      }
      if (any) record = assemble_struct(record.schema, std::move(fields), record);
      return any;
    }
    Result<Column> converted(Batch& batch, const Column& column, EventTimeKind kind, const std::function<bool(int64_t)>& takes) {
      ASSIGN_OR_RETURN(Column filled, with_default(column));
      if (filled.data == column.data && is_number(kind, column)) return numbers_converted(batch, column, kind, takes);
      columnar::ValueAppender appender(column.schema);
      for (int64_t row = 0; row < column.row_count(); ++row) {
        const bool ours = batch.selected.test(row) && takes(row);
        const Column& from = ours ? filled : column;
        Value value = value_at(from, row);
        if (ours && !value.is_null()) {
          auto result = zoned(value, kind, parent_.zone_);
          if (result.ok()) value = *std::move(result);
          else fail_row(batch, row, result.status());
        }
        RETURN_IF_ERROR(appender.append(value));
      }
      return appender.finish();
    }

    static bool is_number(EventTimeKind kind, const Column& column) {
      if (kind == EventTimeKind::kTimestamp) return column.schema->logical() == columnar::Logical::kTimestamp;
      return kind != EventTimeKind::kZonedTimestamp && kind != EventTimeKind::kZonedTime && column.schema->type() == Type::kInt64 && column.schema->logical() == columnar::Logical::kNone;
    }
    // A column of 64-bit numbers without a Value for each.
    Result<Column> numbers_converted(const Batch& batch, const Column& column, EventTimeKind kind, const std::function<bool(int64_t)>& takes) {
      const int64_t rows = column.row_count();
      auto made = arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(int64_t)));
      if (!made.ok()) return Status::fatal(made.status().message());
      const int64_t* from = column.data->data()->GetValues<int64_t>(1);
      auto* to = reinterpret_cast<int64_t*>((*made)->mutable_data());
      for (int64_t row = 0; row < rows; ++row) {
        const bool ours = batch.selected.test(row) && column.data->IsValid(row) && takes(row);
        to[row] = ours ? zoned_number(from[row], kind, parent_.zone_) : from[row];
      }
      return Column{column.schema, arrow::MakeArray(arrow::ArrayData::Make(column.data->type(), rows, {validity_of(*column.data), *std::move(made)}))};
    }

    const TimezoneConverter& parent_;
    int at_[3] = {-1, -1, -1};
    int table_ = -1;
    std::vector<ZoneRule> rules_;
  };

  Result<std::unique_ptr<plugin::BoundTransform>> bind(const plugin::BatchSchemas& schemas) override {
    if (!is_envelope(*schemas.value)) return pass_through();
    return make_bound<Bound>(*this, *schemas.value);
  }

 private:
  const ZoneOffsets zone_;
  const ZoneRules rules_;
};

// "[source:customers:created,...]", as the original's pattern has it.
bool well_formed(const config::List& list) {
  const auto pattern = JavaRegex::compile(R"(^\[(source|topic|[".\w\s_]+):([".\w\s_]+(?::[".\w\s_]+)?(?:,|]$))+$)");
  if (!pattern.ok()) return false;
  auto matches = pattern->matches(java_list(list));
  return matches.ok() && *matches;
}

std::optional<std::string> timezone_problem(const TimezoneConfig& c) {
  for (auto [list, name] : {std::pair(&c.include, "include"), std::pair(&c.exclude, "exclude")}) {
    if (list->empty() || well_formed(*list)) continue;
    return fmt::format("Invalid {} list format. Please specify a list of rules in the format of \"source:<tablename>:<fieldnames>\", "
                       "\"topic:<topicname>:<fieldnames>\", \"<matchname>:<fieldnames>\"", name);
  }
  if (!ZoneOffsets::of(c.zone).ok()) {
    return "Invalid timezone format. Please specify either a geographic timezone (e.g. America/Los_Angeles) or a UTC offset in the format of "
           "+/-hh:mm, (e.g. +08:00).";
  }
  if (!c.include.empty() && !c.exclude.empty()) return "Both include and exclude lists are specified. Please specify only one.";
  return std::nullopt;
}

config::TypedConfig<TimezoneConfig> timezone_keys() {
  using C = TimezoneConfig;
  config::TypedConfig<C> def;
  def.key("converted.timezone", &C::zone).required().high().check(config::not_empty(), "non-empty string")
      .doc("The zone whose clocks the times are written in: a name as `America/Los_Angeles`, or an offset from UTC as `+08:00`.");
  static constexpr std::string_view kForms = ": `source:<table>`, `source:<table>:<field>`, `topic:<topic>`, `topic:<topic>:<field>` or "
                                             "`<table or topic>:<field>`; fields may begin with `before.`, `after.` or `source.`.";
  def.key("include.list", &C::include).by_default("").high().doc(fmt::format("What is converted, nothing else{}", kForms));
  def.key("exclude.list", &C::exclude).by_default("").high().doc(fmt::format("What is not converted, all else is{}", kForms));
  return def;
}

}  // namespace

plugin::TransformPlugin timezone_converter() {
  plugin::TransformPlugin p;
  p.info.name = "timezone_converter";
  p.info.class_names = {"io.debezium.transforms.TimezoneConverter"};
  p.info.version = std::string(kDebeziumVersion);
  p.info.summary = "Converts the times of change events to a time zone";
  p.info.description = "Times in `before` and `after` of Debezium's change events, and fields of `source` that the lists name, are moved to a zone: "
                       "`ZonedTimestamp` and `ZonedTime` keep their instant and get the zone's offset; `Timestamp`, `MicroTimestamp`, `NanoTimestamp` "
                       "and Connect's Timestamp are taken as readings of the zone's clocks. Dates and times without a zone stay.";
  p.info.examples = {R"({"converted.timezone": "Europe/Berlin"})", R"({"converted.timezone": "+08:00", "include.list": "source:customers:created"})"};
  const auto keys = timezone_keys();
  auto def = keys;
  def.check("converted.timezone", timezone_problem);
  p.def = def.def();
  p.make = [keys](const plugin::Properties& properties, const std::string&) -> Result<std::unique_ptr<plugin::Transform>> {
    ASSIGN_OR_RETURN(TimezoneConfig c, keys.parse(properties));
    if (auto problem = timezone_problem(c)) return Status::invalid(*problem).with_java_class(std::string(kDebeziumException));
    ASSIGN_OR_RETURN(ZoneOffsets zone, ZoneOffsets::of(c.zone));
    ZoneRules rules;
    rules.includes = !c.include.empty();
    rules.excludes = !c.exclude.empty();
    rules.add(rules.excludes ? c.exclude : c.include);
    return make_transform<TimezoneConverter>(std::move(zone), std::move(rules));
  };
  return p;
}

}  // namespace bywash::transforms
