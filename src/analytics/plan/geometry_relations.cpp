// Distances, areas and containment. On the globe: StDistanceFunction and StAreaFunction of Apache Pinot 1.5.1; in the plane as JTS defines
// them (OGC Simple Features). See geometry.h.
#include <algorithm>
#include <cmath>
#include <limits>

#include "analytics/plan/geometry.h"

namespace bywash::analytics {
namespace {

constexpr double kEarthMetres = 6371.01 * 1000.0;
constexpr double kPi = M_PI;

double radians(double degrees) { return degrees / 180.0 * kPi; }

enum class Where { kOutside, kBoundary, kInside };

double cross(const Coordinate& a, const Coordinate& b, const Coordinate& c) { return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x); }
bool on_segment(const Coordinate& a, const Coordinate& b, const Coordinate& p) {
  return cross(a, b, p) == 0 && p.x >= std::min(a.x, b.x) && p.x <= std::max(a.x, b.x) && p.y >= std::min(a.y, b.y) && p.y <= std::max(a.y, b.y);
}

Where in_ring(const Coordinates& ring, const Coordinate& p) {
  bool inside = false;
  for (size_t i = 1; i < ring.size(); ++i) {
    const Coordinate &a = ring[i - 1], &b = ring[i];
    if (on_segment(a, b, p)) return Where::kBoundary;
    if ((a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside ? Where::kInside : Where::kOutside;
}

// Of polygons: shells less their holes.
Where in_area(const Geometry& area, const Coordinate& p) {
  Where best = Where::kOutside;
  for (size_t i = 0; i < area.parts.size();) {
    Where own = in_ring(area.parts[i], p);
    for (++i; i < area.parts.size() && !area.shells[i]; ++i) {
      if (own != Where::kInside) continue;
      const Where hole = in_ring(area.parts[i], p);
      own = hole == Where::kInside ? Where::kOutside : hole == Where::kBoundary ? Where::kBoundary : own;
    }
    best = std::max(best, own);
  }
  return best;
}

bool on_lines(const Geometry& lines, const Coordinate& p) {
  for (const Coordinates& part : lines.parts) {
    for (size_t i = 1; i < part.size(); ++i) {
      if (on_segment(part[i - 1], part[i], p)) return true;
    }
  }
  return false;
}

Where place(const Geometry& in, const Coordinate& p) {
  if (in.area()) return in_area(in, p);
  if (!in.point()) {
    if (!on_lines(in, p)) return Where::kOutside;
    // The ends of an open line are its boundary: one that several lines share an even number of times is not.
    size_t ends = 0;
    for (const Coordinates& part : in.parts) ends += !(part.front() == part.back()) && (part.front() == p || part.back() == p);
    return ends % 2 ? Where::kBoundary : Where::kInside;
  }
  for (const Coordinates& part : in.parts) {
    if (part[0] == p) return Where::kInside;
  }
  return Where::kOutside;
}

double squared(const Coordinate& a, const Coordinate& b) { return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y); }

double to_segment(const Coordinate& p, const Coordinate& a, const Coordinate& b) {
  const double length = squared(a, b);
  const double t = length == 0 ? 0 : std::clamp(((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length, 0.0, 1.0);
  return squared(p, {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)});
}

bool cut(const Coordinate& a, const Coordinate& b, const Coordinate& c, const Coordinate& d) {
  const double d1 = cross(a, b, c), d2 = cross(a, b, d), d3 = cross(c, d, a), d4 = cross(c, d, b);
  if (((d1 > 0 && d2 < 0) || (d1 < 0 && d2 > 0)) && ((d3 > 0 && d4 < 0) || (d3 < 0 && d4 > 0))) return true;
  return on_segment(a, b, c) || on_segment(a, b, d) || on_segment(c, d, a) || on_segment(c, d, b);
}

// Calls f(begin, end) for each straight piece; a point is a piece of no length.
template <class F>
void each_piece(const Geometry& geometry, F f) {
  for (const Coordinates& part : geometry.parts) {
    if (part.size() == 1) f(part[0], part[0]);
    for (size_t i = 1; i < part.size(); ++i) f(part[i - 1], part[i]);
  }
}

double plane_distance(const Geometry& a, const Geometry& b) {
  if (a.area() && in_area(a, b.parts[0][0]) != Where::kOutside) return 0;
  if (b.area() && in_area(b, a.parts[0][0]) != Where::kOutside) return 0;
  double best = std::numeric_limits<double>::infinity();
  each_piece(a, [&](const Coordinate& p, const Coordinate& q) {
    each_piece(b, [&](const Coordinate& r, const Coordinate& s) {
      if (!(p == q) && !(r == s) && cut(p, q, r, s)) best = 0;
      best = std::min({best, to_segment(p, r, s), to_segment(q, r, s), to_segment(r, p, q), to_segment(s, p, q)});
    });
  });
  return std::sqrt(best);
}

// Where the pieces of `of` cut the piece from p to q, as shares of its way.
std::vector<double> cuts(const Geometry& of, const Coordinate& p, const Coordinate& q) {
  std::vector<double> out{0, 1};
  const double length = squared(p, q);
  each_piece(of, [&](const Coordinate& r, const Coordinate& s) {
    const double under = (q.x - p.x) * (s.y - r.y) - (q.y - p.y) * (s.x - r.x);
    if (under != 0) {
      const double t = ((r.x - p.x) * (s.y - r.y) - (r.y - p.y) * (s.x - r.x)) / under, u = ((r.x - p.x) * (q.y - p.y) - (r.y - p.y) * (q.x - p.x)) / under;
      if (t > 0 && t < 1 && u >= 0 && u <= 1) out.push_back(t);
    }
    for (const Coordinate& end : {r, s}) {
      if (length > 0 && on_segment(p, q, end)) out.push_back(((end.x - p.x) * (q.x - p.x) + (end.y - p.y) * (q.y - p.y)) / length);
    }
  });
  std::sort(out.begin(), out.end());
  return out;
}

// ---- the globe

// See StAreaFunction.SphericalExcessCalculator.
Result<double> spherical_excess(const Coordinates& ring) {
  const double two_pi = 2 * kPi, three_pi = 3 * kPi;
  double excess = 0, course = 0, first_bearing = 0, last_bearing = 0;
  const Coordinate& end = ring.back();
  double phi0 = radians(end.y), longitude0 = radians(end.x), sin0 = std::sin(phi0), cos0 = std::cos(phi0), tan0 = std::tan(phi0 / 2);
  for (size_t i = 1; i < ring.size(); ++i) {
    const double phi = radians(ring[i].y), tangent = std::tan(phi / 2), longitude = radians(ring[i].x);
    if (longitude == longitude0 && phi == phi0) return Status::invalid("Polygon is not valid: it has two identical consecutive vertices");
    const double delta = longitude - longitude0;
    excess += 2 * std::atan2(std::tan(delta / 2) * (tan0 + tangent), 1 + tan0 * tangent);
    const double cosine = std::cos(phi), sine = std::sin(phi), sin_delta = std::sin(delta), cos_delta = std::cos(delta);
    const double initial = std::fmod(std::atan2(sin_delta * cosine, cos0 * sine - sin0 * cosine * cos_delta) + two_pi, two_pi);
    const double final_bearing = std::fmod(std::atan2(-sin_delta * cos0, sin0 * cosine - cos0 * sine * cos_delta) + kPi, two_pi);
    if (i == 1) first_bearing = initial;
    else course += std::fmod(initial - last_bearing + three_pi, two_pi) - kPi;
    course += std::fmod(final_bearing - initial + three_pi, two_pi) - kPi;
    last_bearing = final_bearing;
    cos0 = cosine, sin0 = sine, phi0 = phi, tan0 = tangent, longitude0 = longitude;
  }
  course += std::fmod(first_bearing - last_bearing + three_pi, two_pi) - kPi;
  return std::abs(course) < kPi / 4 ? std::abs(excess) - two_pi : excess;
}

double great_circle(const Coordinate& a, const Coordinate& b) {
  const double lat1 = radians(a.y), lat2 = radians(b.y), delta = radians(a.x) - radians(b.x);
  const double sin1 = std::sin(lat1), cos1 = std::cos(lat1), sin2 = std::sin(lat2), cos2 = std::cos(lat2), cos_delta = std::cos(delta);
  const double t1 = cos2 * std::sin(delta), t2 = cos1 * sin2 - sin1 * cos2 * cos_delta, t3 = sin1 * sin2 + cos1 * cos2 * cos_delta;
  return std::atan2(std::sqrt(t1 * t1 + t2 * t2), t3) * kEarthMetres;
}

}  // namespace

Result<double> distance(const Geometry& a, const Geometry& b) {
  if (!a.geography) return a.empty() || b.empty() ? std::nan("") : plane_distance(a, b);
  if (a.kind != GeometryKind::kPoint || a.empty()) return Status::invalid("The left argument must be a point");
  if (b.kind != GeometryKind::kPoint || b.empty()) return Status::invalid("The right argument must be a point");
  for (const Geometry* one : {&a, &b}) {
    const Coordinate& at = one->parts[0][0];
    if (!(at.y >= -90 && at.y <= 90)) return Status::invalid("Latitude must be between -90 and 90");
    if (!(at.x >= -180 && at.x <= 180)) return Status::invalid("Longitude must be between -180 and 180");
  }
  return great_circle(a.parts[0][0], b.parts[0][0]);
}

Result<double> area(const Geometry& geometry) {
  if (geometry.geography) {
    if (geometry.kind != GeometryKind::kPolygon || geometry.empty()) return Status::invalid("The area of a geography is that of a polygon");
    double excess = 0;
    for (size_t i = 0; i < geometry.parts.size(); ++i) {
      ASSIGN_OR_RETURN(const double own, spherical_excess(geometry.parts[i]));
      excess += i == 0 ? std::abs(own) : -std::abs(own);
    }
    return std::abs(excess * kEarthMetres * kEarthMetres);
  }
  double out = 0;
  for (size_t i = 0; geometry.area() && i < geometry.parts.size(); ++i) {
    const Coordinates& ring = geometry.parts[i];
    double twice = 0;
    for (size_t k = 1; k < ring.size(); ++k) twice += (ring[k].x - ring[0].x) * (ring[k - 1].y - ring[0].y) - (ring[k - 1].x - ring[0].x) * (ring[k].y - ring[0].y);
    out += (geometry.shells[i] ? 1 : -1) * std::abs(twice) / 2;
  }
  return out;
}

bool contains(const Geometry& a, const Geometry& b) {
  if (a.empty() || b.empty()) return false;
  bool outside = false, inside = false;
  auto look = [&](const Coordinate& p) {
    const Where where = place(a, p);
    outside |= where == Where::kOutside;
    inside |= where == Where::kInside;
  };
  each_piece(b, [&](const Coordinate& p, const Coordinate& q) {
    look(p);
    if (p == q || outside) return;
    look(q);
    const std::vector<double> at = cuts(a, p, q);
    for (size_t i = 1; i < at.size() && !outside; ++i) {
      const double middle = (at[i - 1] + at[i]) / 2;
      if (at[i] > at[i - 1]) look({p.x + middle * (q.x - p.x), p.y + middle * (q.y - p.y)});
    }
  });
  if (outside || !b.area()) return inside && !outside && (a.point() ? b.point() : true);
  if (!a.area()) return false;
  // A hole of `a` that has a point within `b` is not of `a`.
  for (size_t i = 0; i < a.parts.size(); ++i) {
    if (a.shells[i]) continue;
    for (size_t k = 1; k < a.parts[i].size(); ++k) {
      const Coordinate middle{(a.parts[i][k].x + a.parts[i][k - 1].x) / 2, (a.parts[i][k].y + a.parts[i][k - 1].y) / 2};
      if (in_area(b, a.parts[i][k]) == Where::kInside || in_area(b, middle) == Where::kInside) return false;
    }
  }
  return true;
}

bool equals(const Geometry& a, const Geometry& b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty();
  if (a.point() != b.point() || a.area() != b.area()) return false;
  return contains(a, b) && contains(b, a);
}

}  // namespace bywash::analytics
