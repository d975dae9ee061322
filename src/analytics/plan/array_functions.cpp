// Functions over arrays: multi-value columns and arrays that expressions make. Semantics: ArrayFunctions and the array transform
// functions of Apache Pinot 1.5.1; its names end with the element's type, which is the argument's own here.
#include "analytics/plan/row_function.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace bywash::analytics {
namespace {

Status expect_array(const FunctionArgs& call, size_t i) {
  if (call.args[i]->multi) return {};
  return Status::invalid(fmt::format("Function {} needs a multi-value column as argument {}: {}", call.name, i + 1, call.args[i]->text));
}
Status expect_single(const FunctionArgs& call, size_t i) {
  if (!call.args[i]->multi) return {};
  return Status::invalid(fmt::format("Function {} does not take a multi-value column as argument {}: {}", call.name, i + 1, call.args[i]->text));
}

// Copies element `at` of a vector to the end of another of the same type.
void push_element(const Vector& from, size_t at, Vector& to) {
  switch (from.physical()) {
    case Physical::kInteger: to.integers.push_back(from.integers[at]); break;
    case Physical::kReal: to.reals.push_back(from.reals[at]); break;
    case Physical::kText: to.texts.push_back(from.texts[at]); break;
  }
}
bool equal_elements(const Vector& a, size_t i, const Vector& b, size_t j) {
  if (a.physical() == Physical::kText || b.physical() == Physical::kText) return a.physical() == b.physical() && a.texts[i] == b.texts[j];
  if (a.physical() == Physical::kInteger && b.physical() == Physical::kInteger) return a.integers[i] == b.integers[j];
  return a.number(i) == b.number(j);
}
bool element_before(const Vector& a, size_t i, size_t j) {
  switch (a.physical()) {
    case Physical::kInteger: return a.integers[i] < a.integers[j];
    case Physical::kReal: return a.reals[i] < a.reals[j];
    case Physical::kText: return a.texts[i] < a.texts[j];
  }
  return false;
}

// What pushes write to: an empty vector of arrays. Texts are copied at the end, for their sources die with the call.
void start_arrays(Vector& out) {
  out.integers.clear(), out.reals.clear(), out.texts.clear();
  out.offsets.assign(1, 0);
}
void end_array(Vector& out) { out.offsets.push_back(static_cast<uint32_t>(out.value_count())); }
void finish_arrays(Vector& out) {
  if (out.physical() != Physical::kText) return;
  std::vector<std::string_view> texts;
  texts.swap(out.texts);
  out.start_texts();
  for (std::string_view text : texts) out.bytes += text, out.end_text();
  out.finish_texts();
}

// f(array vector, begin, end, row) for each row of the only array argument, the first.
template <class F>
BoundFunction over_arrays(DataType type, F f) {
  return {type, [f](const std::vector<const Vector*>& args, size_t n, Vector& out) {
            out.resize(n);
            for (size_t i = 0; i < n; ++i) f(args, args[0]->offsets[i], args[0]->offsets[i + 1], i, out);
          }};
}
template <class F>
BoundFunction to_arrays(DataType type, F f) {
  return {type, [f](const std::vector<const Vector*>& args, size_t n, Vector& out) {
            start_arrays(out);
            for (size_t i = 0; i < n; ++i) f(args, i, out), end_array(out);
            finish_arrays(out);
          }, true};
}

Result<BoundFunction> array_length(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  RETURN_IF_ERROR(expect_array(call, 0));
  return over_arrays(DataType::kInt, [](auto&, uint32_t begin, uint32_t end, size_t i, Vector& out) { out.integers[i] = end - begin; });
}

enum class Fold { kSum, kAverage, kMin, kMax };
template <Fold F>
Result<BoundFunction> fold_array(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  RETURN_IF_ERROR(expect_array(call, 0));
  RETURN_IF_ERROR(call.expect_numbers());
  // Sums and averages are DOUBLE, or LONG and INT where the name says so; extremes keep the column's type.
  DataType type = call.name == "arraysumlong" ? DataType::kLong : call.name == "arraysumint" ? DataType::kInt : F == Fold::kMin || F == Fold::kMax ? call.type(0) : DataType::kDouble;
  return over_arrays(type, [type](auto& args, uint32_t begin, uint32_t end, size_t i, Vector& out) {
    const Vector& values = *args[0];
    if (physical_of(type) == Physical::kInteger) {
      int64_t value = F == Fold::kMin ? INT64_MAX : F == Fold::kMax ? INT64_MIN : 0;
      for (uint32_t at = begin; at < end; ++at) {
        int64_t one = values.physical() == Physical::kReal ? to_long(values.reals[at]) : values.integers[at];
        if (F == Fold::kMin) value = std::min(value, one);
        else if (F == Fold::kMax) value = std::max(value, one);
        else value = static_cast<int64_t>(static_cast<uint64_t>(value) + static_cast<uint64_t>(one));
      }
      out.integers[i] = type == DataType::kInt ? static_cast<int32_t>(value) : value;
      return;
    }
    double value = F == Fold::kMin ? INFINITY : F == Fold::kMax ? -INFINITY : 0;
    for (uint32_t at = begin; at < end; ++at) {
      double one = values.number(at);
      value = F == Fold::kMin ? std::min(value, one) : F == Fold::kMax ? std::max(value, one) : value + one;
    }
    out.reals[i] = F == Fold::kAverage ? value / static_cast<double>(end - begin) : value;
  });
}

// The element that stands for the argument `which` of this row, in the array's own type.
Result<BoundPtr> literal_as(const FunctionArgs& call, size_t which, DataType type) {
  ASSIGN_OR_RETURN(std::string text, call.literal_text(which));
  ASSIGN_OR_RETURN(Scalar value, parse_scalar(type, text));
  auto out = std::make_shared<Bound>(*call.args[which]);
  out->type = type;
  out->literal = std::move(value);
  return BoundPtr(std::move(out));
}

// valueIn(column, v1, v2, ...): the elements that are in the list.
Result<BoundFunction> value_in(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, SIZE_MAX));
  RETURN_IF_ERROR(expect_array(call, 0));
  auto wanted = std::make_shared<Vector>();
  wanted->type = call.type(0);
  auto kept = std::make_shared<std::vector<std::string>>();
  for (size_t i = 1; i < call.size(); ++i) {
    ASSIGN_OR_RETURN(BoundPtr value, literal_as(call, i, call.type(0)));
    wanted->integers.push_back(value->literal.integer);
    wanted->reals.push_back(value->literal.real);
    kept->push_back(value->literal.text);
  }
  for (const std::string& text : *kept) wanted->texts.push_back(text);
  return to_arrays(call.type(0), [wanted, kept](auto& args, size_t i, Vector& out) {
    for (uint32_t at = args[0]->offsets[i]; at < args[0]->offsets[i + 1]; ++at) {
      for (size_t w = 0; w < kept->size(); ++w) {
        if (!equal_elements(*args[0], at, *wanted, w)) continue;
        push_element(*args[0], at, out);
        break;
      }
    }
  });
}

template <bool Back>
Result<BoundFunction> sorted_array(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  RETURN_IF_ERROR(expect_array(call, 0));
  bool sort = !Back;
  return to_arrays(call.type(0), [sort](auto& args, size_t i, Vector& out) {
    std::vector<uint32_t> at(args[0]->offsets[i + 1] - args[0]->offsets[i]);
    std::iota(at.begin(), at.end(), args[0]->offsets[i]);
    if (sort) std::stable_sort(at.begin(), at.end(), [&](uint32_t a, uint32_t b) { return element_before(*args[0], a, b); });
    else std::reverse(at.begin(), at.end());
    for (uint32_t one : at) push_element(*args[0], one, out);
  });
}

bool contains_element(const Vector& out, size_t from, const Vector& values, size_t at) {
  for (size_t k = from; k < out.value_count(); ++k) {
    if (equal_elements(out, k, values, at)) return true;
  }
  return false;
}

// arrayDistinct of one array, arrayUnion of two, in order of first appearance; arrayConcat keeps all.
template <bool Distinct>
Result<BoundFunction> joined_arrays(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, SIZE_MAX));
  for (size_t i = 0; i < call.size(); ++i) {
    RETURN_IF_ERROR(expect_array(call, i));
    if (physical_of(call.type(i)) != physical_of(call.type(0))) return Status::invalid(fmt::format("Function {} takes arrays of one type: {}", call.name, call.args[i]->text));
  }
  return to_arrays(call.type(0), [](auto& args, size_t i, Vector& out) {
    size_t from = out.value_count();
    for (const Vector* arg : args) {
      for (uint32_t at = arg->offsets[i]; at < arg->offsets[i + 1]; ++at) {
        if (!Distinct || !contains_element(out, from, *arg, at)) push_element(*arg, at, out);
      }
    }
  });
}

Status expect_element(const FunctionArgs& call, size_t i) {
  RETURN_IF_ERROR(expect_single(call, i));
  if ((physical_of(call.type(i)) == Physical::kText) == (physical_of(call.type(0)) == Physical::kText)) return {};
  return Status::invalid(fmt::format("Function {} cannot look for {} in an array of {}", call.name, to_string(call.type(i)), to_string(call.type(0))));
}

template <bool Contains>
Result<BoundFunction> find_element(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_array(call, 0));
  RETURN_IF_ERROR(expect_element(call, 1));
  return over_arrays(Contains ? DataType::kBoolean : DataType::kInt, [](auto& args, uint32_t begin, uint32_t end, size_t i, Vector& out) {
    uint32_t at = begin;
    while (at < end && !equal_elements(*args[0], at, *args[1], i)) ++at;
    out.integers[i] = Contains ? at < end : at < end ? static_cast<int64_t>(at - begin) : -1;
  });
}

Result<BoundFunction> indexes_of(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_array(call, 0));
  RETURN_IF_ERROR(expect_element(call, 1));
  return to_arrays(DataType::kInt, [](auto& args, size_t i, Vector& out) {
    for (uint32_t at = args[0]->offsets[i]; at < args[0]->offsets[i + 1]; ++at) {
      if (equal_elements(*args[0], at, *args[1], i)) out.integers.push_back(at - args[0]->offsets[i]);
    }
  });
}

// arrayRemove(array, value): without its first occurrence.
Result<BoundFunction> remove_element(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_array(call, 0));
  RETURN_IF_ERROR(expect_element(call, 1));
  return to_arrays(call.type(0), [](auto& args, size_t i, Vector& out) {
    bool removed = false;
    for (uint32_t at = args[0]->offsets[i]; at < args[0]->offsets[i + 1]; ++at) {
      if (!removed && equal_elements(*args[0], at, *args[1], i)) removed = true;
      else push_element(*args[0], at, out);
    }
  });
}

// arrayPushBack and arrayPushFront(array, value).
template <bool Back>
Result<BoundFunction> push_value(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_array(call, 0));
  RETURN_IF_ERROR(expect_element(call, 1));
  Kernel cast = physical_of(call.type(0)) == physical_of(call.type(1)) ? Kernel() : cast_function(call.type(1), call.type(0)).kernel;
  return BoundFunction{call.type(0), [cast](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         Vector converted;
                         converted.type = out.type;
                         if (cast) cast({args[1]}, n, converted);
                         const Vector& value = cast ? converted : *args[1];
                         start_arrays(out);
                         for (size_t i = 0; i < n; ++i) {
                           if (!Back) push_element(value, i, out);
                           for (uint32_t at = args[0]->offsets[i]; at < args[0]->offsets[i + 1]; ++at) push_element(*args[0], at, out);
                           if (Back) push_element(value, i, out);
                           end_array(out);
                         }
                         finish_arrays(out);
                       }, true};
}

// generateIntArray(start, end, step), both ends included; of LONG, FLOAT, DOUBLE by the name.
Result<BoundFunction> generate_array(const FunctionArgs& call) {
  constexpr double kLongest = 1'000'000;
  const DataType type = call.name == "generateintarray" ? DataType::kInt : call.name == "generatelongarray" ? DataType::kLong : call.name == "generatefloatarray" ? DataType::kFloat : DataType::kDouble;
  RETURN_IF_ERROR(call.expect(3, 3));
  RETURN_IF_ERROR(call.expect_numbers());
  for (size_t i = 0; i < 3; ++i) RETURN_IF_ERROR(expect_single(call, i));
  return to_arrays(type, [type](auto& args, size_t i, Vector& out) {
    const double first = args[0]->number(i), last = args[1]->number(i), step = args[2]->number(i), count = std::floor((last - first) / step) + 1;
    if (step == 0 || !(count >= 0 && count <= kLongest)) return out.fail("An array is to be generated that does not end, or is longer than a million");
    double value = first;
    for (int64_t k = 0; k < static_cast<int64_t>(count); ++k) {
      if (physical_of(type) == Physical::kInteger) out.integers.push_back(static_cast<int64_t>(first) + k * static_cast<int64_t>(step));
      else out.reals.push_back(value);
      value = type == DataType::kFloat ? static_cast<float>(value) + static_cast<float>(step) : value + step;
    }
  });
}

// intersectIndices(a, b): the elements that both ascending arrays have.
Result<BoundFunction> intersect_indices(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  for (size_t i = 0; i < 2; ++i) RETURN_IF_ERROR(expect_array(call, i));
  RETURN_IF_ERROR(call.expect_numbers());
  return to_arrays(DataType::kInt, [](auto& args, size_t i, Vector& out) {
    uint32_t other = args[1]->offsets[i];
    for (uint32_t at = args[0]->offsets[i]; at < args[0]->offsets[i + 1] && other < args[1]->offsets[i + 1]; ++at) {
      if (!equal_elements(*args[0], at, *args[1], other)) continue;
      out.integers.push_back(static_cast<int64_t>(args[0]->number(at)));
      ++other;
    }
  });
}

// arraySlice(array, start, end): from 0, end exclusive; numbers behind the array's end are 0 (Arrays.copyOfRange).
Result<BoundFunction> slice_array(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 3));
  RETURN_IF_ERROR(expect_array(call, 0));
  ASSIGN_OR_RETURN(int64_t first, call.literal_integer(1));
  ASSIGN_OR_RETURN(int64_t last, call.literal_integer(2));
  if (first < 0 || last < first || last - first > 100'000) return Status::invalid(fmt::format("Function {} takes places from 0 on, and gives at most 100000 values: {} to {}", call.name, first, last));
  return to_arrays(call.type(0), [first, last](auto& args, size_t i, Vector& out) {
    int64_t begin = args[0]->offsets[i], size = args[0]->offsets[i + 1] - begin;
    for (int64_t at = first; at < std::min(last, size); ++at) push_element(*args[0], static_cast<size_t>(begin + at), out);
    for (int64_t at = std::max(first, size); at < last && first <= size; ++at) {
      if (out.physical() == Physical::kInteger) out.integers.push_back(0);
      else if (out.physical() == Physical::kReal) out.reals.push_back(0);
    }
  });
}

// arrayElementAt(array, index): from 1; the type's placeholder where there is none.
Result<BoundFunction> element_at(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_array(call, 0));
  ASSIGN_OR_RETURN(int64_t index, call.literal_integer(1));
  return over_arrays(call.type(0), [index](auto& args, uint32_t begin, uint32_t end, size_t i, Vector& out) {
    if (index < 1 || index > static_cast<int64_t>(end - begin)) {
      out.set_null(i, out.value_count());
      return;
    }
    size_t at = begin + static_cast<size_t>(index) - 1;
    switch (out.physical()) {
      case Physical::kInteger: out.integers[i] = args[0]->integers[at]; break;
      case Physical::kReal: out.reals[i] = args[0]->reals[at]; break;
      case Physical::kText: out.texts[i] = args[0]->texts[at]; break;
    }
  });
}

// ARRAY[a, b, ...]: of one type, numbers widened.
Result<BoundFunction> make_array(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, SIZE_MAX));
  bool text = false, real = false, wide = false;
  for (size_t i = 0; i < call.size(); ++i) {
    RETURN_IF_ERROR(expect_single(call, i));
    text |= physical_of(call.type(i)) == Physical::kText;
    real |= physical_of(call.type(i)) == Physical::kReal;
    wide |= stored_as(call.type(i)) == Stored::kI64;
  }
  DataType type = text ? DataType::kString : real ? DataType::kDouble : wide ? DataType::kLong : DataType::kInt;
  std::vector<Kernel> casts;
  for (const BoundPtr& arg : call.args) casts.push_back(physical_of(arg->type) == physical_of(type) ? Kernel() : cast_function(arg->type, type).kernel);
  return BoundFunction{type, [type, casts](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<Vector> converted(args.size());
                         std::vector<const Vector*> sources(args);
                         for (size_t a = 0; a < args.size(); ++a) {
                           if (!casts[a]) continue;
                           converted[a].type = type;
                           casts[a]({args[a]}, n, converted[a]);
                           sources[a] = &converted[a];
                         }
                         start_arrays(out);
                         for (size_t i = 0; i < n; ++i) {
                           for (const Vector* source : sources) push_element(*source, i, out);
                           end_array(out);
                         }
                         finish_arrays(out);
                       }, true};
}

Result<BoundFunction> array_to_string(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 3));
  RETURN_IF_ERROR(expect_array(call, 0));
  ASSIGN_OR_RETURN(std::string separator, call.literal_text(1));
  Kernel cast = physical_of(call.type(0)) == Physical::kText ? Kernel() : cast_function(call.type(0), DataType::kString).kernel;
  return BoundFunction{DataType::kString, [separator, cast](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         Vector texts;
                         texts.type = DataType::kString;
                         if (cast) cast({args[0]}, args[0]->value_count(), texts);
                         const Vector& source = cast ? texts : *args[0];
                         out.start_texts();
                         for (size_t i = 0; i < n; ++i) {
                           for (uint32_t at = args[0]->offsets[i]; at < args[0]->offsets[i + 1]; ++at) {
                             if (at > args[0]->offsets[i]) out.bytes += separator;
                             out.bytes += source.texts[at];
                           }
                           out.end_text();
                         }
                         out.finish_texts();
                       }};
}

template <bool Overlap>
Result<BoundFunction> arrays_overlap(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_array(call, 0));
  RETURN_IF_ERROR(expect_array(call, 1));
  return over_arrays(DataType::kBoolean, [](auto& args, uint32_t begin, uint32_t end, size_t i, Vector& out) {
    bool any = false;
    for (uint32_t a = begin; a < end && !any; ++a) {
      for (uint32_t b = args[1]->offsets[i]; b < args[1]->offsets[i + 1] && !any; ++b) any = equal_elements(*args[0], a, *args[1], b);
    }
    out.integers[i] = any;
  });
}

// mapValue(keys, 'key', values): of two arrays that go together, the value that stands where the key does; null: there is no such key.
Result<BoundFunction> map_value(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(3, 3));
  RETURN_IF_ERROR(expect_array(call, 0));
  RETURN_IF_ERROR(expect_array(call, 2));
  ASSIGN_OR_RETURN(const BoundPtr key, literal_as(call, 1, call.type(0)));
  return BoundFunction{call.type(2), [key](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         const Vector &keys = *args[0], &values = *args[2];
                         Vector wanted;
                         wanted.type = keys.type;
                         wanted.integers = {key->literal.integer}, wanted.reals = {key->literal.real}, wanted.texts = {key->literal.text};
                         out.integers.clear(), out.reals.clear(), out.texts.clear();
                         for (size_t i = 0; i < n; ++i) {
                           const uint32_t size = std::min(keys.offsets[i + 1] - keys.offsets[i], values.offsets[i + 1] - values.offsets[i]);
                           uint32_t at = 0;
                           while (at < size && !equal_elements(keys, keys.offsets[i] + at, wanted, 0)) ++at;
                           if (at < size) {
                             push_element(values, values.offsets[i] + at, out);
                             continue;
                           }
                           out.set_null(i, n);
                           out.resize(i + 1);
                         }
                         finish_arrays(out);
                       }};
}

}  // namespace

const std::vector<FunctionEntry>& array_functions() {
  static const std::vector<FunctionEntry> entries = [] {
    std::vector<FunctionEntry> out = {{"arraylength", array_length}, {"cardinality", array_length}, {"arraysum", fold_array<Fold::kSum>},
                                      {"arraysumint", fold_array<Fold::kSum>}, {"arraysumlong", fold_array<Fold::kSum>}, {"arrayaverage", fold_array<Fold::kAverage>},
                                      {"arraymin", fold_array<Fold::kMin>}, {"arraymax", fold_array<Fold::kMax>}, {"valuein", value_in},
                                      {"array", make_array}, {"arrayvalueconstructor", make_array}, {"arraytostring", array_to_string},
                                      {"arraysoverlap", arrays_overlap<true>}, {"generateintarray", generate_array},
                                      {"generatelongarray", generate_array}, {"generatefloatarray", generate_array}, {"generatedoublearray", generate_array},
                                      {"intersectindices", intersect_indices}};
    static constexpr std::pair<const char*, FunctionBinder> kTyped[] = {
        {"arraysort", sorted_array<false>}, {"arrayreverse", sorted_array<true>}, {"arraydistinct", joined_arrays<true>}, {"arrayunion", joined_arrays<true>},
        {"arrayconcat", joined_arrays<false>}, {"arraycontains", find_element<true>}, {"arrayindexof", find_element<false>}, {"arrayindexesof", indexes_of},
        {"arrayremove", remove_element}, {"arrayslice", slice_array}, {"arrayelementat", element_at},
        {"arraypushback", push_value<true>}, {"arraypushfront", push_value<false>}};
    static const std::vector<std::string> names = [] {
      std::vector<std::string> all;
      for (const auto& [name, bind] : kTyped) {
        for (const char* type : {"int", "long", "float", "double", "string"}) all.push_back(std::string(name) + type);
      }
      return all;
    }();
    for (size_t i = 0; i < names.size(); ++i) out.push_back({names[i].c_str(), kTyped[i / 5].second});
    out.push_back({"mapvalue", map_value});
    for (FunctionEntry& entry : out) entry.arrays = Arrays::kTaken;
    return out;
  }();
  return entries;
}

}  // namespace bywash::analytics
