// CHECK: assertions on invariants that stay on in release builds. A failed one is a bug of ours: it says where and aborts.
#pragma once

namespace bywash {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define CHECK(condition) (static_cast<bool>(condition) ? void(0) : ::bywash::check_failed(#condition, __FILE__, __LINE__))
