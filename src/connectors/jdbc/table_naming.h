// table.name.format filled in for a record. Level 6, the task's thread.
#pragma once

#include <string>
#include <vector>

#include "columnar/batch.h"

namespace bywash::jdbc {

class TableNaming {
 public:
  // `${topic}` as the original has it; ours: `${field:NAME}`, a field of the value, or of the key where the value has none, and
  // `${header:NAME}`, the last header of that name. kInvalid: a placeholder that is not closed or has no name.
  static Result<TableNaming> parse(const std::string& format);

  // True when records of one topic may go to different tables.
  bool per_record() const { return per_record_; }
  // The table's name for row `row`. kData: no such field or header, or a text that is no part of a name (empty, or with a dot or a quote).
  Result<std::string> name_for(const columnar::Batch& batch, int64_t row) const;

 private:
  enum class Kind { kText, kTopic, kField, kHeader };
  struct Part {
    Kind kind;
    std::string text;
  };
  std::vector<Part> parts_;
  bool per_record_ = false;
};

}  // namespace bywash::jdbc
