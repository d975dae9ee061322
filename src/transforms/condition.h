// Condition: what an expression of Debezium's content-based Filter and ContentBasedRouter says about a record, in the part of Groovy (and of
// graal.js) that such expressions are written in. Level 4, the transform step; the task's thread.
//
//   value.op == 'u' && value.after.quantity > 10        header.tenant.value in ['a', 'b']
//   value?.before?.id != null || topic.startsWith('x')  value.get('op') ==~ /[cu]/
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transforms/record_node.h"
#include "transforms/row_verdicts.h"

namespace bywash::transforms {

class JavaRegex;

struct ConditionNode {
  enum class Op : uint8_t {
    kLiteral, kList, kKey, kValue, kTopic, kKeySchema, kValueSchema, kHeaders,  // leaves
    kMember,   // parts[0].name, or ?. when `safe`
    kIndex,    // parts[0][parts[1]]
    kCall,     // parts[0].name(parts[1], ...)
    kNot, kAnd, kOr, kTernary, kElvis, kConcat, kEq, kNe, kLt, kLe, kGt, kGe, kIn, kNotIn, kMatches, kFinds
  } op = Op::kLiteral;
  std::string name;
  bool safe = false;
  Value literal;
  std::vector<std::shared_ptr<const ConditionNode>> parts;
  std::shared_ptr<const JavaRegex> regex;  // of kMatches and kFinds
  size_t at = 0;                           // position in the text, from 1
};
using ConditionNodePtr = std::shared_ptr<const ConditionNode>;

enum class ConditionLanguage : uint8_t { kGroovy, kJavaScript };

// Error: what is not understood, and where ("... at position 12").
Result<ConditionNodePtr> parse_condition(std::string_view text, ConditionLanguage language);

// A batch as conditions see it.
struct ConditionRecords {
  explicit ConditionRecords(const Batch& of) : batch(of), key(of.key), value(of.value) {}
  const Batch& batch;
  const RecordColumn key, value;
};

class Condition {
 public:
  static Result<Condition> compile(std::string_view text, ConditionLanguage language);
  // Is it true of the record? Error: what fails there too (a member of null, a result that is no boolean), without values.
  Result<bool> holds(const ConditionRecords& records, int64_t row) const;
  // The same for all rows at once, as far as columns tell it; nullopt: of no row.
  std::optional<RowVerdicts> holds(const ConditionRecords& records) const;
  // The text that it gives for the record; nullopt: null. Error: as above, or a result that is no text.
  Result<std::optional<std::string>> text(const ConditionRecords& records, int64_t row) const;

 private:
  Condition(ConditionNodePtr root, ConditionLanguage language) : root_(std::move(root)), language_(language) {}
  ConditionNodePtr root_;
  ConditionLanguage language_;
};

}  // namespace bywash::transforms
