// Cells of H3, the hexagons that cover the globe. Semantics: ScalarFunctions and GridDiskFunction of org.apache.pinot.core.geospatial 1.5.1.
#include <h3api.h>

#include "analytics/plan/function_groups.h"
#include "analytics/plan/geometry.h"
#include "analytics/plan/row_function.h"

namespace bywash::analytics {
namespace {

constexpr int64_t kDiskRadiusMax = 500;  // 751,501 cells

int64_t cell_of(FunctionRow& row, double longitude, double latitude, int64_t resolution) {
  const LatLng place{degsToRads(latitude), degsToRads(longitude)};
  H3Index cell = 0;
  if (const H3Error error = latLngToCell(&place, static_cast<int>(resolution), &cell); error != E_SUCCESS) row.fail(fmt::format("Function geoToH3: {}", describeH3Error(error)));
  return static_cast<int64_t>(cell);
}

// geoToH3(longitude, latitude, resolution) or geoToH3(geography, resolution)
Result<BoundFunction> geo_to_h3(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 3));
  if (call.size() == 3) {
    return row_function(call, "rri", DataType::kLong, [](FunctionRow& row) { return cell_of(row, row.real(0), row.real(1), row.integer(2)); });
  }
  return row_function(call, "bi", DataType::kLong, [](FunctionRow& row) -> int64_t {
    const Result<Geometry> geometry = read_geometry(row.text(0));
    if (!geometry.ok() || geometry->empty() || geometry->parts[0].empty()) {
      row.fail(geometry.ok() ? "Function geoToH3 needs a geometry that is not empty" : geometry.status().message());
      return 0;
    }
    const Coordinate& place = geometry->parts[0][0];
    return cell_of(row, place.x, place.y, row.integer(1));
  });
}

// h3-java checks before the library looks.
bool check_cell(FunctionRow& row, size_t k) {
  if (isValidCell(static_cast<H3Index>(row.integer(k)))) return true;
  row.fail("A function of H3 needs valid cells");
  return false;
}

// gridDistance(cell, cell): steps between two cells of one resolution.
Result<BoundFunction> grid_distance(const FunctionArgs& call) {
  return row_function(call, "ii", DataType::kLong, [](FunctionRow& row) {
    int64_t steps = 0;
    if (row.integer(0) == row.integer(1) || !check_cell(row, 0) || !check_cell(row, 1)) return steps;
    const H3Error error = gridDistance(static_cast<H3Index>(row.integer(0)), static_cast<H3Index>(row.integer(1)), &steps);
    if (error != E_SUCCESS) row.fail(fmt::format("Function gridDistance: {}", describeH3Error(error)));
    return steps;
  });
}

// gridDisk(cell, k): the cells that are at most k steps away.
Result<BoundFunction> grid_disk(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  ASSIGN_OR_RETURN(const RowArguments arguments, RowArguments::of(call, "ii"));
  Kernel kernel = [arguments](const std::vector<const Vector*>& args, size_t n, Vector& out) {
    std::vector<Vector> converted;
    const std::vector<const Vector*> read = arguments.read(args, n, converted);
    FunctionRow row{read, out, 0, n};
    std::vector<H3Index> cells;
    out.integers.clear();
    out.offsets.assign(1, 0);
    for (row.index = 0; row.index < n; ++row.index) {
      const int64_t radius = row.any_null() ? -1 : row.integer(1);
      int64_t size = 0;
      if (radius > kDiskRadiusMax) {
        row.fail(fmt::format("Function gridDisk reaches {} cells far at most", kDiskRadiusMax));
      } else if (radius >= 0 && check_cell(row, 0) && maxGridDiskSize(static_cast<int>(radius), &size) == E_SUCCESS) {
        cells.assign(static_cast<size_t>(size), 0);
        const H3Error error = gridDisk(static_cast<H3Index>(row.integer(0)), static_cast<int>(radius), cells.data());
        if (error != E_SUCCESS) row.fail(fmt::format("Function gridDisk: {}", describeH3Error(error)));
        for (H3Index cell : cells) {
          if (cell != 0) out.integers.push_back(static_cast<int64_t>(cell));
        }
      }
      out.offsets.push_back(static_cast<uint32_t>(out.integers.size()));
    }
  };
  return BoundFunction{DataType::kLong, std::move(kernel), true};
}

}  // namespace

const std::vector<FunctionEntry>& h3_functions() {
  static const std::vector<FunctionEntry> entries = {{"geotoh3", geo_to_h3}, {"griddistance", grid_distance}, {"griddisk", grid_disk}};
  return entries;
}

}  // namespace bywash::analytics
