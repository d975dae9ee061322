// `bywash completion bash|zsh`: a script that completes verbs, options and their values, and the names of connectors that a worker has.
// It is made of the declarations of all other verbs, so that it can't miss one.
#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

// What may stand at one place of the command line: `bywash connect offsets`.
struct CompletionPlace {
  std::string path;
  std::vector<std::string> verbs;                                        // with their descriptions behind a tab
  std::vector<std::pair<std::string, std::vector<std::string>>> options;  // name and the values it takes; none: a file, or anything
  std::vector<std::string> flags;
  bool takes_connectors = false;
};

void walk_verbs(const CLI::App& app, const std::string& path, const CompletionPlace& above, std::vector<CompletionPlace>* out) {
  CompletionPlace place;
  place.path = path;
  // Options of the verbs before it go on where these let unknown words fall through.
  if (app.get_parent() && app.get_parent()->get_fallthrough()) place.options = above.options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) place.takes_connectors = place.takes_connectors || option->get_name(true).starts_with("connector");
    for (const std::string& name : option->get_lnames()) {
      if (option->get_expected_max() == 0) {
        place.flags.push_back("--" + name);
        continue;
      }
      // IsMember prints itself as {a,b}.
      std::vector<std::string> values;
      const std::string type = option->get_type_name();
      if (auto from = type.find('{'), to = type.rfind('}'); from != std::string::npos && to > from) values = CLI::detail::split(type.substr(from + 1, to - from - 1), ',');
      place.options.emplace_back("--" + name, values);
      for (const std::string& letter : option->get_snames()) place.options.emplace_back("-" + letter, values);
    }
  }
  for (const CLI::App* verb : app.get_subcommands({})) place.verbs.push_back(verb->get_name());
  out->push_back(place);
  for (const CLI::App* verb : app.get_subcommands({})) walk_verbs(*verb, path + " " + verb->get_name(), place, out);
}

constexpr const char* kScriptHead = R"(# Completion of bywash for bash and zsh. bash: source <(bywash completion bash)   zsh: source <(bywash completion zsh)
if [[ -n ${ZSH_VERSION-} ]]; then
  type compdef >/dev/null 2>&1 || { autoload -U +X compinit && compinit -u; }
  autoload -U +X bashcompinit && bashcompinit
fi

# Names of a worker's connectors; silent when none answers.
_bywash_connectors() {
  local url=() at
  for ((at = 1; at < ${#COMP_WORDS[@]} - 1; ++at)); do
    case "${COMP_WORDS[at]}" in --url|--user) url+=("${COMP_WORDS[at]}" "${COMP_WORDS[at + 1]}") ;; esac
  done
  "${COMP_WORDS[0]}" connect list -o table "${url[@]}" 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_bywash() {
  local place=bywash word at previous="${COMP_WORDS[COMP_CWORD - 1]}" current="${COMP_WORDS[COMP_CWORD]}" offered='' verbs=''
  for ((at = 1; at < COMP_CWORD; ++at)); do
    word="${COMP_WORDS[at]}"
    case "$place $word" in
)";

constexpr const char* kScriptTail = R"(  COMPREPLY=()
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$offered" -- "$current")
}
complete -o default -F _bywash bywash
)";

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// A script for bash, which zsh reads by its bashcompinit.
void print_completion(const CLI::App& app) {
  std::vector<CompletionPlace> places;
  walk_verbs(app, "bywash", {}, &places);
  std::cout << kScriptHead;
  for (size_t i = 1; i < places.size(); ++i) std::cout << "      '" << places[i].path << "') place=\"$place $word\" ;;\n";
  std::cout << "    esac\n  done\n  case \"$place $previous\" in\n";
  for (const CompletionPlace& place : places) {
    for (const auto& [name, values] : place.options) {
      // Without known values the shell completes file names.
      std::cout << "    '" << place.path << " " << name << "') " << (values.empty() ? "COMPREPLY=(); return ;;\n" : "offered='" + joined(values) + "' ;;\n");
    }
  }
  std::cout << "    *)\n      case \"$place\" in\n";
  for (const CompletionPlace& place : places) {
    std::vector<std::string> words = place.flags;
    for (const auto& option : place.options) words.push_back(option.first);
    std::cout << "        '" << place.path << "') verbs='" << joined(place.verbs) << "' offered='" << joined(words) << "'";
    if (place.takes_connectors) std::cout << "; [[ $current == -* ]] || verbs=\"$(_bywash_connectors)\"";
    std::cout << " ;;\n";
  }
  std::cout << "      esac\n      [[ $current == -* ]] || offered=\"$verbs\"\n      ;;\n  esac\n" << kScriptTail;
}

}  // namespace

void add_completion(CLI::App& app, Run* run) {
  CLI::App* verb = app.add_subcommand("completion", "A script that completes this command line in bash or zsh");
  auto shell = std::make_shared<std::string>();
  verb->add_option("shell", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  verb->footer("bash: source <(bywash completion bash)   zsh: source <(bywash completion zsh)");
  verb->callback([&app, run, shell] {
    *run = [&app, shell] {
      print_completion(app);
      return 0;
    };
  });
}

}  // namespace bywash::verbs
