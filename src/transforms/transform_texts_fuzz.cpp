// libFuzzer: what users write into the configurations of transforms, and texts in records that transforms read. The first byte says
// which language the first line is in; the second line is what it is tried on.
#include "base/check.h"
#include "columnar/values_parser.h"
#include "transforms/condition.h"
#include "transforms/java_date_format.h"
#include "transforms/json_path.h"
#include "transforms/zoned_time.h"

#include <cstddef>
#include <cstdint>

namespace {

using namespace bywash;
using namespace bywash::transforms;

void try_date_format(std::string_view pattern, std::string_view text) {
  auto format = JavaDateFormat::compile(pattern);
  if (!format.ok()) return;
  auto ms = format->parse(text);
  (void)format->format(ms.value_or(0));
}

void try_condition(std::string_view text, std::string_view record) {
  columnar::Batch batch;
  batch.topic = "t";
  batch.value = *columnar::infer_column({Value::map({{Value::string("op"), Value::string(record)}})});
  batch.key = *columnar::infer_column({Value()});
  batch.offsets = {0};
  batch.timestamps_ms = {0};
  batch.selected = columnar::RowMask(1);
  for (ConditionLanguage language : {ConditionLanguage::kGroovy, ConditionLanguage::kJavaScript}) {
    auto condition = Condition::compile(text, language);
    if (condition.ok()) (void)condition->holds(ConditionRecords(batch), 0);
    else CHECK(!condition.status().message().empty());
  }
}

void try_path(std::string_view text, std::string_view record) {
  auto path = JsonPath::compile(text);
  if (!path.ok()) return;
  const Value value = Value::map({{Value::string("a"), Value::list({Value::string(record), Value(int64_t{1})})}});
  const RecordNode root(&value);
  (void)path->find(root);
  (void)path->names_missing(root);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const size_t line = text.find('\n');
  const std::string_view first = text.substr(0, line), second = line == text.npos ? "" : text.substr(line + 1);
  switch (bytes[0] % 5) {
    case 0: try_date_format(first, second); break;
    case 1: try_condition(first, second); break;
    case 2: try_path(first, second); break;
    case 3:
      if (auto time = parse_offset_date_time(first)) (void)offset_date_time_text(*time);
      if (auto time = parse_offset_time(first)) (void)offset_time_text(*time);
      break;
    default: (void)columnar::parse_value_text(text); break;
  }
  return 0;
}
