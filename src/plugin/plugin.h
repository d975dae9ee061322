// What every plugin declares about itself. One .cpp with one declaration per plugin; src/builtin_plugins.cpp is the one list. Level 3.
#pragma once

#include <string>
#include <vector>

#include "config/config_def.h"

namespace bywash::plugin {

// Properties and their definition as the config layer has them.
using config::ConfigDef;
using config::Properties;

struct PluginInfo {
  std::string name;                        // ours: "replace_field", "jdbc_sink"
  std::vector<std::string> class_names;    // Java class names it answers to, the canonical one first; "$Key"/"$Value" variants included
  std::string version;                     // what GET /connector-plugins shows; the original's version of the surface it follows
  std::string summary;                     // one line
  std::string description;                 // Markdown
  std::vector<std::string> examples;       // JSON or properties, each a working configuration (the contract test validates them)
};

}  // namespace bywash::plugin
