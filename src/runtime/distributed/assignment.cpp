// The planner. Level 7, the herder's thread.
#include "runtime/distributed/assignment.h"

#include <algorithm>

namespace bywash::runtime {
namespace {

size_t count_units(const std::set<Unit>& units, bool connectors) {
  return static_cast<size_t>(std::count_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.is_connector() == connectors; }));
}

}  // namespace

std::optional<Assignment> AssignmentPlanner::next(const Input& input) {
  const Assignment before = current_;
  if (fresh_) {
    // An earlier leader may have taken units away that their workers have not given up yet. Who has not applied the last assignment may
    // hold anything.
    for (const auto& [worker, member] : input.members) {
      auto ack = input.acks.find(worker);
      bool current = ack != input.acks.end() && ack->second.member == member && ack->second.version >= current_.version;
      const std::set<Unit>& maybe = current ? ack->second.owned : input.work;
      for (const Unit& unit : maybe) {
        if (!current_.workers[worker].units.contains(unit)) held_[unit][worker] = current_.version + 1;
      }
    }
  }
  drop_absent(input);
  for (const auto& [worker, member] : input.members) current_.workers[worker].member = member;
  drop_vanished_work(input);
  release(input);
  hand_out(input);
  if (held_.empty() && absent_since_.empty()) {
    balance(input, true);
    if (held_.empty()) balance(input, false);
  }
  current_.leader = input.leader;
  if (!fresh_ && current_.leader == before.leader && current_.workers == before.workers) return std::nullopt;
  fresh_ = false;
  ++current_.version;
  return current_;
}

void AssignmentPlanner::drop_absent(const Input& input) {
  for (auto it = current_.workers.begin(); it != current_.workers.end();) {
    if (input.members.contains(it->first)) {
      absent_since_.erase(it->first);
      ++it;
      continue;
    }
    auto [since, inserted] = absent_since_.try_emplace(it->first, input.now_ms);
    if (!it->second.units.empty() && input.now_ms - since->second < input.delay_ms) {
      ++it;
      continue;
    }
    absent_since_.erase(since);
    it = current_.workers.erase(it);
  }
}

void AssignmentPlanner::drop_vanished_work(const Input& input) {
  for (auto& [worker, share] : current_.workers) {
    for (auto it = share.units.begin(); it != share.units.end();) {
      if (input.work.contains(*it)) {
        ++it;
        continue;
      }
      // The same name may come back at once: not to another worker before this one has stopped it.
      if (input.members.contains(worker)) held_[*it][worker] = current_.version + 1;
      it = share.units.erase(it);
    }
  }
}

void AssignmentPlanner::release(const Input& input) {
  for (auto unit = held_.begin(); unit != held_.end();) {
    std::erase_if(unit->second, [&](const auto& holder) {
      auto member = input.members.find(holder.first);
      if (member == input.members.end()) return true;
      auto ack = input.acks.find(holder.first);
      return ack != input.acks.end() && ack->second.member == member->second && ack->second.version >= holder.second && !ack->second.owned.contains(unit->first);
    });
    unit = unit->second.empty() ? held_.erase(unit) : std::next(unit);
  }
}

bool AssignmentPlanner::is_held(const Unit& unit) const { return held_.contains(unit); }

void AssignmentPlanner::hand_out(const Input& input) {
  if (input.members.empty()) return;
  std::set<Unit> owned;
  for (const auto& [worker, share] : current_.workers) owned.insert(share.units.begin(), share.units.end());
  for (const Unit& unit : input.work) {
    if (owned.contains(unit) || is_held(unit)) continue;
    // A worker that has just been asked to give it up would take it back for nothing, so held units wait above.
    const std::string* best = nullptr;
    size_t least = 0;
    for (const auto& [worker, member] : input.members) {
      size_t load = count_units(current_.workers[worker].units, unit.is_connector());
      if (!best || load < least) {
        best = &worker;
        least = load;
      }
    }
    current_.workers[*best].units.insert(unit);
  }
}

// Moves one unit from the fullest to the emptiest worker's turn, by taking it away; it is handed out when it is free.
void AssignmentPlanner::balance(const Input& input, bool connectors) {
  std::string fullest;
  size_t most = 0, least = SIZE_MAX;
  for (const auto& [worker, member] : input.members) {
    size_t load = count_units(current_.workers[worker].units, connectors);
    if (load > most) {
      most = load;
      fullest = worker;
    }
    least = std::min(least, load);
  }
  if (fullest.empty() || most - least < 2) return;
  std::set<Unit>& units = current_.workers[fullest].units;
  auto last = std::find_if(units.rbegin(), units.rend(), [&](const Unit& unit) { return unit.is_connector() == connectors; });
  Unit unit = *last;
  units.erase(unit);
  held_[unit][fullest] = current_.version + 1;
}

std::optional<int64_t> AssignmentPlanner::wait_ms(int64_t now_ms, int64_t delay_ms) const {
  std::optional<int64_t> out;
  for (const auto& [worker, since] : absent_since_) {
    int64_t left = std::max<int64_t>(0, since + delay_ms - now_ms);
    out = out ? std::min(*out, left) : left;
  }
  return out;
}

}  // namespace bywash::runtime
