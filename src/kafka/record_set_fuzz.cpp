// libFuzzer: any bytes as a broker's answer to Fetch and as stored record batches give records inside them or an error. The first byte
// chooses: an answer, or batches with or without their checksums.
#include <cstring>

#include "base/check.h"
#include "kafka/protocol.h"
#include "kafka/record_set.h"

namespace {

using namespace bywash::kafka;

void read_all(const SharedBytes& memory, std::string_view bytes, std::vector<AbortedTransaction> aborted, RecordSetOptions options) {
  RecordSet set(memory, bytes, std::move(aborted), options);
  if (set.has_old_format()) return;
  FetchedBatch out({"t", bywash::Partition(0)}, 16);
  (void)set.read(0, 1000, &out).ok();
  int64_t last = -1;
  for (size_t i = 0; i < out.records().size(); ++i) {
    CHECK(out.records()[i].offset > last);
    last = out.records()[i].offset;
    if (out.has_headers(i)) CHECK(!out.headers(i).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  std::shared_ptr<char[]> memory(new char[size]);
  std::memcpy(memory.get(), bytes, size);
  const std::string_view input(memory.get() + 1, size - 1);
  const int choice = bytes[0] % 4;
  if (choice < 3) {
    read_all(memory, input, {{1, 0}, {-1, 3}}, {.check_crcs = choice == 0, .read_committed = choice == 2});
    return 0;
  }
  auto answer = protocol::parse_fetch(input);
  if (!answer.ok()) return 0;
  for (auto& part : answer->partitions) read_all(memory, part.records, std::move(part.aborted), {.check_crcs = false, .read_committed = true});
  return 0;
}
