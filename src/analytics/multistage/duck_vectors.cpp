#include "analytics/multistage/duck_vectors.h"

#include <cstring>

namespace bywash::analytics::multistage {
namespace {

using duckdb::Api;
using duckdb::Handle;

int type_id(DataType type) {
  switch (type) {
    case DataType::kInt: return duckdb::kTypeInteger;
    case DataType::kLong:
    case DataType::kTimestamp: return duckdb::kTypeBigint;
    case DataType::kFloat: return duckdb::kTypeFloat;
    case DataType::kDouble: return duckdb::kTypeDouble;
    case DataType::kBoolean: return duckdb::kTypeBoolean;
    case DataType::kBytes: return duckdb::kTypeBlob;
    default: return duckdb::kTypeVarchar;
  }
}

// duckdb_string_t: 16 bytes, texts of up to 12 inside.
std::string_view text_at(const char* values, size_t i) {
  const char* at = values + i * 16;
  uint32_t length = 0;
  std::memcpy(&length, at, sizeof length);
  if (length <= 12) return {at + 4, length};
  const char* pointer = nullptr;
  std::memcpy(&pointer, at + 8, sizeof pointer);
  return {pointer, length};
}

bool valid(const uint64_t* validity, size_t i) { return !validity || ((validity[i >> 6] >> (i & 63)) & 1); }

template <class T, class Out>
void copy_numbers(const void* values, size_t n, std::vector<Out>* out) {
  const T* from = static_cast<const T*>(values);
  out->resize(n);
  for (size_t i = 0; i < n; ++i) (*out)[i] = static_cast<Out>(from[i]);
}

// Values that are null hold anything: they become zero and empty.
void read_values(const void* values, const uint64_t* validity, size_t n, DataType type, Vector* out) {
  switch (type) {
    case DataType::kInt: copy_numbers<int32_t>(values, n, &out->integers); break;
    case DataType::kLong:
    case DataType::kTimestamp: copy_numbers<int64_t>(values, n, &out->integers); break;
    case DataType::kBoolean: copy_numbers<uint8_t>(values, n, &out->integers); break;
    case DataType::kFloat: copy_numbers<float>(values, n, &out->reals); break;
    case DataType::kDouble: copy_numbers<double>(values, n, &out->reals); break;
    default:
      out->texts.resize(n);
      for (size_t i = 0; i < n; ++i) out->texts[i] = valid(validity, i) ? text_at(static_cast<const char*>(values), i) : std::string_view();
      return;
  }
  for (size_t i = 0; i < n && validity; ++i) {
    if (valid(validity, i)) continue;
    if (out->physical() == Physical::kInteger) out->integers[i] = 0;
    else out->reals[i] = 0;
  }
}

template <class T, class From>
void put_numbers(void* values, const std::vector<From>& from, size_t n) {
  T* to = static_cast<T*>(values);
  for (size_t i = 0; i < n; ++i) to[i] = static_cast<T>(from[i]);
}

void write_values(const Api& api, Handle vector, size_t n, const Vector& from) {
  void* values = api.vector_get_data(vector);
  switch (from.type) {
    case DataType::kInt: return put_numbers<int32_t>(values, from.integers, n);
    case DataType::kLong:
    case DataType::kTimestamp: return put_numbers<int64_t>(values, from.integers, n);
    case DataType::kBoolean: return put_numbers<uint8_t>(values, from.integers, n);
    case DataType::kFloat: return put_numbers<float>(values, from.reals, n);
    case DataType::kDouble: return put_numbers<double>(values, from.reals, n);
    default:
      for (size_t i = 0; i < n; ++i) api.vector_assign_string_element_len(vector, i, from.texts[i].data(), from.texts[i].size());
  }
}

}  // namespace

Handle logical_type(const Api& api, ValueType type) {
  Handle out = api.create_logical_type(type_id(type.type));
  if (!type.multi) return out;
  Handle list = api.create_list_type(out);
  api.destroy_logical_type(&out);
  return list;
}

void read_vector(const Api& api, Handle vector, size_t n, ValueType type, Vector* out) {
  out->type = type.type;
  out->multi = type.multi;
  out->nulls.clear();
  out->error.clear();
  const uint64_t* validity = api.vector_get_validity(vector);
  if (validity) {
    for (size_t i = 0; i < n; ++i) {
      if (!valid(validity, i)) out->set_null(i, n);
    }
  }
  if (!type.multi) return read_values(api.vector_get_data(vector), validity, n, type.type, out);
  const auto* lists = static_cast<const duckdb::ListEntry*>(api.vector_get_data(vector));
  Handle child = api.list_vector_get_child(vector);
  Vector all;
  all.type = type.type;
  read_values(api.vector_get_data(child), api.vector_get_validity(child), api.list_vector_get_size(vector), type.type, &all);
  out->integers.clear(), out->reals.clear(), out->texts.clear();
  out->offsets.assign(1, 0);
  for (size_t i = 0; i < n; ++i) {
    for (uint64_t at = lists[i].offset; valid(validity, i) && at < lists[i].offset + lists[i].length; ++at) {
      switch (all.physical()) {
        case Physical::kInteger: out->integers.push_back(all.integers[at]); break;
        case Physical::kReal: out->reals.push_back(all.reals[at]); break;
        case Physical::kText: out->texts.push_back(all.texts[at]); break;
      }
    }
    out->offsets.push_back(static_cast<uint32_t>(out->value_count()));
  }
}

void write_vector(const Api& api, Handle vector, size_t n, const Vector& values) {
  if (values.multi) {
    const size_t count = values.offsets.empty() ? 0 : values.offsets[n];
    api.list_vector_reserve(vector, count);
    write_values(api, api.list_vector_get_child(vector), count, values);
    api.list_vector_set_size(vector, count);
    auto* lists = static_cast<duckdb::ListEntry*>(api.vector_get_data(vector));
    for (size_t i = 0; i < n; ++i) lists[i] = {values.offsets[i], values.offsets[i + 1] - values.offsets[i]};
  } else {
    write_values(api, vector, n, values);
  }
  if (values.nulls.empty()) return;
  api.vector_ensure_validity_writable(vector);
  uint64_t* validity = api.vector_get_validity(vector);
  for (size_t i = 0; i < n; ++i) {
    if (values.nulls[i]) validity[i >> 6] &= ~(uint64_t{1} << (i & 63));
  }
}

}  // namespace bywash::analytics::multistage
