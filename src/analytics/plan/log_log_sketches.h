// The sketches of data_sketches.h that are written here, not by Apache DataSketches. Scan stage.
#pragma once

#include "analytics/plan/data_sketches.h"

#include <memory>
#include <string>

namespace bywash::analytics {

// kHyperLogLog, kHyperLogLogPlus, kUltraLogLog or kTDigest, of a size that make_sketch() has checked.
std::unique_ptr<DataSketch> make_log_log_sketch(SketchKind kind, double size);

// The value as Java's toString() writes it: HyperLogLogPlus hashes that, FREQUENTSTRINGSSKETCH counts it.
std::string java_text_of(const SketchItem& item);

}  // namespace bywash::analytics
