// JavaFailure: a Status as the chain of exceptions that Kafka Connect (4.3) and Confluent's converters throw in its place: Connect's own
// words for the record's error, and what stood behind them as the causes. For the dead letter queue's headers, traces and dry runs. Level 7.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bywash::runtime {

struct JavaException {
  std::string java_class;
  std::string message;
};

struct JavaFailure {
  JavaException thrown;
  std::vector<JavaException> causes;  // each the cause of the one before
  std::string field;                  // path of the field that is at fault, where the message ends with one: "addr.zip"
};

// A status whose message has a reason behind Connect's own words ("... due to serialization error: ") comes apart there: the words are the
// message, as in the original, the reason is a cause. Nothing of a status's message is lost.
JavaFailure java_failure(const Status& status);

// The lines of a Java trace for a failed task: "<class>: <message>", then "Caused by: " for each cause. `place`, unless empty, is a last line
// "\tat <place>": the record that failed; a field stands before it, "\tat field '<path>'".
std::string java_trace(const Status& status, std::string_view place = {});
// As java_trace, wrapped the way a worker wraps the cause.
std::string wrapped_trace(std::string_view wrapper, const Status& cause, std::string_view place = {});

}  // namespace bywash::runtime
