#include "analytics/plan/functions.h"

#include "analytics/plan/decimal_functions.h"
#include "analytics/plan/function_groups.h"

#include <string_view>
#include <unordered_map>

namespace bywash::analytics {
namespace {

const FunctionEntry* find_entry(std::string_view name) {
  static const std::unordered_map<std::string_view, const FunctionEntry*> table = [] {
    std::unordered_map<std::string_view, const FunctionEntry*> out;
    for (const auto* group : {&numeric_functions(), &logic_functions(), &text_functions(), &time_functions(), &text_part_functions(), &encoding_functions(),
                              &array_functions(), &json_functions(), &url_functions(), &address_functions(), &text_form_functions(), &vector_functions(), &geo_functions(), &hash_functions(), &sketch_functions(), &h3_functions(), &decimal_functions()}) {
      for (const FunctionEntry& entry : *group) out.emplace(entry.name, &entry);
    }
    return out;
  }();
  auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

// arraySortInt and its like answer INT of LONG columns too, cut off as Java's (int) does.
bool names_ints(const FunctionArgs& call) { return call.name.starts_with("array") && call.name.ends_with("int") && call.size() > 0 && call.args[0]->multi; }
BoundFunction as_ints(BoundFunction function) {
  function.type = DataType::kInt;
  function.kernel = [kernel = std::move(function.kernel)](const std::vector<const Vector*>& args, size_t n, Vector& out) {
    out.type = DataType::kLong;
    kernel(args, n, out);
    out.type = DataType::kInt;
    for (int64_t& value : out.integers) value = static_cast<int32_t>(value);
  };
  return function;
}

bool is_numeric(const FunctionEntry& entry) {
  const std::vector<FunctionEntry>& all = numeric_functions();
  return &entry >= all.data() && &entry < all.data() + all.size();
}

// Row `from[i]` of a vector for each i.
void gather_rows(const Vector& source, const std::vector<uint32_t>& from, Vector& out) {
  out.type = source.type;
  out.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i) {
    if (source.is_null(from[i])) out.set_null(i, from.size());
    switch (source.physical()) {
      case Physical::kInteger: out.integers[i] = source.integers[from[i]]; break;
      case Physical::kReal: out.reals[i] = source.reals[from[i]]; break;
      case Physical::kText: out.texts[i] = source.texts[from[i]]; break;
    }
  }
}

// Calls the function for each element of the array argument `which`, the other arguments being those of its row.
Result<BoundFunction> for_each_element(const FunctionEntry& entry, const FunctionArgs& call, size_t which) {
  std::vector<BoundPtr> args = call.args;
  auto element = std::make_shared<Bound>(*args[which]);
  element->multi = false;
  args[which] = std::move(element);
  ASSIGN_OR_RETURN(BoundFunction inner, entry.bind({call.name, args}));
  if (inner.multi) return Status::invalid(fmt::format("Function {} does not take multi-value columns: {}", call.name, call.args[which]->text));
  Kernel kernel = [inner, which](const std::vector<const Vector*>& vectors, size_t n, Vector& out) {
    const Vector& arrays = *vectors[which];
    std::vector<uint32_t> rows(arrays.offsets.empty() ? 0 : arrays.offsets[n]);
    for (size_t i = 0; i < n; ++i) {
      for (uint32_t at = arrays.offsets[i]; at < arrays.offsets[i + 1]; ++at) rows[at] = static_cast<uint32_t>(i);
    }
    std::vector<Vector> spread(vectors.size());
    std::vector<const Vector*> pointers(vectors);
    for (size_t a = 0; a < vectors.size(); ++a) {
      if (a == which) continue;
      gather_rows(*vectors[a], rows, spread[a]);
      pointers[a] = &spread[a];
    }
    out.offsets.assign(arrays.offsets.begin(), arrays.offsets.begin() + static_cast<ptrdiff_t>(n + 1));
    inner.kernel(pointers, rows.size(), out);
    out.nulls.clear();
  };
  return BoundFunction{inner.type, std::move(kernel), true, inner.strict};
}

}  // namespace

Status FunctionArgs::expect(size_t least, size_t most) const {
  if (args.size() >= least && args.size() <= most) return {};
  if (least == most) return Status::invalid(fmt::format("Function {} takes {} argument(s), got {}", name, least, args.size()));
  return Status::invalid(fmt::format("Function {} takes {} to {} arguments, got {}", name, least, most, args.size()));
}

Status FunctionArgs::expect_numbers() const {
  for (size_t i = 0; i < args.size(); ++i) {
    if (physical_of(args[i]->type) != Physical::kText || args[i]->null) continue;
    return Status::invalid(fmt::format("Function {} needs a number as argument {}, got {}: {}", name, i + 1, to_string(args[i]->type), args[i]->text));
  }
  return {};
}

Result<std::string> FunctionArgs::literal_text(size_t i) const {
  const Bound& arg = *args[i];
  if (arg.kind != BoundKind::kLiteral) return Status::invalid(fmt::format("Function {} needs a literal as argument {}: {}", name, i + 1, arg.text));
  if (physical_of(arg.type) == Physical::kText) return arg.literal.text;
  if (physical_of(arg.type) == Physical::kInteger) return std::to_string(arg.literal.integer);
  return fmt::format("{}", arg.literal.real);
}

Result<int64_t> FunctionArgs::literal_integer(size_t i) const {
  const Bound& arg = *args[i];
  if (arg.kind == BoundKind::kLiteral && physical_of(arg.type) == Physical::kInteger) return arg.literal.integer;
  if (arg.kind == BoundKind::kLiteral && physical_of(arg.type) == Physical::kText) {
    Result<Scalar> value = parse_scalar(DataType::kLong, arg.literal.text);
    if (value.ok()) return value->integer;
  }
  return Status::invalid(fmt::format("Function {} needs a whole number as argument {}: {}", name, i + 1, arg.text));
}

bool is_function(std::string_view name) { return find_entry(name) != nullptr; }

Result<BoundFunction> bind_function(const FunctionArgs& call) {
  size_t arrays = 0, which = 0;
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (call.args[i]->multi) ++arrays, which = i;
  }
  const FunctionEntry* entry = find_entry(call.name);
  // Pinot spells the functions for arrays with "MV" at the end.
  if (!entry && arrays > 0 && call.name.ends_with("mv")) entry = find_entry(std::string_view(call.name).substr(0, call.name.size() - 2));
  if (!entry) return Status::invalid(fmt::format("Unsupported function: {}", call.name));
  if (arrays == 0 && takes_decimals(call)) {
    if (std::optional<BoundFunction> exact = bind_decimal_function(call)) return *std::move(exact);
    if (is_numeric(*entry)) return bind_with_doubles(*entry, call);
  }
  if (arrays == 0 || entry->arrays == Arrays::kTaken) {
    ASSIGN_OR_RETURN(BoundFunction bound, entry->bind(call));
    return names_ints(call) && bound.type == DataType::kLong ? as_ints(std::move(bound)) : bound;
  }
  if (arrays > 1 || entry->arrays == Arrays::kRefused) {
    return Status::invalid(fmt::format("Function {} does not take multi-value columns: {}", call.name, call.args[which]->text));
  }
  std::string plain = call.name.ends_with("mv") && !is_function(call.name) ? call.name.substr(0, call.name.size() - 2) : call.name;
  return for_each_element(*entry, {plain, call.args}, which);
}

}  // namespace bywash::analytics
