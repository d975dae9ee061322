// When the values of tasks are looked at again.
#include "runtime/secret_reloads.h"

#include <gtest/gtest.h>

#include <future>

namespace bywash::runtime {
namespace {

TEST(SecretReloads, LooksWhenValuesEndAndAgainWhenToldSo) {
  int looks = 0;
  std::promise<TaskId> twice;
  SecretReloads reloads(
      [&](const TaskId& id) -> std::optional<Millis> {
        if (++looks < 2) return Millis(1);
        twice.set_value(id);
        return std::nullopt;
      },
      [] {});
  reloads.expect({"c", 3}, Millis(1));
  EXPECT_EQ(twice.get_future().get(), (TaskId{"c", 3}));
  reloads.end();
  EXPECT_EQ(looks, 2);
}

TEST(SecretReloads, LeavesOutWhatIsForgottenAndTakesTheLatestWord) {
  std::promise<TaskId> first;
  SecretReloads reloads(
      [&](const TaskId& id) -> std::optional<Millis> {
        first.set_value(id);
        return std::nullopt;
      },
      [] {});
  reloads.expect({"later", 0}, Millis(1'000'000'000'000'000));
  reloads.expect({"gone", 0}, Millis(3'600'000));
  reloads.forget({"gone", 0});
  reloads.expect({"soon", 0}, Millis(3'600'000));
  reloads.expect({"soon", 0}, Millis(1));
  EXPECT_EQ(first.get_future().get().connector, "soon");
}

}  // namespace
}  // namespace bywash::runtime
