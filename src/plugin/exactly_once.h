// ResumesExactly: what a source task may say of itself beside SourceTask. Level 3.
#pragma once

namespace bywash::plugin {

// A SourceTask that also is one says whether it can deliver exactly once with its configuration: from the offset of a record it always
// reads the record after it, and no record twice (SourceConnector.exactlyOnceSupport, Kafka 4.3). Asked before start().
class ResumesExactly {
 public:
  virtual ~ResumesExactly() = default;
  virtual bool resumes_exactly() const = 0;
};

}  // namespace bywash::plugin
