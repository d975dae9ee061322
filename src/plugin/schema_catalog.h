// SchemaCatalog: schema registries that live in this process under mock:// addresses, for dry runs: what they hold is given, what
// converters register can be read back. Level 3, any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"

namespace bywash::plugin {

struct CatalogSchema {
  std::string subject;
  int32_t version = 1;
  int32_t id = 1;
  std::string kind = "AVRO";  // AVRO, JSON, PROTOBUF
  std::string text;
};

class SchemaCatalog {
 public:
  virtual ~SchemaCatalog() = default;
  // Puts a schema into the registry mock://<name>. Error (kInvalid): the kind is unknown.
  virtual Status put(const std::string& name, const CatalogSchema& schema) = 0;
  // The text of a schema there.
  virtual std::optional<std::string> text(const std::string& name, int32_t id) = 0;
  // Forgets a registry.
  virtual void drop(const std::string& name) = 0;

  // The process's; null while no converter needs one. Set once at start, with the plugins.
  static SchemaCatalog* process();
  static void set_process(std::unique_ptr<SchemaCatalog> catalog);
};

}  // namespace bywash::plugin
