// Reading and writing of geometries. See geometry.h.
#include "analytics/plan/geometry.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "analytics/sql/java_text.h"
#include "base/text.h"

namespace bywash::analytics {
namespace {

constexpr char kGeography = '\x80';
constexpr size_t kPointsMax = 1'000'000;
constexpr std::string_view kNames[] = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"};

Status wrong(std::string_view form, std::string_view why) { return Status::invalid(fmt::format("Failed to parse geometry from {}: {}", form, why)); }

// Above 0: clockwise.
double turn(const Coordinates& ring) {
  double out = 0;
  for (size_t i = 1; i < ring.size(); ++i) out += (ring[i].x - ring[i - 1].x) * (ring[i].y + ring[i - 1].y);
  if (!ring.empty()) out += (ring.front().x - ring.back().x) * (ring.front().y + ring.back().y);
  return out;
}

Status check_rings(const Geometry& geometry, std::string_view form) {
  if (!geometry.area()) return {};
  for (const Coordinates& ring : geometry.parts) {
    if (ring.size() < 4 || !(ring.front() == ring.back())) return wrong(form, "the points of a polygon's ring do not form a closed line");
  }
  return {};
}

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}
  bool big = true, ok = true;
  template <class T>
  T take() {
    T out{};
    if (left_.size() < sizeof(T)) return ok = false, out;
    for (size_t i = 0; i < sizeof(T); ++i) {
      const auto byte = static_cast<unsigned char>(left_[big ? i : sizeof(T) - 1 - i]);
      out = static_cast<T>(out << 8 | byte);
    }
    left_.remove_prefix(sizeof(T));
    return out;
  }
  Coordinate coordinate() {
    Coordinate out;
    out.x = std::bit_cast<double>(take<uint64_t>());
    out.y = std::bit_cast<double>(take<uint64_t>());
    return out;
  }
  bool holds(uint64_t points) const { return points <= left_.size() / 16; }
  uint8_t byte() { return take<uint8_t>(); }

 private:
  std::string_view left_;
};

template <class T>
void put(T value, std::string& out) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}
void put(const Coordinate& at, std::string& out) {
  put(std::bit_cast<uint64_t>(at.x), out);
  put(std::bit_cast<uint64_t>(at.y), out);
}

// ---- text

class WktReader {
 public:
  WktReader(std::string_view text, bool geography) : rest_(text) { out_.geography = geography; }

  Result<Geometry> run() {
    const std::string name = word();
    int kind = -1;
    for (int i = 0; i < 6; ++i) {
      if (name == ascii_upper(kNames[i])) kind = i;
    }
    if (kind < 0) return wrong("WKT", fmt::format("unknown geometry type '{}'", name));
    out_.kind = static_cast<GeometryKind>(kind);
    skip();
    if (std::string_view before = rest_; word() != "EMPTY") {
      rest_ = before;
      RETURN_IF_ERROR(body());
    }
    skip();
    if (!rest_.empty()) return wrong("WKT", "there is more behind its end");
    RETURN_IF_ERROR(check_rings(out_, "WKT"));
    return std::move(out_);
  }

 private:
  void skip() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0]))) rest_.remove_prefix(1);
  }
  std::string word() {
    skip();
    size_t end = 0;
    while (end < rest_.size() && std::isalpha(static_cast<unsigned char>(rest_[end]))) ++end;
    std::string out = ascii_upper(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return out;
  }
  bool sign(char c) {
    skip();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Status coordinate(Coordinates* out) {
    double values[2];
    for (double& value : values) {
      skip();
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
      if (error != std::errc()) return wrong("WKT", "expected a number");
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    }
    out->push_back({values[0], values[1]});
    return ++points_ > kPointsMax ? wrong("WKT", "too many points") : Status();
  }
  // "(x y, x y)"
  Status sequence(uint8_t shell) {
    if (!sign('(')) return wrong("WKT", "expected '('");
    Coordinates& part = out_.parts.emplace_back();
    out_.shells.push_back(shell);
    do RETURN_IF_ERROR(coordinate(&part));
    while (sign(','));
    return sign(')') ? Status() : wrong("WKT", "expected ',' or ')'");
  }
  Status rings() {
    if (!sign('(')) return wrong("WKT", "expected '('");
    uint8_t shell = 1;
    do RETURN_IF_ERROR(sequence(shell));
    while (shell = 0, sign(','));
    return sign(')') ? Status() : wrong("WKT", "expected ',' or ')'");
  }
  Status body() {
    switch (out_.kind) {
      case GeometryKind::kPoint:
      case GeometryKind::kLine: return sequence(1);
      case GeometryKind::kPolygon: return rings();
      default: break;
    }
    if (!sign('(')) return wrong("WKT", "expected '('");
    do {
      if (out_.kind == GeometryKind::kMultiPolygon) {
        RETURN_IF_ERROR(rings());
        continue;
      }
      skip();
      if (out_.kind == GeometryKind::kMultiPoint && !rest_.starts_with('(')) {  // MULTIPOINT (1 2, 3 4)
        out_.shells.push_back(1);
        RETURN_IF_ERROR(coordinate(&out_.parts.emplace_back()));
      } else {
        RETURN_IF_ERROR(sequence(1));
      }
    } while (sign(','));
    return sign(')') ? Status() : wrong("WKT", "expected ',' or ')'");
  }

  std::string_view rest_;
  Geometry out_;
  size_t points_ = 0;
};

// The shortest digits that give the number again, without an exponent.
void append_plain(double value, std::string& out) {
  char digits[400];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed);
  (void)error;
  out.append(digits, end);
}

template <class Number>
void append_sequence(const Coordinates& part, std::string_view open, std::string_view between, std::string_view next, std::string_view close, Number number, std::string& out) {
  out += open;
  for (size_t i = 0; i < part.size(); ++i) {
    if (i > 0) out += next;
    number(part[i].x, out);
    out += between;
    number(part[i].y, out);
  }
  out += close;
}

// GeoJsonWriter.formatOrdinate of JTS, with its 8 decimals.
void append_json_number(double value, std::string& out) {
  constexpr double kScale = 1e8;
  if (std::abs(value) >= 1e-3 && value < 1e7) value = std::floor(value * kScale + 0.5) / kScale;
  if (std::abs(value) < 1e7 && value == std::floor(value)) out += std::to_string(static_cast<int64_t>(value));
  else out += sql::java_double(value);
}

}  // namespace

std::string_view name_of(GeometryKind kind) { return kNames[static_cast<size_t>(kind)]; }

Result<Geometry> read_geometry(std::string_view given) {
  Bytes bytes(given);
  const uint8_t type = bytes.byte();
  Geometry out;
  if (!bytes.ok || (type & 0x7f) > 5) return wrong("bytes", "they are none of a point, line or polygon, or several of these");
  out.kind = static_cast<GeometryKind>(type & 0x7f);
  out.geography = type >> 7;
  if (out.kind == GeometryKind::kPoint) {
    const Coordinate at = bytes.coordinate();
    if (!bytes.ok) return wrong("bytes", "they are cut off");
    if (!std::isnan(at.x) && !std::isnan(at.y)) out.parts = {{at}}, out.shells = {1};
    return out;
  }
  const auto parts = bytes.take<uint32_t>();
  if (out.kind == GeometryKind::kMultiPoint) {
    if (!bytes.holds(parts)) return wrong("bytes", "they are cut off");
    for (uint32_t i = 0; i < parts; ++i) out.parts.push_back({bytes.coordinate()}), out.shells.push_back(1);
    return out;
  }
  const auto points = bytes.take<uint32_t>();
  std::vector<uint32_t> starts;
  for (uint32_t i = 0; i < parts && bytes.ok; ++i) starts.push_back(bytes.take<uint32_t>());
  if (!bytes.ok || !bytes.holds(points)) return wrong("bytes", "they are cut off");
  starts.push_back(points);
  for (uint32_t i = 0; i < parts; ++i) {
    if (starts[i] > starts[i + 1]) return wrong("bytes", "parts overlap");
    Coordinates& part = out.parts.emplace_back();
    for (uint32_t k = starts[i]; k < starts[i + 1]; ++k) part.push_back(bytes.coordinate());
    out.shells.push_back(!out.area() || turn(part) > 0);
  }
  if (!bytes.ok) return wrong("bytes", "they are cut off");
  RETURN_IF_ERROR(check_rings(out, "bytes"));
  return out;
}

void append_bytes(const Geometry& geometry, std::string& out) {
  out += static_cast<char>(static_cast<char>(geometry.kind) | (geometry.geography ? kGeography : 0));
  if (geometry.kind == GeometryKind::kPoint) return put(geometry.empty() ? Coordinate{std::nan(""), std::nan("")} : geometry.parts[0][0], out);
  put(static_cast<uint32_t>(geometry.parts.size()), out);
  if (geometry.kind == GeometryKind::kMultiPoint) {
    for (const Coordinates& part : geometry.parts) put(part[0], out);
    return;
  }
  uint32_t points = 0;
  for (const Coordinates& part : geometry.parts) points += static_cast<uint32_t>(part.size());
  put(points, out);
  points = 0;
  for (const Coordinates& part : geometry.parts) put(points, out), points += static_cast<uint32_t>(part.size());
  for (size_t i = 0; i < geometry.parts.size(); ++i) {
    Coordinates part = geometry.parts[i];
    if (geometry.area() && (turn(part) > 0) != (geometry.shells[i] != 0)) std::reverse(part.begin(), part.end());
    for (const Coordinate& at : part) put(at, out);
  }
}

Result<Geometry> read_wkt(std::string_view text, bool geography) { return WktReader(text, geography).run(); }

void append_wkt(const Geometry& geometry, std::string& out) {
  out += ascii_upper(name_of(geometry.kind));
  if (geometry.empty()) return void(out += " EMPTY");
  out += ' ';
  const bool several = geometry.kind == GeometryKind::kMultiPoint || geometry.kind == GeometryKind::kMultiLine || geometry.kind == GeometryKind::kMultiPolygon;
  if (several) out += '(';
  for (size_t i = 0; i < geometry.parts.size(); ++i) {
    if (i > 0) out += geometry.area() && geometry.shells[i] ? "), " : ", ";
    if (geometry.area() && geometry.shells[i]) out += '(';
    append_sequence(geometry.parts[i], "(", " ", ", ", ")", append_plain, out);
  }
  if (geometry.area()) out += ')';
  if (several) out += ')';
}

Result<Geometry> read_wkb(std::string_view given, bool geography) {
  Bytes bytes(given);
  Geometry out;
  out.geography = geography;
  auto head = [&] {
    bytes.big = bytes.byte() == 0;
    const auto type = bytes.take<uint32_t>();
    if (type & 0x20000000) (void)bytes.take<uint32_t>();  // EWKB's SRID
    return type & 0xff;
  };
  auto sequence = [&](uint8_t shell) {
    const auto points = bytes.take<uint32_t>();
    if (!bytes.holds(points)) return bytes.ok = false;
    Coordinates& part = out.parts.emplace_back();
    out.shells.push_back(shell);
    for (uint32_t i = 0; i < points; ++i) part.push_back(bytes.coordinate());
    return true;
  };
  auto one = [&](uint32_t type) {
    if (type == 1) {
      const Coordinate at = bytes.coordinate();
      if (!std::isnan(at.x)) out.parts.push_back({at}), out.shells.push_back(1);
    } else if (type == 2) {
      sequence(1);
    } else {
      const auto rings = bytes.take<uint32_t>();
      for (uint32_t i = 0; i < rings && bytes.ok; ++i) sequence(i == 0);
    }
  };
  const uint32_t type = head();
  static constexpr GeometryKind kKinds[] = {GeometryKind::kPoint, GeometryKind::kLine, GeometryKind::kPolygon, GeometryKind::kMultiPoint, GeometryKind::kMultiLine, GeometryKind::kMultiPolygon};
  if (!bytes.ok || type < 1 || type > 6) return wrong("WKB", "it is none of a point, line or polygon, or several of these");
  out.kind = kKinds[type - 1];
  if (type <= 3) {
    one(type);
  } else {
    const auto count = bytes.take<uint32_t>();
    for (uint32_t i = 0; i < count && bytes.ok; ++i) {
      if (head() != type - 3) return wrong("WKB", "parts of another kind");
      one(type - 3);
    }
  }
  if (!bytes.ok) return wrong("WKB", "it is cut off");
  RETURN_IF_ERROR(check_rings(out, "WKB"));
  return out;
}

void append_wkb(const Geometry& geometry, std::string& out) {
  static constexpr uint32_t kTypes[] = {1, 4, 2, 5, 3, 6};
  const uint32_t type = kTypes[static_cast<size_t>(geometry.kind)];
  auto head = [&](uint32_t of) { out += '\0', put(of, out); };
  auto sequence = [&](const Coordinates& part) {
    put(static_cast<uint32_t>(part.size()), out);
    for (const Coordinate& at : part) put(at, out);
  };
  head(type);
  if (type == 1) return put(geometry.empty() ? Coordinate{std::nan(""), std::nan("")} : geometry.parts[0][0], out);
  if (type == 2) return geometry.empty() ? put(uint32_t{0}, out) : sequence(geometry.parts[0]);
  if (!geometry.area()) {
    put(static_cast<uint32_t>(geometry.parts.size()), out);
    for (const Coordinates& part : geometry.parts) {
      head(type - 3);
      type == 4 ? put(part[0], out) : sequence(part);
    }
    return;
  }
  if (type == 6) put(static_cast<uint32_t>(std::count(geometry.shells.begin(), geometry.shells.end(), 1)), out);
  if (geometry.empty() && type == 3) return put(uint32_t{0}, out);
  for (size_t i = 0; i < geometry.parts.size();) {
    size_t end = i + 1;
    while (end < geometry.parts.size() && !geometry.shells[end]) ++end;
    if (type == 6) head(3);
    put(static_cast<uint32_t>(end - i), out);
    for (; i < end; ++i) sequence(geometry.parts[i]);
  }
}

Result<Geometry> read_geo_json(std::string_view text, bool geography) {
  const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("type") || !document["type"].is_string() || !document.contains("coordinates")) return wrong("GeoJSON", "it has no type and coordinates");
  const std::string type = document["type"];
  const auto* found = std::find(std::begin(kNames), std::end(kNames), type);
  if (found == std::end(kNames)) return wrong("GeoJSON", fmt::format("unknown geometry type '{}'", type));
  Geometry out;
  out.geography = geography;
  out.kind = static_cast<GeometryKind>(found - std::begin(kNames));
  bool ok = true;
  auto coordinate = [&](const nlohmann::json& pair, Coordinates* to) {
    ok = ok && pair.is_array() && pair.size() >= 2 && pair[0].is_number() && pair[1].is_number();
    if (ok) to->push_back({pair[0].get<double>(), pair[1].get<double>()});
  };
  auto sequence = [&](const nlohmann::json& list, uint8_t shell) {
    ok = ok && list.is_array();
    if (!ok) return;
    out.shells.push_back(shell);
    Coordinates& part = out.parts.emplace_back();
    for (const auto& pair : list) coordinate(pair, &part);
  };
  auto rings = [&](const nlohmann::json& list) {
    ok = ok && list.is_array();
    for (size_t i = 0; ok && i < list.size(); ++i) sequence(list[i], i == 0);
  };
  const nlohmann::json& given = document["coordinates"];
  ok = given.is_array();
  switch (ok ? out.kind : GeometryKind::kPoint) {
    case GeometryKind::kPoint:
      if (ok && !given.empty()) out.shells.push_back(1), coordinate(given, &out.parts.emplace_back());
      break;
    case GeometryKind::kLine: sequence(given, 1); break;
    case GeometryKind::kPolygon: rings(given); break;
    case GeometryKind::kMultiPoint:
      for (const auto& one : given) out.shells.push_back(1), coordinate(one, &out.parts.emplace_back());
      break;
    case GeometryKind::kMultiLine:
      for (const auto& one : given) sequence(one, 1);
      break;
    case GeometryKind::kMultiPolygon:
      for (const auto& one : given) rings(one);
      break;
  }
  if (!ok || std::any_of(out.parts.begin(), out.parts.end(), [](const Coordinates& part) { return part.empty(); })) return wrong("GeoJSON", "its coordinates are none of that type");
  RETURN_IF_ERROR(check_rings(out, "GeoJSON"));
  return out;
}

void append_geo_json(const Geometry& geometry, std::string& out) {
  out += fmt::format("{{\"type\":\"{}\",\"coordinates\":", name_of(geometry.kind));
  const bool several = geometry.kind == GeometryKind::kMultiPoint || geometry.kind == GeometryKind::kMultiLine || geometry.kind == GeometryKind::kMultiPolygon;
  if (several || geometry.empty()) out += '[';
  for (size_t i = 0; i < geometry.parts.size(); ++i) {
    if (i > 0) out += geometry.area() && geometry.shells[i] ? "]," : ",";
    if (geometry.area() && geometry.shells[i]) out += '[';
    if (geometry.point()) append_sequence(geometry.parts[i], "[", ",", "", "]", append_json_number, out);
    else append_sequence(geometry.parts[i], "[[", ",", "],[", "]]", append_json_number, out);
  }
  if (geometry.area() && !geometry.empty()) out += ']';
  if (several || geometry.empty()) out += ']';
  out += fmt::format(",\"crs\":{{\"type\":\"name\",\"properties\":{{\"name\":\"EPSG:{}\"}}}}}}", geometry.geography ? 4326 : 0);
}

}  // namespace bywash::analytics
