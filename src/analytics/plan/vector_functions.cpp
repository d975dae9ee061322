// Functions over vectors (multi-value columns of numbers, ARRAY[...]) and hashes that come in families. Semantics: VectorFunctions,
// HashFunctions and ArithmeticFunctions of Apache Pinot 1.5.1, which computes over floats and adds up in double precision.
#include <bit>
#include <cmath>
#include <random>

#include "analytics/plan/function_groups.h"
#include "analytics/index/murmur.h"
#include "analytics/plan/row_function.h"

namespace bywash::analytics {
namespace {

struct VectorPair {
  const Vector &a, &b;
  uint32_t a_begin, b_begin, size;
  float first(uint32_t i) const { return static_cast<float>(a.number(a_begin + i)); }
  float second(uint32_t i) const { return static_cast<float>(b.number(b_begin + i)); }
};

Status expect_vectors(const FunctionArgs& call, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (call.args[i]->multi && physical_of(call.type(i)) != Physical::kText) continue;
    return Status::invalid(fmt::format("Function {} needs a vector (a multi-value column of numbers) as argument {}: {}", call.name, i + 1, call.args[i]->text));
  }
  return {};
}

// `f(pair)` for each row of two vectors of one length.
template <class F>
BoundFunction over_pairs(F f) {
  return {DataType::kDouble, [f](const std::vector<const Vector*>& args, size_t n, Vector& out) {
            out.reals.assign(n, 0);
            for (size_t i = 0; i < n; ++i) {
              const uint32_t a = args[0]->offsets[i], b = args[1]->offsets[i], size = args[0]->offsets[i + 1] - a;
              if (size != args[1]->offsets[i + 1] - b) return out.fail("Vector lengths do not match");
              out.reals[i] = f(VectorPair{*args[0], *args[1], a, b, size});
            }
          }};
}

double dot(const VectorPair& v) {
  double sum = 0;
  for (uint32_t i = 0; i < v.size; ++i) sum += v.first(i) * v.second(i);
  return sum;
}
double squared_distance(const VectorPair& v) {
  double sum = 0;
  for (uint32_t i = 0; i < v.size; ++i) {
    const double difference = v.first(i) - v.second(i);
    sum += difference * difference;
  }
  return sum;
}
double l1(const VectorPair& v) {
  double sum = 0;
  for (uint32_t i = 0; i < v.size; ++i) sum += std::fabs(v.first(i) - v.second(i));
  return sum;
}
double l2(const VectorPair& v) { return std::sqrt(squared_distance(v)); }

template <double (*F)(const VectorPair&)>
Result<BoundFunction> pair_function(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  RETURN_IF_ERROR(expect_vectors(call, 2));
  return over_pairs(F);
}

// cosineDistance(a, b[, value where a norm is 0]).
Result<BoundFunction> cosine_distance(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 3));
  RETURN_IF_ERROR(expect_vectors(call, 2));
  double otherwise = std::nan("");
  if (call.size() == 3) {
    ASSIGN_OR_RETURN(const std::string text, call.literal_text(2));
    ASSIGN_OR_RETURN(const Scalar value, parse_scalar(DataType::kDouble, text));
    otherwise = value.real;
  }
  return over_pairs([otherwise](const VectorPair& v) {
    double product = 0, a = 0, b = 0;
    for (uint32_t i = 0; i < v.size; ++i) {
      const double x = v.first(i), y = v.second(i);
      product += v.first(i) * v.second(i);
      a += x * x, b += y * y;
    }
    return a == 0 || b == 0 ? otherwise : 1 - product / (std::sqrt(a) * std::sqrt(b));
  });
}

template <bool Norm>
Result<BoundFunction> vector_size(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(1, 1));
  RETURN_IF_ERROR(expect_vectors(call, 1));
  return BoundFunction{Norm ? DataType::kDouble : DataType::kInt, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         out.resize(n);
                         for (size_t i = 0; i < n; ++i) {
                           const uint32_t begin = args[0]->offsets[i], end = args[0]->offsets[i + 1];
                           if (!Norm) {
                             out.integers[i] = end - begin;
                             continue;
                           }
                           double sum = 0;
                           for (uint32_t at = begin; at < end; ++at) {
                             const double x = static_cast<float>(args[0]->number(at));
                             sum += x * x;
                           }
                           out.reals[i] = std::sqrt(sum);
                         }
                       }};
}

// ---- hashes

Result<BoundFunction> murmur2_long(const FunctionArgs& call) {
  return row_function(call, "b|i", DataType::kLong, [](FunctionRow& row) {
    return murmur2_64(row.text(0), row.size() > 1 ? static_cast<uint32_t>(row.integer(1)) : 0xe17a1465);
  });
}
Result<BoundFunction> murmur3_int(const FunctionArgs& call) {
  return row_function(call, "bi", DataType::kInt, [](FunctionRow& row) { return murmur3_32(row.text(0), static_cast<uint32_t>(row.integer(1))); });
}
Result<BoundFunction> murmur3_64(const FunctionArgs& call) {
  return row_function(call, "bi", DataType::kLong, [](FunctionRow& row) {
    return static_cast<int64_t>(murmur3_128(row.text(0), static_cast<uint32_t>(row.integer(1))).first);
  });
}
Result<BoundFunction> murmur3_bytes(const FunctionArgs& call) {
  return row_function(call, "bi", DataType::kBytes, [](FunctionRow& row, std::string& out) {
    const auto [h1, h2] = murmur3_128(row.text(0), static_cast<uint32_t>(row.integer(1)));
    for (uint64_t word : {h1, h2}) {
      for (int i = 0; i < 8; ++i) out += static_cast<char>(word >> (8 * i));
    }
  });
}

// ---- numbers

Result<BoundFunction> byteswap(const FunctionArgs& call) {
  const bool wide = call.name == "byteswaplong";
  return row_function(call, "i", wide ? DataType::kLong : DataType::kInt, [wide](FunctionRow& row) -> int64_t {
    if (wide) return static_cast<int64_t>(__builtin_bswap64(static_cast<uint64_t>(row.integer(0))));
    return static_cast<int32_t>(__builtin_bswap32(static_cast<uint32_t>(row.integer(0))));
  });
}

// rand(): from 0 to 1, another for each row; rand(seed): the same for the same seed.
Result<BoundFunction> random_number(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(0, 1));
  if (call.size() == 0) {
    return BoundFunction{DataType::kDouble, [](const std::vector<const Vector*>&, size_t n, Vector& out) {
                           static thread_local std::mt19937_64 source(std::random_device{}());
                           out.reals.resize(n);
                           for (double& one : out.reals) one = static_cast<double>(source() >> 11) * 0x1p-53;
                         }};
  }
  return row_function(call, "i", DataType::kDouble, [](FunctionRow& row) {
    auto z = static_cast<uint64_t>(row.integer(0)) ^ 0x5DEECE66D;
    z = (z ^ (z >> 33)) * 0xff51afd7ed558ccd;
    z = (z ^ (z >> 33)) * 0xc4ceb9fe1a85ec53;
    return static_cast<double>((z ^ (z >> 33)) >> 11) * 0x1p-53;
  });
}

}  // namespace

const std::vector<FunctionEntry>& vector_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"cosinedistance", cosine_distance, Arrays::kTaken},            {"innerproduct", pair_function<dot>, Arrays::kTaken},
      {"dotproduct", pair_function<dot>, Arrays::kTaken},             {"l1distance", pair_function<l1>, Arrays::kTaken},
      {"l2distance", pair_function<l2>, Arrays::kTaken},              {"euclideandistance", pair_function<squared_distance>, Arrays::kTaken},
      {"vectordims", vector_size<false>, Arrays::kTaken},             {"vectornorm", vector_size<true>, Arrays::kTaken},
      {"murmurhash2bit64", murmur2_long},                               {"murmurhash3bit32", murmur3_int},
      {"murmurhash3bit64", murmur3_64},                               {"murmurhash3bit128", murmur3_bytes},
      {"byteswapint", byteswap},                                      {"byteswaplong", byteswap},
      {"rand", random_number}};
  return entries;
}

}  // namespace bywash::analytics
