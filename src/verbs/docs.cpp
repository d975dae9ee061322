// bywash docs: a Markdown page per plugin from its declaration. Above all layers, the main thread.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "plugin/registry.h"
#include "base/text.h"
#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

using config::ConfigDef;
using config::KeySpec;
using plugin::PluginInfo;

// Text inside a table's cell.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += "\\|";
    else out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string default_of(const KeySpec& key) {
  if (key.required) return "(required)";
  if (!key.default_text) return "null";
  if (key.secret()) return "(hidden)";
  return key.default_text->empty() ? "(empty)" : "`" + cell(*key.default_text) + "`";
}

std::string page(const PluginInfo& info, const ConfigDef& def) {
  std::string out = fmt::format("# {}\n\n{}\n", info.name, info.summary);
  if (!info.class_names.empty()) {
    out += "\nAnswers to:\n\n";
    for (const std::string& name : info.class_names) out += fmt::format("- `{}`\n", name);
  }
  if (!info.description.empty()) out += fmt::format("\n{}\n", info.description);
  bool any = false;
  for (const KeySpec& key : def.keys()) {
    if (key.internal) continue;
    if (!any) out += "\n## Keys\n\n| key | type | default | valid values | importance | what it does |\n|---|---|---|---|---|---|\n";
    any = true;
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", cell(key.name), ascii_lower(to_string(key.type)), default_of(key), cell(key.valid_values),
                       ascii_lower(to_string(key.importance)), cell(key.doc));
  }
  if (!info.examples.empty()) out += "\n## Examples\n";
  for (const std::string& example : info.examples) out += fmt::format("\n```{}\n{}\n```\n", example.starts_with('{') ? "json" : "properties", example);
  return out;
}

template <class P>
Status write_kind(const std::filesystem::path& folder, const std::string& kind, const std::vector<P>& plugins, std::string* index) {
  std::filesystem::create_directories(folder / kind);
  *index += fmt::format("\n## {}\n\n", kind);
  for (const P& plugin : plugins) {
    std::ofstream out(folder / kind / (plugin.info.name + ".md"));
    out << page(plugin.info, plugin.def);
    if (!out.flush()) return Status::host(fmt::format("Cannot write '{}'", (folder / kind).string()));
    *index += fmt::format("- [{}]({}/{}.md): {}\n", plugin.info.name, kind, plugin.info.name, plugin.info.summary);
  }
  return {};
}

Status write_docs(const std::string& output) {
  const auto& registry = plugin::Registry::process();
  std::string index = "# Plugins\n\nWritten from the plugins' declarations by `./dev docs`; a test says when a page is stale.\n";
  RETURN_IF_ERROR(write_kind(output, "sinks", registry.sinks(), &index));
  RETURN_IF_ERROR(write_kind(output, "sources", registry.sources(), &index));
  RETURN_IF_ERROR(write_kind(output, "converters", registry.converters(), &index));
  RETURN_IF_ERROR(write_kind(output, "header_converters", registry.header_converters(), &index));
  RETURN_IF_ERROR(write_kind(output, "transforms", registry.transforms(), &index));
  RETURN_IF_ERROR(write_kind(output, "predicates", registry.predicates(), &index));
  std::ofstream out(std::filesystem::path(output) / "README.md");
  out << index;
  return out.flush() ? Status() : Status::host(fmt::format("Cannot write '{}/README.md'", output));
}

}  // namespace

void add_docs(CLI::App& app, Run* run) {
  auto output = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("docs", "Write a Markdown page for every plugin");
  verb->add_option("--output", *output, "Folder to write to")->required();
  verb->callback([output, run] {
    *run = [output] {
      Status status = write_docs(*output);
      return status.ok() ? 0 : fail(status.message());
    };
  });
}

}  // namespace bywash::verbs
