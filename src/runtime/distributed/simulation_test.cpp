// Real herders, workers and tasks over a simulated Kafka, each run from a seed: workers crash, are cut off, become zombies and come back,
// calls are slow, records late or lost, connectors come, change and go meanwhile. What has to hold: no task runs twice but where one of the two
// lives on a worker that its group has counted as gone; what a client was told is done stays done; what is quiet is complete, and says so.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <deque>

#include "base/log.h"
#include "runtime/distributed/distributed_herder.h"
#include "runtime/distributed/simulated_cluster_test.h"
#include "runtime/fake_plugins_test.h"

namespace bywash::runtime {
namespace {

constexpr int kWorkers = 3;
constexpr Millis kQuiet{20000};
constexpr Millis kStart{100};  // longer than a thread's start takes

// Tasks that live, over all workers of a run.
class Lives {
 public:
  struct Life {
    TaskId id;
    int node = 0;
    std::string version;  // of the connector's configuration
    bool zombie = false;  // its worker was counted as gone while it lived
  };
  int begin(Life life) {
    std::lock_guard lock(mutex_);
    life.zombie = gone_.contains(life.node);
    for (const auto& [number, other] : lives_) {
      if (other.id == life.id && !other.zombie && !life.zombie) twice_ += fmt::format("{} began on worker {} while it ran on {}\n", to_string(life.id), life.node, other.node);
    }
    lives_[++numbers_] = std::move(life);
    return numbers_;
  }
  void end(int number) {
    std::lock_guard lock(mutex_);
    lives_.erase(number);
  }
  void back(int node) {
    std::lock_guard lock(mutex_);
    gone_.erase(node);
  }
  void gone(int node) {
    std::lock_guard lock(mutex_);
    gone_.insert(node);
    for (auto& [number, life] : lives_) life.zombie |= life.node == node;
  }
  // Who runs what, in order; what runs twice is there twice.
  std::vector<Life> now() {
    std::lock_guard lock(mutex_);
    std::vector<Life> out;
    for (const auto& [number, life] : lives_) out.push_back(life);
    std::sort(out.begin(), out.end(), [](const Life& a, const Life& b) { return a.id < b.id; });
    return out;
  }
  std::string twice() {
    std::lock_guard lock(mutex_);
    return twice_;
  }

 private:
  std::mutex mutex_;
  std::map<int, Life> lives_;
  std::set<int> gone_;
  int numbers_ = 0;
  std::string twice_;
};

class LivingSource final : public plugin::SourceTask {
 public:
  LivingSource(Lives* lives, int node, const plugin::Properties& p, int slow_ms) : lives_(lives), node_(node), version_(p.at("batch.size")), slow_ms_(slow_ms) {}
  ~LivingSource() override { end(); }
  Status start(plugin::SourceContext* context) override {
    number_ = lives_->begin({{context->connector_name(), context->task_id()}, node_, version_});
    return {};
  }
  Result<std::vector<plugin::SourceBatch>> poll() override {
    std::this_thread::sleep_for(Millis(2));
    return std::vector<plugin::SourceBatch>();
  }
  void stop() override {
    std::this_thread::sleep_for(Millis(slow_ms_));
    end();
  }

 private:
  void end() {
    if (number_ > 0) lives_->end(std::exchange(number_, 0));
  }
  Lives* const lives_;
  const int node_;
  const std::string version_;
  const int slow_ms_;
  int number_ = 0;
};

// As the process's own it outlives every call of a connector that was left behind.
plugin::Registry& new_registry() {
  static std::mutex mutex;
  static std::deque<plugin::Registry> all;
  std::lock_guard lock(mutex);
  return all.emplace_back();
}

// One worker's life.
struct Node {
  int number = 0, place = 0;
  plugin::Registry& registry = new_registry();
  std::unique_ptr<DistributedHerder> herder;
  bool cut = false, dropped = false;
};

class Simulation {
 public:
  explicit Simulation(uint32_t seed) : random_(seed), kafka_(seed + 1, 15) {}

  std::string go() {
    kafka_.lose(15);
    for (int i = 0; i < kWorkers; ++i) begin(i);
    for (int step = 0; step < 14 && problem_.empty(); ++step) {
      act();
      std::this_thread::sleep_for(Millis(pick(25)));
    }
    mend();
    std::string wrong;
    const SteadyTime deadline = steady_now() + kQuiet;
    while (!(wrong = not_quiet()).empty() && steady_now() < deadline) std::this_thread::sleep_for(Millis(5));
    problem_ += wrong + lives_.twice();
    for (auto& node : nodes_) end(node.get());
    nodes_.clear();
    if (!lives_.now().empty()) problem_ += "a task outlives its worker\n";
    return problem_;
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<uint32_t>(std::max(below, 1))); }

  void begin(int place) {
    auto node = std::make_unique<Node>();
    node->number = ++numbers_;
    node->place = place;
    testing::add_fake_plugins(&node->registry);
    plugin::SourcePlugin source;
    source.info = {.name = "living_source", .class_names = {"org.example.LivingSourceConnector"}, .version = "1", .summary = "", .description = "", .examples = {}};
    source.def = testing::fake_def().def();
    const int slow_ms = pick(3) == 0 ? 30 : 0;
    source.task_configs = [slow_ms](const plugin::Properties& p, int max) -> Result<std::vector<plugin::Properties>> {
      std::this_thread::sleep_for(Millis(slow_ms));
      std::vector<plugin::Properties> out(static_cast<size_t>(max), p);
      for (size_t i = 0; i < out.size(); ++i) out[i]["slice"] = std::to_string(i);
      return out;
    };
    source.make = [this, number = node->number, slow_ms](const plugin::Properties& p) -> Result<std::unique_ptr<plugin::SourceTask>> {
      return std::unique_ptr<plugin::SourceTask>(std::make_unique<LivingSource>(&lives_, number, p, slow_ms));
    };
    node->registry.add(std::move(source));
    auto worker = parse_worker_config({{"bootstrap.servers", "127.0.0.1:1"}, {"key.converter", "org.example.FakeConverter"}, {"value.converter", "org.example.FakeConverter"},
                                       {"header.converter", "org.example.FakeHeaderConverter"}});
    ClusterConfig cluster;
    cluster.group_id = "g";
    cluster.config_topic = "configs";
    cluster.offset_topic = "offsets";
    cluster.status_topic = "statuses";
    cluster.rebalance_delay_ms = pick(2) == 0 ? 0 : 20;
    node->herder = std::make_unique<DistributedHerder>(*std::move(worker), cluster, node->registry, kafka_.links(node->number));
    const std::string id = fmt::format("w{}:1", place);
    Status started = node->herder->start({id, "http://" + id});
    if (!started.ok()) problem_ += "a worker does not start: " + started.message() + "\n";
    nodes_.push_back(std::move(node));
  }

  void end(Node* node) {
    node->herder->stop();
    node->herder.reset();
  }

  void act() {
    Node* node = nodes_.empty() ? nullptr : nodes_[static_cast<size_t>(pick(static_cast<int>(nodes_.size())))].get();
    switch (pick(9)) {
      case 0: if (node) crash(node); break;
      case 1: if (node) cut(node); break;
      case 2: if (node) make_zombie(pick(2) == 0 ? node : leader_or(node)); break;
      case 3: if (node) come_back(node); break;
      case 4: add_worker(); break;
      case 5: if (node) remove(node); break;
      default: if (node) put(node); break;
    }
  }

  void add_worker() {
    if (nodes_.size() >= kWorkers) return;
    int place = 0;
    while (std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& node) { return node->place == place; })) ++place;
    begin(place);
  }
  // As kill -9: nothing that it says from now on is heard.
  void crash(Node* node) {
    kafka_.cut(node->number);
    lives_.gone(node->number);
    end(node);
    kafka_.drop(node->number);
    std::erase_if(nodes_, [&](const auto& each) { return each.get() == node; });
  }
  void cut(Node* node) {
    if (node->cut || node->dropped) return;
    kafka_.cut(node->number);
    node->cut = true;
    std::this_thread::sleep_for(Millis(pick(20)));
    // Its session ends, or it is back before that.
    if (pick(3) != 0) drop(node);
  }
  // It stood still for longer than its session, and goes on where it was: what it writes then is heard.
  void make_zombie(Node* node) {
    if (!node->dropped && !node->cut) drop(node);
  }
  Node* leader_or(Node* node) {
    const int leader = kafka_.leader();
    auto it = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& each) { return each->number == leader; });
    return it == nodes_.end() ? node : it->get();
  }
  void drop(Node* node) {
    lives_.gone(node->number);
    kafka_.drop(node->number);
    node->dropped = true;
  }
  void come_back(Node* node) {
    if (!node->cut && !node->dropped) return;
    if (node->cut) kafka_.heal(node->number);
    node->cut = false;
    kafka_.rejoin(node->number);
    // What it had begun to start before it heard of that is a zombie's still.
    static_cast<void>(node->herder->set_target("nobody", TargetState::kPaused));
    std::this_thread::sleep_for(kStart);
    lives_.back(node->number);
    node->dropped = false;
  }
  void mend() {
    kafka_.lose(0);
    for (auto& node : nodes_) come_back(node.get());
    if (nodes_.empty()) begin(0);
  }

  // Whoever is cut off, or takes itself for the leader wrongly, would let a client wait.
  void put(Node* node) {
    if (node->cut || node->dropped) return;
    const std::string name = "c" + std::to_string(pick(3)), version = std::to_string(++versions_), tasks = std::to_string(1 + pick(3));
    ConnectorRequest asked;
    asked.name = name;
    asked.properties = {{"name", name}, {"connector.class", "LivingSource"}, {"topic", "t"}, {"batch.size", version}, {"tasks.max", tasks}};
    auto done = node->herder->put(asked, true);
    answered(name, version, done.status());
    tasks_of_[version] = std::stoi(tasks);
  }
  void remove(Node* node) {
    if (node->cut || node->dropped) return;
    const std::string name = "c" + std::to_string(pick(3));
    answered(name, "", node->herder->remove(name));
  }
  void answered(const std::string& name, const std::string& version, const Status& status) {
    auto [it, fresh] = wanted_.try_emplace(name, std::set<std::string>{""});
    if (status.ok()) it->second = {version};
    else if (status.code() != Code::kNotFound && status.java_class() != kElsewhere) it->second.insert(version);  // done or not: nobody knows
  }

  // What is not as it has to be once nothing happens any more; empty: all is.
  std::string not_quiet() {
    if (kafka_.member_count() != nodes_.size()) return "not every worker is in the group\n";
    std::map<std::string, std::string> there;  // connector to version
    for (const auto& node : nodes_) {
      std::map<std::string, std::string> sees;
      for (const std::string& name : node->herder->connectors()) {
        auto connector = node->herder->connector(name);
        if (connector.ok()) sees[name] = connector->config.at("batch.size").value_or("");
      }
      if (node != nodes_.front() && sees != there) return "workers know different connectors\n";
      there = std::move(sees);
    }
    std::map<TaskId, std::string> expected;
    for (const auto& [name, maybe] : wanted_) {
      auto it = there.find(name);
      if (!maybe.contains(it == there.end() ? "" : it->second)) return fmt::format("{} is {}, which is not what clients were told\n", name, it == there.end() ? "gone" : "version " + it->second);
    }
    for (const auto& [name, version] : there) {
      for (int i = 0; i < tasks_of_.at(version); ++i) expected[{name, i}] = version;
    }
    std::map<TaskId, std::string> running;
    std::map<TaskId, int> homes;
    for (const Lives::Life& life : lives_.now()) {
      if (!running.emplace(life.id, life.version).second) return to_string(life.id) + " runs twice\n";
      homes[life.id] = life.node;
    }
    if (running != expected) return fmt::format("{} tasks run, {} are to\n", running.size(), expected.size());
    return wrong_status(there, homes);
  }
  std::string wrong_status(const std::map<std::string, std::string>& there, const std::map<TaskId, int>& homes) {
    for (const auto& node : nodes_) {
      for (const auto& [name, version] : there) {
        auto status = node->herder->status(name);
        if (!status.ok() || status->state != State::kRunning) return name + " has no status\n";
        if (static_cast<int>(status->tasks.size()) != tasks_of_.at(version)) return name + " shows other tasks than it has\n";
        for (const TaskStatus& task : status->tasks) {
          const int home = homes.at({name, task.id});
          auto at = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& each) { return each->number == home; });
          if (at == nodes_.end() || task.state != State::kRunning || task.worker_id != fmt::format("w{}:1", (*at)->place)) return fmt::format("{}-{} is shown elsewhere than it runs\n", name, task.id);
        }
      }
    }
    return {};
  }

  std::mt19937 random_;
  simulation::Kafka kafka_;
  Lives lives_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<std::string, std::set<std::string>> wanted_;  // of each connector the versions, "" for none, that the answers so far leave possible
  std::map<std::string, int> tasks_of_;  // by version
  int numbers_ = 0, versions_ = 0;
  std::string problem_;
};

int from_environment(const char* name, int otherwise) {
  const char* given = std::getenv(name);
  return given ? std::atoi(given) : otherwise;
}

// BYWASH_SIMULATIONS sets how many runs, BYWASH_SIMULATION_SEED the first one's seed.
TEST(SimulatedCluster, KeepsItsPromisesWhateverHappens) {
  const int runs = from_environment("BYWASH_SIMULATIONS", 1000), first = from_environment("BYWASH_SIMULATION_SEED", 1);
  log::set_level(log::Level::kError);
  std::atomic<int> next = first;
  std::mutex mutex;
  std::string wrong;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int seed; (seed = next++) < first + runs;) {
        std::string problem = Simulation(static_cast<uint32_t>(seed)).go();
        if (problem.empty()) continue;
        std::lock_guard lock(mutex);
        wrong += fmt::format("seed {}: {}", seed, problem);
        next = first + runs;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, "");
}

}  // namespace
}  // namespace bywash::runtime
