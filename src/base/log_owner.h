// Whose work a thread does: kept by whatever goes on on threads of its own (Kafka clients, uploads), so that their log lines name the
// connector and task as well. Level 0, every thread.
#pragma once

#include <optional>
#include <string>

#include "base/log.h"

namespace bywash::log {

struct Owner {
  std::string connector, task;  // both empty: nobody's
};

// Of the calling thread's innermost Scope.
Owner current_owner();

// A Scope for an owner's work; none for nobody's.
class OwnerScope {
 public:
  explicit OwnerScope(const Owner& owner) {
    if (!owner.connector.empty()) scope_.emplace(owner.connector, owner.task);
  }

 private:
  std::optional<Scope> scope_;
};

}  // namespace bywash::log
