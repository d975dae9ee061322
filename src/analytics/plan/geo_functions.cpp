// Functions of geography: ST_*, and the two that turn a geometry into a geography and back. Semantics: org.apache.pinot.core.geospatial 1.5.1.
#include "analytics/plan/function_groups.h"
#include "analytics/plan/geometry.h"
#include "analytics/plan/row_function.h"

namespace bywash::analytics {
namespace {

using Reader = Result<Geometry> (*)(std::string_view, bool);
using Writer = void (*)(const Geometry&, std::string&);

// The last geometry that was read: a literal is the same row for row.
class Reading {
 public:
  // nullptr: `row` has failed.
  const Geometry* read(FunctionRow& row, size_t argument) {
    const std::string_view bytes = row.text(argument);
    if (known_ && bytes == bytes_) return &geometry_;
    Result<Geometry> read = read_geometry(bytes);
    if (!read.ok()) {
      row.fail(read.status().message());
      return nullptr;
    }
    bytes_ = bytes;
    geometry_ = *std::move(read);
    known_ = true;
    return &geometry_;
  }

 private:
  bool known_ = false;
  std::string bytes_;
  Geometry geometry_;
};

template <class T>
Result<T> checked(Result<T> value, FunctionRow& row) {
  if (!value.ok()) row.fail(value.status().message());
  return value;
}

// stGeomFromText, stGeogFromWKB, ...
template <Reader Read>
Result<BoundFunction> construct(const FunctionArgs& call) {
  const bool geography = call.name.starts_with("stgeog"), polygon = call.name == "stpolygon", text = !call.name.ends_with("wkb");
  return row_function(call, text ? "t" : "b", DataType::kBytes, [geography, polygon](FunctionRow& row, std::string& out) {
    const Result<Geometry> geometry = checked(Read(row.text(0), geography), row);
    if (!geometry.ok()) return;
    if (polygon && geometry->kind != GeometryKind::kPolygon) return row.fail("The geometry object must be polygon");
    append_bytes(*geometry, out);
  });
}

template <Writer Write>
Result<BoundFunction> written(const FunctionArgs& call) {
  return row_function(call, "b", Write == append_wkb ? DataType::kBytes : DataType::kString, [](FunctionRow& row, std::string& out) {
    const Result<Geometry> geometry = checked(read_geometry(row.text(0)), row);
    if (geometry.ok()) Write(*geometry, out);
  });
}

// stPoint(x, y [, geography])
Result<BoundFunction> make_point(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 3));
  bool geography = false;
  if (call.size() == 3) {
    ASSIGN_OR_RETURN(const std::string text, call.literal_text(2));
    geography = text == "true" || text == "1" || text == "TRUE" || text == "True";
  }
  return row_function(call, "rr|t", DataType::kBytes, [geography](FunctionRow& row, std::string& out) {
    append_bytes({GeometryKind::kPoint, geography, {{{row.real(0), row.real(1)}}}, {1}}, out);
  });
}

template <bool Geography>
Result<BoundFunction> turned(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kBytes, [](FunctionRow& row, std::string& out) {
    Result<Geometry> geometry = checked(read_geometry(row.text(0)), row);
    if (!geometry.ok()) return;
    geometry->geography = Geography;
    append_bytes(*geometry, out);
  });
}

Result<BoundFunction> geometry_type(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kString, [](FunctionRow& row, std::string& out) {
    const Result<Geometry> geometry = checked(read_geometry(row.text(0)), row);
    if (geometry.ok()) out += name_of(geometry->kind);
  });
}

Result<BoundFunction> area_of(const FunctionArgs& call) {
  return row_function(call, "b", DataType::kDouble, [](FunctionRow& row) -> double {
    const Result<Geometry> geometry = checked(read_geometry(row.text(0)), row);
    return geometry.ok() ? checked(area(*geometry), row).value_or(0.0) : 0.0;
  });
}

// Calls `f` with both geometries of a row; 0 where they cannot be compared.
template <class F>
auto of_both(FunctionRow& row, std::pair<Reading, Reading>& readings, bool same_kind, F f) -> decltype(f(std::declval<const Geometry&>(), std::declval<const Geometry&>())) {
  const Geometry *a = readings.first.read(row, 0), *b = readings.second.read(row, 1);
  if (!a || !b) return {};
  if (same_kind && a->geography != b->geography) {
    row.fail("The first and second arguments shall either all be geometry or all geography");
    return {};
  }
  return f(*a, *b);
}

Result<BoundFunction> distance_of(const FunctionArgs& call) {
  return row_function(call, "bb", DataType::kDouble, [](FunctionRow& row) -> double {
    static thread_local std::pair<Reading, Reading> readings;
    return of_both(row, readings, true, [&](const Geometry& a, const Geometry& b) { return checked(distance(a, b), row).value_or(0.0); });
  });
}

template <bool (*Test)(const Geometry&, const Geometry&), bool Swapped, bool SameKind>
Result<BoundFunction> related(const FunctionArgs& call) {
  return row_function(call, "bb", DataType::kInt, [](FunctionRow& row) -> int64_t {
    static thread_local std::pair<Reading, Reading> readings;
    return of_both(row, readings, SameKind, [](const Geometry& a, const Geometry& b) -> int64_t { return Swapped ? Test(b, a) : Test(a, b); });
  });
}

// ---- geohashes

constexpr std::string_view kBase32 = "0123456789bcdefghjkmnpqrstuvwxyz";

struct Span {
  double low, high;
  double middle() const { return (low + high) / 2; }
  void halve(bool upper) { (upper ? low : high) = middle(); }
};

// encodeGeoHash(latitude, longitude, number of characters)
Result<BoundFunction> encode_geohash(const FunctionArgs& call) {
  return row_function(call, "rri", DataType::kString, [](FunctionRow& row, std::string& out) {
    const int64_t length = row.integer(2);
    if (length < 1 || length > 12) return row.fail("length must be between 1 and 12");
    Span latitude{-90, 90}, longitude{-180, 180};
    int letter = 0;
    for (int64_t bit = 0; bit < 5 * length; ++bit) {
      Span& span = bit % 2 ? latitude : longitude;
      const bool upper = row.real(bit % 2 ? 0 : 1) >= span.middle();
      span.halve(upper);
      letter = letter << 1 | upper;
      if (bit % 5 == 4) out += kBase32[static_cast<size_t>(letter)], letter = 0;
    }
  });
}

template <bool Latitude>
Result<BoundFunction> decode_geohash(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kDouble, [](FunctionRow& row) -> double {
    Span latitude{-90, 90}, longitude{-180, 180};
    bool even = true;
    for (char c : row.text(0)) {
      const size_t letter = kBase32.find(c);
      if (letter == std::string_view::npos) return row.fail("A geohash has characters of its own base 32 only"), 0;
      for (int mask = 16; mask > 0; mask /= 2, even = !even) (even ? longitude : latitude).halve((letter & static_cast<size_t>(mask)) != 0);
    }
    return Latitude ? latitude.middle() : longitude.middle();
  });
}

}  // namespace

const std::vector<FunctionEntry>& geo_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"stpoint", make_point},
      {"stgeomfromtext", construct<read_wkt>},
      {"stgeogfromtext", construct<read_wkt>},
      {"stpolygon", construct<read_wkt>},
      {"stgeomfromwkb", construct<read_wkb>},
      {"stgeogfromwkb", construct<read_wkb>},
      {"stgeomfromgeojson", construct<read_geo_json>},
      {"stgeogfromgeojson", construct<read_geo_json>},
      {"stastext", written<append_wkt>},
      {"stasbinary", written<append_wkb>},
      {"stasgeojson", written<append_geo_json>},
      {"stgeometrytype", geometry_type},
      {"starea", area_of},
      {"stdistance", distance_of},
      {"stcontains", related<contains, false, true>},
      {"stwithin", related<contains, true, true>},
      {"stequals", related<equals, false, false>},
      {"tosphericalgeography", turned<true>},
      {"togeometry", turned<false>},
      {"encodegeohash", encode_geohash},
      {"decodegeohashlatitude", decode_geohash<true>},
      {"decodegeohashlat", decode_geohash<true>},
      {"decodegeohashlongitude", decode_geohash<false>},
      {"decodegeohashlon", decode_geohash<false>}};
  return entries;
}

}  // namespace bywash::analytics
