// Values of one expression for all rows of a batch: the unit that operators and functions work on. Level 2; owned by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch.h"
#include "expressions/syntax.h"

namespace bywash::expressions {

// BOOLEAN, BIGINT and TIMESTAMP (ms) are held as integers; DOUBLE as reals; STRING as texts. kNull: every row is null. kOther: values that
// expressions only hand on (structs, arrays, bytes, decimals in full).
enum class ValueKind : uint8_t { kNull, kBoolean, kInteger, kReal, kText, kTimestamp, kOther };
std::string_view to_string(ValueKind kind);  // "BIGINT", "STRING", ...

struct Values {
  ValueKind kind = ValueKind::kNull;
  size_t count = 0;
  bool constant = false;  // one value stands for every row; then the vectors below hold one element
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string_view> texts;   // into the batch's columns, the expression's literals or `bytes`
  std::shared_ptr<std::string> bytes;
  std::vector<uint8_t> nulls;            // 1 where null; empty: nowhere
  std::vector<uint8_t> bad;              // 1 where the row cannot be computed; empty: nowhere
  std::string why;                       // what is wrong with the bad rows
  columnar::Column column;               // of a plain name: the column itself
  columnar::Type narrow = columnar::Type::kInt64;  // the type a CAST asked for: kInt8 ... kFloat32, else the kind's own

  static Values of(ValueKind kind, size_t count);
  size_t at(size_t row) const { return constant ? 0 : row; }
  bool null(size_t row) const { return kind == ValueKind::kNull || (!nulls.empty() && nulls[at(row)]); }
  bool is_bad(size_t row) const { return !bad.empty() && bad[at(row)]; }
  bool number() const { return kind == ValueKind::kInteger || kind == ValueKind::kReal; }
  double real(size_t row) const { return kind == ValueKind::kReal ? reals[at(row)] : static_cast<double>(integers[at(row)]); }
  int64_t integer(size_t row) const { return integers[at(row)]; }
  std::string_view text(size_t row) const { return texts[at(row)]; }

  void set_null(size_t row);
  void set_bad(size_t row, std::string_view reason);
  // Null where any argument is, bad where any is: what every ordinary function starts with.
  void inherit(const std::vector<const Values*>& args);

  // Texts are written one after the other: append to *bytes, then end_text(); finish_texts() makes the views.
  void start_texts();
  void end_text() { ends_.push_back(bytes->size()); }
  void finish_texts();

 private:
  std::vector<size_t> ends_;
};

// What a field of a record holds, by row. A name that the batch lacks: all null when the record has no schema, else an error.
Result<Values> load_name(const Expression& name, const columnar::Batch& batch);
// The last header of that name, as text.
Values load_header(const std::string& name, const columnar::Batch& batch);

// The values as a column of `count` rows: a plain name's with its own schema, else an optional field of the kind's type
// (int64, float64, boolean, string, Timestamp, or what a CAST asked for). `schemaless`: without a schema.
Result<columnar::Column> column_of(const Values& values, bool schemaless);

}  // namespace bywash::expressions
