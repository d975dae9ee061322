// Geometries and geographies as functions of geography see them: points, lines, polygons and several of one kind, in Pinot's own bytes
// (GeometrySerializer 1.5.1), as WKT, WKB and GeoJSON (JTS). Query line, scan stage; plain values.
#pragma once

#include "base/status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bywash::analytics {

enum class GeometryKind : uint8_t { kPoint, kMultiPoint, kLine, kMultiLine, kPolygon, kMultiPolygon };

struct Coordinate {
  double x = 0, y = 0;
  friend bool operator==(const Coordinate&, const Coordinate&) = default;
};
using Coordinates = std::vector<Coordinate>;

struct Geometry {
  GeometryKind kind = GeometryKind::kPoint;
  bool geography = false;
  // Points: one part each. Lines: one part each. Polygons: rings, closed; `shells` says which begin a polygon, the others are holes.
  std::vector<Coordinates> parts;
  std::vector<uint8_t> shells;

  bool empty() const { return parts.empty(); }
  bool area() const { return kind == GeometryKind::kPolygon || kind == GeometryKind::kMultiPolygon; }
  bool point() const { return kind == GeometryKind::kPoint || kind == GeometryKind::kMultiPoint; }
};

// kInvalid: what is wrong. Collections of several kinds are refused.
Result<Geometry> read_geometry(std::string_view bytes);
Result<Geometry> read_wkt(std::string_view text, bool geography);
Result<Geometry> read_wkb(std::string_view bytes, bool geography);
Result<Geometry> read_geo_json(std::string_view text, bool geography);

void append_bytes(const Geometry& geometry, std::string& out);
void append_wkt(const Geometry& geometry, std::string& out);
void append_wkb(const Geometry& geometry, std::string& out);
void append_geo_json(const Geometry& geometry, std::string& out);
// Point, MultiPolygon, ...
std::string_view name_of(GeometryKind kind);

// Metres between points of geographies, else units of the plane; NaN where one is empty. kInvalid: not points, or no places on the globe.
Result<double> distance(const Geometry& a, const Geometry& b);
// Square metres of a geography's polygon.
Result<double> area(const Geometry& geometry);
// Whether no point of `b` lies outside of `a`, and some inside (Geometry.contains of JTS).
bool contains(const Geometry& a, const Geometry& b);
// Whether both are the same points.
bool equals(const Geometry& a, const Geometry& b);

}  // namespace bywash::analytics
