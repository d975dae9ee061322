// Events of one table under construction: keys, envelopes and headers as columns, in batches of its topic. Level 6, the task's thread.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "connectors/postgres_cdc/event_mark.h"
#include "connectors/postgres_cdc/field_type.h"
#include "connectors/postgres_cdc/selection.h"

namespace bywash::postgres_cdc {

// What all tables of a task share.
struct EventSettings {
  const ChangeConfig* config = nullptr;
  const Selection* selection = nullptr;
  std::shared_ptr<const std::vector<columnar::Header>> headers;  // of every event; null: none
  std::vector<plugin::SourceBatch>* out = nullptr;  // where finished batches go
};

class TableEvents {
 public:
  static Result<std::unique_ptr<TableEvents>> make(const EventSettings& settings, Catalog& catalog, TableStructure structure);

  const TableStructure& structure() const { return structure_; }
  // Whether it was made for this very structure.
  bool fits(const TableStructure& other) const;
  int64_t row_count() const { return changes_.rows + tombstones_.rows; }

  // The rows hold one value per column of the structure. kData: a value that cannot be converted; no trace of the event is left.
  // kNotFound: a label that the enum does not have yet: make the table anew.
  Status add_read(const Tuple& row, const EventMark& mark);
  Status add_insert(const Tuple& row, const EventMark& mark);
  // `old_row` null: the server did not send it, the key is as it was.
  Status add_update(const Tuple* old_row, bool old_is_whole, const Tuple& row, const EventMark& mark);
  Status add_delete(const Tuple& old_row, const EventMark& mark);
  Status add_truncate(const EventMark& mark);
  // Everything added so far as batches of settings.out, in order.
  Status flush();
  // Labels that an enum does not have (any more) are let through from now on.
  void accept_any_label();
  // Forgets what was added and not flushed.
  void discard();

 private:
  struct ValueField {
    size_t column;
    std::unique_ptr<FieldType> type;
  };
  // One change: what its envelope holds.
  struct Event {
    std::string_view operation;
    const Tuple* before = nullptr;
    const Tuple* after = nullptr;
    const Tuple* key_of = nullptr;
    const columnar::Header* more = nullptr;
  };
  struct Pending {
    std::unique_ptr<formats::json::ColumnBuilder> keys, values;
    std::vector<std::vector<columnar::Header>> headers;  // of rows that have some of their own
    int64_t rows = 0;
  };

  TableEvents(const EventSettings& settings, TableStructure structure) : settings_(settings), structure_(std::move(structure)) {}
  Status plan(Catalog& catalog);
  Status add(const Event& event, const EventMark& mark);
  Status append(const Event& event, const EventMark& mark);
  Status append_row(const Tuple& row, const Tuple* old_row, formats::json::ColumnBuilder* out);
  Status append_key(const Tuple& row, formats::json::ColumnBuilder* out);
  Status add_tombstone(const Tuple& key_of, const columnar::Header* more);
  static void push_header(const columnar::Header* own, Pending* to);
  Result<columnar::Header> key_header(const char* name, const Tuple& row);
  bool same_key(const Tuple& one, const Tuple& other) const;
  bool same_row(const Tuple& one, const Tuple& other) const;
  std::string key_text(const Tuple& row) const;
  Status flush_both();
  Status flush(Pending* pending, bool with_values);

  const EventSettings& settings_;
  TableStructure structure_;
  std::string topic_;
  std::vector<ValueField> fields_, key_fields_;
  columnar::SchemaPtr key_schema_, envelope_schema_;  // the key's null: no key
  Pending changes_, tombstones_;
  int tombstone_batches_ = 0;  // since the last flush()
  std::set<std::string> waiting_keys_;  // of tombstones_, once they wait
};

}  // namespace bywash::postgres_cdc
