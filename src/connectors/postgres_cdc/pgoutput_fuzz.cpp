// libFuzzer: any bytes are a message or none; what a message points at lies inside them. The same memory for every one, as in the task.
#include "base/check.h"
#include "connectors/postgres_cdc/pgoutput.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace bywash::postgres_cdc;
  static ChangeMessage message;
  const std::string_view whole(reinterpret_cast<const char*>(bytes), size);
  auto inside = [&](std::string_view part) { CHECK(part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size())); };
  if (!decode_message(whole, &message).ok()) return 0;
  const bool row = message.type == MessageType::kInsert || message.type == MessageType::kUpdate || message.type == MessageType::kDelete;
  if (row) {
    for (const Tuple* tuple : {&message.old_row, &message.new_row}) {
      for (const TupleValue& value : *tuple) {
        // What a message does not have is left over from an earlier one.
        if (tuple == &message.old_row ? !message.has_old : message.type == MessageType::kDelete) break;
        if (value.kind == TupleValue::Kind::kText) inside(value.text);
      }
    }
  }
  if (message.type == MessageType::kMessage) inside(message.content);
  return 0;
}
