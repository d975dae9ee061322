// Schemas in a list; few and small. Level 4, every thread.
#include "formats/schema_registry/mock_registry.h"

#include <algorithm>

namespace bywash::formats::schema_registry {
namespace {

constexpr const char* kMockSerializationException = "org.apache.kafka.common.errors.SerializationException";

struct Scopes {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<MockRegistry>> by_name;
};
Scopes& scopes() {
  static Scopes all;
  return all;
}

Status not_found(const char* what, int code) {
  return Status::not_found(fmt::format("{} Not Found; error code: {}", what, code)).with_java_class(kMockSerializationException);
}

}  // namespace

std::shared_ptr<MockRegistry> MockRegistry::named(const std::string& name) {
  std::lock_guard lock(scopes().mutex);
  auto& registry = scopes().by_name[name];
  if (!registry) registry = std::make_shared<MockRegistry>();
  return registry;
}

void MockRegistry::drop(const std::string& name) {
  std::lock_guard lock(scopes().mutex);
  scopes().by_name.erase(name);
}

void MockRegistry::put(Registered schema) {
  std::lock_guard lock(mutex_);
  schemas_.push_back(std::move(schema));
}

std::vector<Registered> MockRegistry::all() const {
  std::lock_guard lock(mutex_);
  std::vector<Registered> out = schemas_;
  std::stable_sort(out.begin(), out.end(), [](const Registered& a, const Registered& b) { return a.id < b.id; });
  return out;
}

Result<SchemaText> MockRegistry::schema_by_id(int32_t id, const std::string&) {
  std::lock_guard lock(mutex_);
  for (const Registered& r : schemas_) {
    if (r.id == id) return r.schema;
  }
  return not_found("Schema", 40403);
}

Result<Registered> MockRegistry::register_schema(const std::string& subject, const SchemaText& schema, bool) {
  std::lock_guard lock(mutex_);
  int32_t id = 0, id_max = 0, version_max = 0;
  for (const Registered& r : schemas_) {
    if (r.subject == subject && r.schema == schema) return r;
    if (r.schema == schema) id = r.id;
    id_max = std::max(id_max, r.id);
    if (r.subject == subject) version_max = std::max(version_max, r.version);
  }
  schemas_.push_back({subject, id > 0 ? id : id_max + 1, version_max + 1, schema});
  return schemas_.back();
}

Result<Registered> MockRegistry::lookup(const std::string& subject, const SchemaText& schema, bool) {
  std::lock_guard lock(mutex_);
  bool known = false;
  for (const Registered& r : schemas_) {
    known = known || r.subject == subject;
    if (r.subject == subject && r.schema == schema) return r;
  }
  return known ? not_found("Schema", 40403) : not_found("Subject", 40401);
}

Result<Registered> MockRegistry::version(const std::string& subject, int32_t version) {
  std::lock_guard lock(mutex_);
  const Registered* found = nullptr;
  bool known = false;
  for (const Registered& r : schemas_) {
    if (r.subject != subject) continue;
    known = true;
    if (version == 0 ? (!found || r.version > found->version) : r.version == version) found = &r;
  }
  if (found) return *found;
  return known ? not_found("Version", 40402) : not_found("Subject", 40401);
}

Result<Registered> MockRegistry::latest_with(const std::string&, const std::vector<std::pair<std::string, std::string>>&) {
  return Status::invalid("A mock:// registry keeps no metadata: use.latest.with.metadata needs a real one").with_java_class(kMockSerializationException);
}

}  // namespace bywash::formats::schema_registry
