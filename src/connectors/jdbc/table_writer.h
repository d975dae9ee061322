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

  // All rows or none. Tables are created and extended before (and stay so on a failure, as in the original). Rows take effect in the
  // order of their offsets. With `once` the offsets are noted in the same transaction, and rows that are written already are left out.
  Status write(Session& session, const std::vector<columnar::Batch>& batches, DeliveredOffsets* once);
  // After a failure: what is known about tables may be outdated.
  void forget();

 private:
  struct Piece;
  struct Group;
  struct CachedPlan;

  Status split(const ShapedBatch& shaped, std::vector<Piece>* out);
  Status write_shaped(Session& session, const std::vector<columnar::Batch>& batches, DeliveredOffsets* once);
  Status validate(Piece& piece) const;
  Status plan_group(Session& session, Group& group, std::vector<TableWrite>* out);
  Result<bool> deletes_nothing(Session& session, const Piece& piece);
  Status plan_piece(Session& session, Piece& piece);
  Status adapt_schemaless(Session& session, Piece& piece);
  Status append(const Piece& piece, size_t from, size_t to, std::vector<TableWrite>* writes) const;
  Status run_transaction(Session& session, const std::vector<TableWrite>& writes, const std::vector<columnar::Batch>& batches, DeliveredOffsets* once);

  const SinkConfig* config_;
  const Dialect* dialect_;
  IdentifierRules rules_;
  TableNaming naming_;
  TableStructure structure_;
  bool moved_ = false;  // the last transaction met offsets that another one had written
  std::vector<std::shared_ptr<CachedPlan>> plans_;
  std::set<TableName> change_tables_;  // that change events were written to
};

}  // namespace bywash::jdbc
