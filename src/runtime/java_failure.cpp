// Connect's words and the reasons behind them. Level 7.
#include "runtime/java_failure.h"

#include <algorithm>
#include <cctype>

namespace bywash::runtime {
namespace {

constexpr std::string_view kSerialization = "org.apache.kafka.common.errors.SerializationException";
constexpr std::string_view kNumberFormat = "java.lang.NumberFormatException";
constexpr std::string_view kFailureDataException = "org.apache.kafka.connect.errors.DataException";

const std::string& class_of(const Status& status) {
  static const std::string kDefault = "org.apache.kafka.connect.errors.ConnectException";
  return status.java_class().empty() ? kDefault : status.java_class();
}

// What stands behind `words` in the message up to and with `end`; false: the message is another.
bool split_behind(std::string* message, std::string_view words, std::string_view end, std::string* reason) {
  if (!message->starts_with(words)) return false;
  const size_t at = message->find(end, words.size());
  if (at == message->npos) return false;
  *reason = message->substr(at + end.size());
  message->resize(at + end.size());
  return true;
}

// The exception of Jackson's parser that stops at such a text.
std::string_view jackson_class(std::string_view reason) {
  if (reason.starts_with("unexpected end")) return "com.fasterxml.jackson.core.io.JsonEOFException";
  if (reason.starts_with("nesting depth")) return "com.fasterxml.jackson.core.exc.StreamConstraintsException";
  return "com.fasterxml.jackson.core.JsonParseException";
}

void add_cause(JavaFailure* failure, std::string_view java_class, std::string message) {
  failure->causes.push_back({std::string(java_class), std::move(message)});
}

void add_parser_causes(JavaFailure* failure, std::string reason) {
  const std::string_view parser = jackson_class(reason);
  add_cause(failure, kSerialization, fmt::format("{}: {}", parser, reason));
  add_cause(failure, parser, std::move(reason));
}

// JsonConverter, JsonSchemaConverter, AvroConverter, ProtobufConverter. False: the message is none of theirs.
bool split_converters_words(JavaFailure* failure) {
  std::string& message = failure->thrown.message;
  std::string reason;
  if (split_behind(&message, "Converting byte[] to Kafka Connect data failed due to serialization error", ": ", &reason)) {
    const bool framed = message.find(" of topic ") != message.npos;
    if (!framed) add_parser_causes(failure, std::move(reason));
    else add_cause(failure, kSerialization, std::move(reason));
    return true;
  }
  if (split_behind(&message, "Failed to parse schema in converter config due to serialization error", ": ", &reason)) {
    add_parser_causes(failure, std::move(reason));
    return true;
  }
  if (split_behind(&message, "I/O error while deserializing data for topic ", ": ", &reason)) {
    // The words of the original's EOFException: it has none.
    message += "null";
    add_cause(failure, kSerialization, "Error deserializing Avro message");
    add_cause(failure, "java.io.EOFException", std::move(reason));
    return true;
  }
  for (std::string_view words : {"Converting Kafka Connect data to byte[] failed due to serialization error", "Failed to deserialize data for topic ",
                                 "Failed to serialize Avro data from topic ", "Failed to serialize Protobuf data from topic "}) {
    if (!split_behind(&message, words, ":", &reason)) continue;
    // The originals' own spacing.
    if (words.starts_with("Converting") || message.ends_with(" to Protobuf:")) message += ' ';
    if (words.starts_with("Failed to serialize")) message.insert(message.size() - 1, " ");
    if (reason.starts_with(' ')) reason.erase(0, 1);
    if (!reason.empty()) add_cause(failure, kSerialization, std::move(reason));
    return true;
  }
  return false;
}

// The converters of single numbers, texts and bytes.
bool split_simple_converters_words(JavaFailure* failure) {
  std::string& message = failure->thrown.message;
  std::string reason;
  if (split_behind(&message, "Failed to deserialize ", ": ", &reason)) {
    if (!reason.empty()) add_cause(failure, kSerialization, std::move(reason));
    return true;
  }
  constexpr std::string_view kWas = "(was class ";
  if (message.starts_with("Failed to serialize to ") && message.ends_with("): ") && message.find(kWas) != message.npos) {
    const size_t from = message.find(kWas) + kWas.size();
    std::string wanted = message.substr(23, message.find(' ', 23) - 23);
    if (!wanted.empty()) wanted[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(wanted[0])));
    add_cause(failure, "java.lang.ClassCastException",
              fmt::format("class {} cannot be cast to class java.lang.{}", message.substr(from, message.size() - 3 - from), wanted));
    return true;
  }
  constexpr std::string_view kEncoding = "Unsupported encoding ";
  if (message.starts_with(kEncoding)) {
    const std::string name = message.substr(kEncoding.size());
    const bool legal = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || std::string_view("-+.:_").find(static_cast<char>(c)) != std::string_view::npos; });
    add_cause(failure, legal ? "java.nio.charset.UnsupportedCharsetException" : "java.nio.charset.IllegalCharsetNameException", name);
    return true;
  }
  return false;
}

void split_others(JavaFailure* failure) {
  std::string& message = failure->thrown.message;
  // Cast: what a string is not.
  if (const size_t at = message.find(" (a string that is no "); at != message.npos && message.ends_with(')')) {
    add_cause(failure, kNumberFormat, message.substr(at + 2, message.size() - at - 3));
    message.resize(at);
  } else if (message.starts_with("Could not parse timestamp: value does not match pattern")) {
    add_cause(failure, "java.text.ParseException", "Unparseable date");
  } else if (message == "Invalid bytes field") {
    add_cause(failure, "com.fasterxml.jackson.databind.exc.InvalidFormatException", "Cannot access contents of TextNode as binary due to broken Base64 encoding");
  } else if (message == "Invalid bytes for Decimal field") {
    add_cause(failure, kFailureDataException, "Invalid scale parameter found in Decimal schema: ");
    add_cause(failure, kNumberFormat, "The scale is no number");
  }
}

// " (field 'addr.zip')" at the end is ours; Connect's words stand before it.
void take_field(JavaFailure* failure) {
  constexpr std::string_view kField = " (field '";
  std::string& message = failure->thrown.message;
  const size_t at = message.rfind(kField);
  if (at == message.npos || !message.ends_with("')")) return;
  failure->field = message.substr(at + kField.size(), message.size() - 2 - at - kField.size());
  message.resize(at);
}

}  // namespace

JavaFailure java_failure(const Status& status) {
  JavaFailure out{{class_of(status), status.message()}, {}, {}};
  take_field(&out);
  if (!split_converters_words(&out) && !split_simple_converters_words(&out)) split_others(&out);
  return out;
}

std::string java_trace(const Status& status, std::string_view place) {
  const JavaFailure failure = java_failure(status);
  std::string out = fmt::format("{}: {}\n", failure.thrown.java_class, failure.thrown.message);
  for (const JavaException& cause : failure.causes) out += fmt::format("Caused by: {}: {}\n", cause.java_class, cause.message);
  if (!failure.field.empty()) out += fmt::format("\tat field '{}'\n", failure.field);
  if (!place.empty()) out += fmt::format("\tat {}\n", place);
  return out;
}

std::string wrapped_trace(std::string_view wrapper, const Status& cause, std::string_view place) {
  return fmt::format("org.apache.kafka.connect.errors.ConnectException: {}\nCaused by: {}", wrapper, java_trace(cause, place));
}

}  // namespace bywash::runtime
