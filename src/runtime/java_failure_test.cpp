// Messages of ours against the exceptions of the original: classes and messages as recorded from Kafka Connect 4.3.1.
#include "runtime/java_failure.h"

#include <gtest/gtest.h>

namespace bywash::runtime {
namespace {

constexpr const char* kData = "org.apache.kafka.connect.errors.DataException";

Status data(const char* message, const char* java_class = kData) { return Status::data(message).with_java_class(java_class); }

std::string told(const Status& status) {
  const JavaFailure failure = java_failure(status);
  std::string out = failure.thrown.message;
  for (const JavaException& cause : failure.causes) out += " < " + cause.java_class.substr(cause.java_class.rfind('.') + 1) + ": " + cause.message;
  return out;
}

TEST(JavaFailure, PutsTheReasonOfAConverterIntoTheCause) {
  EXPECT_EQ(told(data("Converting byte[] to Kafka Connect data failed due to serialization error: unexpected end of input (at byte 4)")),
            "Converting byte[] to Kafka Connect data failed due to serialization error:  < SerializationException: "
            "com.fasterxml.jackson.core.io.JsonEOFException: unexpected end of input (at byte 4) < JsonEOFException: unexpected end of input (at byte 4)");
  EXPECT_EQ(told(data("Failed to deserialize data for topic orders to Avro: Unknown magic byte!")),
            "Failed to deserialize data for topic orders to Avro: < SerializationException: Unknown magic byte!");
  EXPECT_EQ(told(data("Failed to deserialize data for topic orders to Protobuf: Unknown magic byte!")),
            "Failed to deserialize data for topic orders to Protobuf:  < SerializationException: Unknown magic byte!");
  EXPECT_EQ(told(data("Failed to serialize Avro data from topic orders: refused")), "Failed to serialize Avro data from topic orders : < SerializationException: refused");
  EXPECT_EQ(told(data("I/O error while deserializing data for topic orders: the data ends in field 'n.z' at byte 4", "org.apache.kafka.common.errors.NetworkException")),
            "I/O error while deserializing data for topic orders: null < SerializationException: Error deserializing Avro message"
            " < EOFException: the data ends in field 'n.z' at byte 4");
  EXPECT_EQ(told(data("Failed to deserialize integer: Size of data received by IntegerDeserializer is not 4")),
            "Failed to deserialize integer:  < SerializationException: Size of data received by IntegerDeserializer is not 4");
  EXPECT_EQ(told(data("Failed to serialize to short (was class java.lang.Double): ")),
            "Failed to serialize to short (was class java.lang.Double):  < ClassCastException: class java.lang.Double cannot be cast to class java.lang.Short");
}

TEST(JavaFailure, NamesWhatStoodBehindATransformsError) {
  EXPECT_EQ(told(data("Value was out of range for requested data type (a string that is no int8)")),
            "Value was out of range for requested data type < NumberFormatException: a string that is no int8");
  EXPECT_EQ(told(data("Could not parse timestamp: value does not match pattern (yyyy)")),
            "Could not parse timestamp: value does not match pattern (yyyy) < ParseException: Unparseable date");
}

TEST(JavaFailure, TakesTheFieldOffTheMessage) {
  const JavaFailure failure = java_failure(data("Invalid null value for required INT32 field (field 'addr.zip')"));
  EXPECT_EQ(failure.thrown.message, "Invalid null value for required INT32 field");
  EXPECT_EQ(failure.field, "addr.zip");
  EXPECT_EQ(java_trace(data("Wrong (field 'a')")), "org.apache.kafka.connect.errors.DataException: Wrong\n\tat field 'a'\n");
}

TEST(JavaFailure, LeavesOtherMessagesAlone) {
  EXPECT_EQ(told(data("Field does not exist: id")), "Field does not exist: id");
  EXPECT_EQ(java_failure(Status::fatal("x")).thrown.java_class, "org.apache.kafka.connect.errors.ConnectException");
}

TEST(JavaTrace, HasALineForEachCauseAndForThePlace) {
  EXPECT_EQ(wrapped_trace("Tolerance exceeded in error handler", data("Failed to deserialize long: too short"), "topic 't', partition 0, offset 7"),
            "org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler\n"
            "Caused by: org.apache.kafka.connect.errors.DataException: Failed to deserialize long: \n"
            "Caused by: org.apache.kafka.common.errors.SerializationException: too short\n"
            "\tat topic 't', partition 0, offset 7\n");
}

}  // namespace
}  // namespace bywash::runtime
