#include "analytics/plan/row_function.h"

namespace bywash::analytics {
namespace {

void to_hex_texts(const std::vector<const Vector*>& args, size_t n, Vector& out) {
  out.start_texts();
  for (size_t i = 0; i < n; ++i) {
    for (unsigned char c : args[0]->texts[i]) out.bytes += "0123456789abcdef"[c >> 4], out.bytes += "0123456789abcdef"[c & 15];
    out.end_text();
  }
  out.finish_texts();
}

}  // namespace

Result<RowArguments> RowArguments::of(const FunctionArgs& call, std::string_view signature) {
  std::string letters;
  size_t least = SIZE_MAX;
  bool repeats = false;
  for (char c : signature) {
    if (c == '|') least = letters.size();
    else if (c == '*') repeats = true;
    else letters += c;
  }
  RETURN_IF_ERROR(call.expect(std::min(least, letters.size()), repeats ? SIZE_MAX : letters.size()));
  RowArguments out;
  for (size_t i = 0; i < call.size(); ++i) {
    const Bound& arg = *call.args[i];
    char wanted = letters[std::min(i, letters.size() - 1)];
    bool text = physical_of(arg.type) == Physical::kText;
    DataType type = arg.type;
    Kernel cast;
    if (wanted == 't' && arg.type == DataType::kBytes) cast = to_hex_texts, type = DataType::kString;
    else if (wanted == 't' && !text) cast = cast_function(arg.type, type = DataType::kString).kernel;
    else if (wanted == 'b' && arg.type != DataType::kBytes) cast = cast_function(arg.type, type = DataType::kBytes).kernel;
    else if (wanted == 'i' && arg.type == DataType::kBigDecimal) cast = cast_function(arg.type, type = DataType::kDouble).kernel;
    else if (wanted == 'i' && text) cast = cast_function(arg.type, type = DataType::kLong).kernel;
    else if (wanted == 'r' && text) cast = cast_function(arg.type, type = DataType::kDouble).kernel;
    if ((wanted == 'i' || wanted == 'r') && text && !arg.null && arg.type != DataType::kBigDecimal && arg.kind != BoundKind::kLiteral) {
      return Status::invalid(fmt::format("Function {} needs a number as argument {}, got {}: {}", call.name, i + 1, to_string(arg.type), arg.text));
    }
    out.casts_.push_back(std::move(cast));
    out.types_.push_back(type);
  }
  return out;
}

std::vector<const Vector*> RowArguments::read(const std::vector<const Vector*>& args, size_t n, std::vector<Vector>& converted) const {
  std::vector<const Vector*> out(args);
  converted.resize(args.size());
  for (size_t i = 0; i < args.size(); ++i) {
    if (!casts_[i]) continue;
    converted[i].type = types_[i];
    casts_[i]({args[i]}, n, converted[i]);
    converted[i].nulls = args[i]->nulls;
    out[i] = &converted[i];
  }
  return out;
}

}  // namespace bywash::analytics
