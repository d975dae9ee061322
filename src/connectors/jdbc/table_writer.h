// The sink's put step: batches into rows per table, tables brought into shape, everything written in one transaction. Level 6, one per
// task thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "columnar/batch.h"
#include "connectors/jdbc/delivered_offsets.h"
#include "connectors/jdbc/dialect.h"
#include "connectors/jdbc/field_plan.h"
#include "connectors/jdbc/record_shape.h"
#include "connectors/jdbc/table_naming.h"
#include "connectors/jdbc/table_structure.h"

namespace bywash::jdbc {

class TableWriter {
 public:
  TableWriter(const SinkConfig* config, const Dialect* dialect, TableNaming naming);

  // All rows in one transaction, in the order of their offsets. Where a table is created or extended in between, the transaction ends there, with
  // the rows that the original has sent to the database by then (BufferedRecords, GenericDatabaseDialect.applyDdlStatements): they stay
  // whatever comes later. After a failure these rows are left out when they come again, until put_ended(). With `once` the offsets are
  // noted in the same transaction, it is one alone, and rows that are written already are left out.
  Status write(Session& session, const std::vector<columnar::Batch>& batches, DeliveredOffsets* once);
  // The same rows will not come again for a failure's sake.
  void put_ended() { committed_.clear(); }
  // After a failure: what is known about tables may be outdated.
  void forget();

 private:
  struct Piece;
  struct Slice;
  struct Buffer;
  struct Put;
  struct CachedPlan;

  Status split(const ShapedBatch& shaped, std::vector<Piece>* out);
  Status write_shaped(Session& session, const std::vector<columnar::Batch>& batches, DeliveredOffsets* once);
  Status buffer_origin(Session& session, std::vector<Piece*> pieces, Put* put);
  Status buffer_slice(Session& session, const Slice& slice, Put* put);
  Status change_structure(Session& session, const std::vector<std::string>& statements, Put* put);
  Result<std::vector<TableWrite>> writes_of(const std::vector<Slice>& slices) const;
  std::vector<columnar::Batch> without_committed(const std::vector<columnar::Batch>& batches) const;
  Status validate(Piece& piece) const;
  Result<bool> deletes_nothing(Session& session, const Piece& piece);
  Status plan_piece(Session& session, Piece& piece);
  Status adapt_schemaless(Session& session, Piece& piece);
  Status append(const Slice& slice, std::vector<TableWrite>* writes) const;
  Result<columnar::Column> column_of(const Slice& slice, size_t column, TableWrite* write) const;
  // `changes`: statements behind the rows, in the same transaction.
  Status run_transaction(Session& session, const std::vector<TableWrite>& writes, const std::vector<columnar::Batch>& batches, DeliveredOffsets* once,
                         const std::vector<std::string>& changes = {});

  const SinkConfig* config_;
  const Dialect* dialect_;
  IdentifierRules rules_;
  TableNaming naming_;
  TableStructure structure_;
  bool moved_ = false;  // the last transaction met offsets that another one had written
  std::vector<std::shared_ptr<CachedPlan>> plans_;
  std::set<TableName> change_tables_;  // that change events were written to
  std::map<TopicPartition, std::set<int64_t>> committed_;  // offsets of a put that did not end yet
};

}  // namespace bywash::jdbc
