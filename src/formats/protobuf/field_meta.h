// The option (confluent.field_meta), in which Confluent's converters keep what a field's type cannot say: connect.type, the precision
// and scale of a Decimal. Decode and encode steps. Level 4.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace google::protobuf {
class FieldOptions;
}

namespace bywash::formats::protobuf {

// The option's parameters; none when there is no such option, or it cannot be read. `options` as the parser or a descriptor has them.
std::map<std::string, std::string> field_meta_params(const google::protobuf::FieldOptions& options);
// Adds the option with these parameters, in this order.
void add_field_meta(const std::vector<std::pair<std::string, std::string>>& params, google::protobuf::FieldOptions* options);

}  // namespace bywash::formats::protobuf
