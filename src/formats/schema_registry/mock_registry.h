// MockRegistry: the registry behind "mock://name" URLs, which lives in this process: for `bywash try`, tests and a first try without
// a server (Confluent's MockSchemaRegistry 7.7). Level 4, every thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "formats/schema_registry/registry.h"

namespace bywash::formats::schema_registry {

class MockRegistry final : public Registry {
 public:
  // The registry of that name; made at the first call, the same one for all until it is dropped.
  static std::shared_ptr<MockRegistry> named(const std::string& name);
  static void drop(const std::string& name);

  // Puts a schema under a subject with given id and version.
  void put(Registered schema);
  // Every registered schema, by id.
  std::vector<Registered> all() const;

  Result<SchemaText> schema_by_id(int32_t id, const std::string& subject) override;
  Result<Registered> register_schema(const std::string& subject, const SchemaText& schema, bool normalize) override;
  Result<Registered> lookup(const std::string& subject, const SchemaText& schema, bool normalize) override;
  Result<Registered> version(const std::string& subject, int32_t version) override;
  Result<Registered> latest_with(const std::string& subject, const std::vector<std::pair<std::string, std::string>>& metadata) override;

 private:
  mutable std::mutex mutex_;
  std::vector<Registered> schemas_;
};

}  // namespace bywash::formats::schema_registry
