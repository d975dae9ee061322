// Default, field and time-based partitioners. Level 6, the task's thread.
#include "connectors/s3/partitioner.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <algorithm>
#include <map>

namespace bywash::connectors::s3 {
namespace {

using columnar::Batch;
using columnar::Column;
using columnar::Value;

Status config_error(const std::string& key, const std::string& value, const std::string& why) {
  return Status::invalid(fmt::format("Invalid value {} for configuration {}: {}", value, key, why))
      .with_java_class("org.apache.kafka.common.config.ConfigException");
}

class ConstantPath : public BatchPaths {
 public:
  explicit ConstantPath(int id) : id_(id) {}
  int at(int64_t, int64_t, Status*) override { return id_; }
  bool is_constant() const override { return true; }

 private:
  int id_;
};

class DefaultPartitioner : public Partitioner {
 public:
  std::unique_ptr<BatchPaths> bind(const Batch& batch, PathTable* paths) override {
    return std::make_unique<ConstantPath>(paths->id_of(fmt::format("partition={}", batch.kafka_partition)));
  }
};

class TimeBasedPartitioner : public Partitioner {
 public:
  TimeBasedPartitioner(JodaPattern pattern, Zone zone, int64_t duration_ms, TimestampExtractor extractor)
      : pattern_(std::move(pattern)), zone_(std::move(zone)), duration_ms_(duration_ms) {
    extractor_ = std::move(extractor);
  }

  std::unique_ptr<BatchPaths> bind(const Batch&, PathTable* paths) override { return std::make_unique<Paths>(this, paths); }

 private:
  class Paths : public BatchPaths {
   public:
    Paths(TimeBasedPartitioner* owner, PathTable* paths) : owner_(owner), paths_(paths) {}
    int at(int64_t, int64_t timestamp, Status*) override {
      if (timestamp >= low_ && timestamp < high_) return id_;
      return look_up(timestamp);
    }

   private:
    // Remembers the stretch of time around `timestamp` that certainly has the same path.
    int look_up(int64_t timestamp) {
      const Zone& zone = owner_->zone_;
      int64_t duration = owner_->duration_ms_, start = partition_start(timestamp, duration, zone);
      id_ = paths_->id_of(owner_->pattern_.print(start, zone));
      const Zone::Period period = zone.at(timestamp);
      int64_t local = timestamp + period.offset_ms, bucket = local / duration * duration;
      low_ = std::max(bucket - period.offset_ms, period.begin_ms);
      high_ = std::min(bucket + duration - period.offset_ms, period.end_ms);
      if (local < 0) {  // Java's division rounds up here
        low_ = timestamp;
        high_ = timestamp + 1;
      }
      return id_;
    }
    TimeBasedPartitioner* owner_;
    PathTable* paths_;
    int64_t low_ = 0, high_ = 0;
    int id_ = 0;
  };

  JodaPattern pattern_;
  Zone zone_;
  int64_t duration_ms_;
};

// "name=value" of one field. The original knows integers, strings and booleans; dates are ours.
class FieldText {
 public:
  FieldText(std::string name, const Batch& batch) : name_(std::move(name)), column_(column_at_path(batch.value, name_)) {}

  bool append(int64_t row, std::string* out, Status* error) const {
    *out += name_;
    *out += '=';
    if (!column_) {
      // A key that schemaless records lack is null; a schema without the field is an error.
      if (schemaless_) {
        *out += "null";
        return true;
      }
      *error = Status::data(fmt::format("Field '{}' is not present in the schema.", name_)).with_java_class("org.apache.kafka.connect.errors.DataException");
      return false;
    }
    if (column_->data->IsNull(row)) {
      *out += "null";
      return true;
    }
    if (column_->schema->logical() == columnar::Logical::kNone) {
      // The usual types, without a Value each.
      const arrow::Array& data = *column_->data;
      switch (data.type_id()) {
        case arrow::Type::STRING: *out += static_cast<const arrow::StringArray&>(data).GetView(row); return true;
        case arrow::Type::INT64: *out += std::to_string(static_cast<const arrow::Int64Array&>(data).Value(row)); return true;
        case arrow::Type::INT32: *out += std::to_string(static_cast<const arrow::Int32Array&>(data).Value(row)); return true;
        default: break;
      }
    }
    return append_value(columnar::value_at(*column_, row), out, error);
  }
  void schemaless() { schemaless_ = true; }

 private:
  bool append_value(const Value& value, std::string* out, Status* error) const {
    if (auto* v = value.get_if<std::string>()) *out += *v;
    else if (auto* b = value.get_if<bool>()) *out += *b ? "true" : "false";
    else if (auto* n = value.get_if<int64_t>()) *out += std::to_string(*n);
    else if (auto* n32 = value.get_if<int32_t>()) *out += std::to_string(*n32);
    else if (auto* n16 = value.get_if<int16_t>()) *out += std::to_string(*n16);
    else if (auto* n8 = value.get_if<int8_t>()) *out += std::to_string(*n8);
    else {
      *error = Status::data(fmt::format("Error encoding partition. Field '{}' of partition.field.name must be an integer, a string or a boolean", name_))
                   .with_java_class("io.confluent.connect.storage.errors.PartitionException");
      return false;
    }
    return true;
  }

  std::string name_;
  std::optional<Column> column_;
  bool schemaless_ = false;
};

class FieldPartitioner : public Partitioner {
 public:
  FieldPartitioner(std::vector<std::string> fields, std::string delim) : fields_(std::move(fields)), delim_(std::move(delim)) {}

  std::unique_ptr<BatchPaths> bind(const Batch& batch, PathTable* paths) override {
    auto bound = std::make_unique<Paths>(paths, delim_);
    bound->is_record = batch.value.schema->has_fields();
    for (const std::string& f : fields_) {
      bound->fields.emplace_back(f, batch);
      if (batch.value.schema->schemaless()) bound->fields.back().schemaless();
    }
    return bound;
  }

 private:
  class Paths : public BatchPaths {
   public:
    Paths(PathTable* paths, const std::string& delim) : paths_(paths), delim_(delim) {}
    int at(int64_t row, int64_t, Status* error) override {
      if (!is_record) {
        *error = Status::data("Error encoding partition. FieldPartitioner needs records with fields")
                     .with_java_class("io.confluent.connect.storage.errors.PartitionException");
        return -1;
      }
      text_.clear();
      for (const FieldText& f : fields) {
        if (!text_.empty()) text_ += delim_;
        if (!f.append(row, &text_, error)) return -1;
      }
      if (text_ != last_ || last_id_ < 0) {
        last_id_ = paths_->id_of(text_);
        last_ = text_;
      }
      return last_id_;
    }
    std::vector<FieldText> fields;
    bool is_record = true;

   private:
    PathTable* paths_;
    const std::string& delim_;
    std::string text_, last_;
    int last_id_ = -1;
  };

  std::vector<std::string> fields_;
  std::string delim_;
};

constexpr int64_t kHour = 3'600'000;

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

Result<std::unique_ptr<Partitioner>> make_time_based(const S3SinkConfig& c, PartitionerKind kind, std::vector<std::string>* warnings) {
  std::string format = c.path_format, d = c.directory_delim;
  int64_t duration = c.partition_duration_ms;
  if (kind == PartitionerKind::kDaily || kind == PartitionerKind::kHourly) {
    format = "'year'=YYYY" + d + "'month'=MM" + d + "'day'=dd";
    duration = 24 * kHour;
    if (kind == PartitionerKind::kHourly) {
      format += d + "'hour'=HH";
      duration = kHour;
    }
  }
  if (is_blank(format) || format == d) return config_error("path.format", c.path_format, "Path format cannot be empty.");
  // A delimiter at the end is taken away, as the original does.
  if (!is_blank(d) && format.ends_with(d)) format.resize(format.size() - d.size());
  if (c.locale.empty()) return config_error("locale", "", "Locale cannot be empty.");
  if (c.timezone.empty()) return config_error("timezone", "", "Timezone cannot be empty.");
  if (!extractor_of(c.timestamp_extractor)) {
    return Status::invalid(fmt::format("Invalid timestamp extractor: {}. Use Wallclock, Record or RecordField", c.timestamp_extractor))
        .with_java_class("org.apache.kafka.common.config.ConfigException");
  }
  auto zone = Zone::of(c.timezone);
  if (!zone.ok()) return config_error("timezone", c.timezone, zone.status().message());
  auto pattern = JodaPattern::parse(format, c.locale);
  if (!pattern.ok()) return config_error("path.format", c.path_format, pattern.status().message());
  if (duration <= 0) {
    if (c.partition_duration_ms != -1) {
      return config_error("partition.duration.ms", std::to_string(c.partition_duration_ms), "Partition duration needs to be a positive.");
    }
    duration = pattern->finest_unit_ms();
    warnings->push_back(fmt::format("partition.duration.ms is not set: each path covers {} ms, the finest unit of path.format", duration));
  }
  return std::unique_ptr<Partitioner>(std::make_unique<TimeBasedPartitioner>(
      *std::move(pattern), *std::move(zone), duration, TimestampExtractor(*extractor_of(c.timestamp_extractor), c.timestamp_field)));
}

// Ours: the fields' folders, then those of the time, as the field-and-time partitioners of the community have them.
class FieldAndTimePartitioner : public Partitioner {
 public:
  FieldAndTimePartitioner(std::unique_ptr<Partitioner> field, std::unique_ptr<Partitioner> time, std::string delim)
      : field_(std::move(field)), time_(std::move(time)), delim_(std::move(delim)) {
    extractor_ = *time_->extractor();
  }
  std::unique_ptr<BatchPaths> bind(const Batch& batch, PathTable* paths) override {
    return std::make_unique<Paths>(field_->bind(batch, &field_paths_), time_->bind(batch, &time_paths_), this, paths);
  }

 private:
  class Paths : public BatchPaths {
   public:
    Paths(std::unique_ptr<BatchPaths> field, std::unique_ptr<BatchPaths> time, FieldAndTimePartitioner* owner, PathTable* paths)
        : field_(std::move(field)), time_(std::move(time)), owner_(owner), paths_(paths) {}
    int at(int64_t row, int64_t timestamp, Status* error) override {
      int field = field_->at(row, timestamp, error);
      int time = field < 0 ? -1 : time_->at(row, timestamp, error);
      if (time < 0) return -1;
      auto [known, added] = owner_->joined_.try_emplace({field, time}, 0);
      if (added) known->second = paths_->id_of(owner_->field_paths_.path(field) + owner_->delim_ + owner_->time_paths_.path(time));
      return known->second;
    }

   private:
    std::unique_ptr<BatchPaths> field_, time_;
    FieldAndTimePartitioner* owner_;
    PathTable* paths_;
  };

  std::unique_ptr<Partitioner> field_, time_;
  std::string delim_;
  PathTable field_paths_, time_paths_;
  std::map<std::pair<int, int>, int> joined_;
};

// schema_name=<name> before or behind another partitioner's path.
class SchemaAffix : public Partitioner {
 public:
  SchemaAffix(std::unique_ptr<Partitioner> inner, bool prefix, std::string delim) : inner_(std::move(inner)), prefix_(prefix), delim_(std::move(delim)) {
    if (inner_->extractor()) extractor_ = *inner_->extractor();
  }
  std::unique_ptr<BatchPaths> bind(const Batch& batch, PathTable* paths) override {
    std::string affix = "schema_name=" + batch.value.schema->name().value_or("null");
    return std::make_unique<Paths>(inner_->bind(batch, &own_paths_), this, paths, std::move(affix));
  }

 private:
  class Paths : public BatchPaths {
   public:
    Paths(std::unique_ptr<BatchPaths> inner, SchemaAffix* owner, PathTable* paths, std::string affix)
        : inner_(std::move(inner)), owner_(owner), paths_(paths), affix_(std::move(affix)) {}
    int at(int64_t row, int64_t timestamp, Status* error) override {
      int inner = inner_->at(row, timestamp, error);
      if (inner < 0) return inner;
      if (inner != last_inner_) {
        const std::string& path = owner_->own_paths_.path(inner);
        last_id_ = paths_->id_of(owner_->prefix_ ? affix_ + owner_->delim_ + path : path + owner_->delim_ + affix_);
        last_inner_ = inner;
      }
      return last_id_;
    }

   private:
    std::unique_ptr<BatchPaths> inner_;
    SchemaAffix* owner_;
    PathTable* paths_;
    std::string affix_;
    int last_inner_ = -1, last_id_ = -1;
  };

  std::unique_ptr<Partitioner> inner_;
  bool prefix_;
  std::string delim_;
  PathTable own_paths_;
};

}  // namespace

int PathTable::id_of(const std::string& path) {
  auto [it, added] = ids_.try_emplace(path, static_cast<int>(paths_.size()));
  if (added) paths_.push_back(path);
  return it->second;
}

int64_t partition_start(int64_t utc_ms, int64_t duration_ms, const Zone& zone) {
  int64_t local = utc_ms + zone.offset_ms(utc_ms);
  return zone.local_to_utc(local / duration_ms * duration_ms);
}

Result<std::unique_ptr<Partitioner>> make_partitioner(const S3SinkConfig& config, std::vector<std::string>* warnings) {
  PartitionerKind kind = *partitioner_of(config.partitioner_class);
  std::unique_ptr<Partitioner> made;
  if (kind == PartitionerKind::kDefault) {
    made = std::make_unique<DefaultPartitioner>();
  } else if (kind == PartitionerKind::kField) {
    made = std::make_unique<FieldPartitioner>(config.partition_field_name, config.directory_delim);
  } else if (kind == PartitionerKind::kFieldAndTime) {
    ASSIGN_OR_RETURN(auto time, make_time_based(config, PartitionerKind::kTimeBased, warnings));
    made = std::make_unique<FieldAndTimePartitioner>(std::make_unique<FieldPartitioner>(config.partition_field_name, config.directory_delim),
                                                     std::move(time), config.directory_delim);
  } else {
    ASSIGN_OR_RETURN(made, make_time_based(config, kind, warnings));
  }
  if (config.schema_partition_affix_type != "NONE") {
    made = std::make_unique<SchemaAffix>(std::move(made), config.schema_partition_affix_type == "PREFIX", config.directory_delim);
  }
  return made;
}

}  // namespace bywash::connectors::s3
