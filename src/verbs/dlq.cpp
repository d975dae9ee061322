// bywash dlq list|explain|replay: what is in a dead letter topic, why, and back to where it came from. Above all layers, the main
// thread.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "config/properties.h"
#include "runtime/dead_letters.h"
#include "verbs/verbs.h"

namespace bywash::verbs {
namespace {

using runtime::DeadLetter;
using Json = nlohmann::ordered_json;

struct DlqOptions {
  std::string topic, worker_file, bootstrap;
  std::vector<std::string> client, letters;
  runtime::DeadLetterFilter filter;
  int32_t origin_partition = -1;
  int64_t since_ms = -1, until_ms = -1, limit = -1;
  bool json = false;
  // replay
  std::string to_topic, group;
  bool dry_run = false, from_beginning = false;
};

// Client keys: the worker's shared ones and its consumer's, then --bootstrap-servers and --client.
Result<config::Properties> client_of(const DlqOptions& options) {
  config::Properties out{{"bootstrap.servers", "localhost:9092"}};
  if (!options.worker_file.empty()) {
    ASSIGN_OR_RETURN(config::Properties worker, config::read_properties_file(options.worker_file));
    for (const auto& [key, value] : worker) {
      if (key == "bootstrap.servers" || key.starts_with("security.") || key.starts_with("sasl.") || key.starts_with("ssl.")) out[key] = value;
    }
  }
  if (!options.bootstrap.empty()) out["bootstrap.servers"] = options.bootstrap;
  for (const std::string& setting : options.client) {
    size_t equals = setting.find('=');
    if (equals == setting.npos) return Status::invalid(fmt::format("--client: expected key=value, got '{}'", setting));
    out[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return out;
}

Result<runtime::DeadLetterFilter> filter_of(const DlqOptions& options) {
  runtime::DeadLetterFilter out = options.filter;
  if (options.origin_partition >= 0) out.origin_partition = options.origin_partition;
  if (options.since_ms >= 0) out.since_ms = options.since_ms;
  if (options.until_ms >= 0) out.until_ms = options.until_ms;
  for (const std::string& letter : options.letters) {
    long long offset = 0;
    int partition = 0;
    char rest = 0;
    if (std::sscanf(letter.c_str(), "%d@%lld%c", &partition, &offset, &rest) != 2) return Status::invalid(fmt::format("--letter: expected PARTITION@OFFSET, got '{}'", letter));
    out.letters.emplace_back(partition, offset);
  }
  return out;
}

// The innermost cause in a letter's trace, "<class>: <message>"; empty when there is none.
std::string root_cause(const DeadLetter& letter) {
  constexpr std::string_view kCausedBy = "\nCaused by: ";
  const size_t at = letter.stacktrace.rfind(kCausedBy);
  if (at == std::string::npos) return "";
  const size_t from = at + kCausedBy.size();
  return letter.stacktrace.substr(from, letter.stacktrace.find('\n', from) - from);
}

Json to_json(const DeadLetter& letter) {
  Json out = {{"partition", letter.place.partition.value}, {"offset", letter.offset}, {"timestamp", letter.timestamp_ms}};
  if (letter.has_context) {
    out["origin"] = {{"topic", letter.origin_topic}, {"partition", letter.origin_partition}, {"offset", letter.origin_offset}};
    out["connector"] = letter.connector;
    out["task"] = letter.task;
    out["stage"] = letter.stage;
    out["class"] = letter.component;
    out["exception"] = {{"class", letter.exception}, {"message", letter.message}};
    if (std::string cause = root_cause(letter); !cause.empty()) out["exception"]["cause"] = cause;
  }
  out["key_bytes"] = letter.key_bytes < 0 ? Json() : Json(letter.key_bytes);
  out["value_bytes"] = letter.value_bytes < 0 ? Json() : Json(letter.value_bytes);
  return out;
}

std::string place_of(const DeadLetter& letter) { return fmt::format("{}@{}", letter.place.partition.value, letter.offset); }
std::string origin_of(const DeadLetter& letter) {
  return letter.has_context ? fmt::format("{}-{}@{}", letter.origin_topic, letter.origin_partition, letter.origin_offset) : "unknown origin";
}
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Reads every letter that matches; stops quietly at --limit.
Status for_each_letter(const DlqOptions& options, const std::function<void(const DeadLetter&)>& visit) {
  ASSIGN_OR_RETURN(config::Properties client, client_of(options));
  ASSIGN_OR_RETURN(runtime::DeadLetterFilter filter, filter_of(options));
  int64_t count = 0;
  runtime::DeadLetterReader reader({client, options.topic, "", false});
  const Status enough = Status::cancelled("limit");
  Status status = reader.read(
      [&](const columnar::RawBatch& raw, size_t i) -> Status {
        DeadLetter letter = runtime::dead_letter_of(raw, i);
        if (!filter.matches(letter)) return {};
        if (options.limit >= 0 && count == options.limit) return enough;
        ++count;
        visit(letter);
        return {};
      },
      [] { return Status(); }, false);
  return status.code() == Code::kCancelled ? Status() : status;
}

int list_letters(const DlqOptions& options) {
  int64_t count = 0;
  Status status = for_each_letter(options, [&](const DeadLetter& letter) {
    ++count;
    if (options.json) {
      std::printf("%s\n", dump(to_json(letter)).c_str());
      return;
    }
    const std::string cause = root_cause(letter);
    std::printf("%-10s %-32s %-18s %-20s %s: %s%s%s\n", place_of(letter).c_str(), origin_of(letter).c_str(), letter.connector.c_str(), letter.stage.c_str(),
                letter.exception.c_str(), letter.message.c_str(), cause.empty() ? "" : " <- ", cause.c_str());
  });
  if (!status.ok()) return fail(status.message());
  if (!options.json) std::fprintf(stderr, "%lld letters\n", static_cast<long long>(count));
  return 0;
}

const char* advice_for(const std::string& stage) {
  if (stage == "KEY_CONVERTER" || stage == "VALUE_CONVERTER" || stage == "HEADER_CONVERTER") {
    return "The message is not in the converter's format: set the right converter (or its schemas.enable, registry), try it with `bywash try`, then replay";
  }
  if (stage == "TRANSFORMATION") return "A transform refused the record: mend its configuration or give it a predicate, try it with `bywash try`, then replay";
  if (stage == "TASK_PUT") return "The destination refused the row: mend the table, its constraints or the connector's mapping, then replay";
  if (stage.empty()) return "No context: set errors.deadletterqueue.context.headers.enable=true, so that letters say why they are here";
  return "See the message";
}

// One cause: how often, from where, and what to do about it.
struct Cause {
  int64_t count = 0;
  std::string first, last, origins, message, stacktrace;
};

int explain_letters(const DlqOptions& options) {
  std::map<std::vector<std::string>, Cause> causes;
  Status status = for_each_letter(options, [&](const DeadLetter& letter) {
    Cause& cause = causes[{letter.connector, letter.stage, letter.component, letter.exception}];
    if (cause.count++ == 0) {
      cause.first = place_of(letter);
      cause.message = letter.message;
      cause.stacktrace = letter.stacktrace;
    }
    cause.last = place_of(letter);
    if (cause.origins.find(letter.origin_topic) == std::string::npos && cause.origins.size() < 200) cause.origins += (cause.origins.empty() ? "" : ", ") + letter.origin_topic;
  });
  if (!status.ok()) return fail(status.message());
  for (const auto& [key, cause] : causes) {
    if (options.json) {
      Json out = {{"connector", key[0]}, {"stage", key[1]}, {"class", key[2]}, {"exception", key[3]}, {"count", cause.count}, {"first", cause.first},
                  {"last", cause.last},  {"topics", cause.origins}, {"message", cause.message}, {"advice", advice_for(key[1])}};
      std::printf("%s\n", dump(out).c_str());
      continue;
    }
    std::printf("%lld letters, %s to %s, connector '%s', from %s\n  stage      %s\n  class      %s\n  exception  %s\n  message    %s\n", static_cast<long long>(cause.count),
                cause.first.c_str(), cause.last.c_str(), key[0].c_str(), cause.origins.c_str(), key[1].c_str(), key[2].c_str(), key[3].c_str(), cause.message.c_str());
    if (cause.stacktrace.find("Caused by") != std::string::npos) std::printf("  trace      %s\n", cause.stacktrace.c_str());
    std::printf("  what to do %s\n", advice_for(key[1]));
  }
  if (!options.json && causes.empty()) std::fprintf(stderr, "No letters\n");
  return 0;
}

int replay_letters(const DlqOptions& options) {
  auto client = client_of(options);
  if (!client.ok()) return fail(client.status().message(), 2);
  auto filter = filter_of(options);
  if (!filter.ok()) return fail(filter.status().message(), 2);
  runtime::ReplayOptions replay;
  replay.filter = *filter;
  replay.to_topic = options.to_topic;
  replay.dry_run = options.dry_run;
  // What was replayed is the position of a group of the same filter and destination.
  const std::string group = options.group.empty() ? fmt::format("bywash-dlq-{}-{}-{}", options.topic, options.to_topic, filter->fingerprint()) : options.group;
  replay.source = {*client, options.topic, group, options.from_beginning};
  auto counts = runtime::replay_dead_letters(replay, [&](const DeadLetter& letter, const std::string& to) {
    if (options.json) {
      Json line = to_json(letter);
      line["to"] = to;
      std::printf("%s\n", dump(line).c_str());
    } else if (options.dry_run) {
      std::printf("%-10s %s -> %s\n", place_of(letter).c_str(), origin_of(letter).c_str(), to.c_str());
    }
  });
  if (!counts.ok()) return fail(counts.status().message());
  std::fprintf(stderr, "%lld of %lld letters %s\n", static_cast<long long>(counts->replayed), static_cast<long long>(counts->read),
               options.dry_run ? "would be replayed" : "replayed");
  return 0;
}

void add_read_options(CLI::App& verb, DlqOptions& o) {
  verb.add_option("topic", o.topic, "The dead letter topic")->required();
  verb.add_option("--bootstrap-servers", o.bootstrap, "Kafka brokers (the worker's, else localhost:9092)");
  verb.add_option("--worker", o.worker_file, "The worker's properties: brokers and credentials");
  verb.add_option("--client", o.client, "More client settings: key=value, as the Java client spells them");
  verb.add_option("--connector", o.filter.connector, "Only letters of this connector");
  verb.add_option("--stage", o.filter.stage, "Only this stage: KEY_CONVERTER, VALUE_CONVERTER, HEADER_CONVERTER, TRANSFORMATION, TASK_PUT");
  verb.add_option("--exception", o.filter.exception, "Only this Java class, full or simple name");
  verb.add_option("--message", o.filter.message, "Only where the error's message contains this");
  verb.add_option("--origin-topic", o.filter.origin_topic, "Only from this topic");
  verb.add_option("--origin-partition", o.origin_partition, "Only from this partition of it");
  verb.add_option("--since-ms", o.since_ms, "Only letters of this time or later, in milliseconds since the epoch");
  verb.add_option("--until-ms", o.until_ms, "Only letters before this time");
  verb.add_option("--letter", o.letters, "Only this letter: PARTITION@OFFSET in the dead letter topic; may be repeated");
  verb.add_flag("--json", o.json, "One JSON object a line");
}

}  // namespace

void add_dlq(CLI::App& app, Run* run) {
  CLI::App* dlq = app.add_subcommand("dlq", "What is in a dead letter topic and why, and back to where it came from");
  dlq->require_subcommand(1);
  auto add = [&](const char* name, const char* text, int (*f)(const DlqOptions&)) {
    auto options = std::make_shared<DlqOptions>();
    CLI::App* verb = dlq->add_subcommand(name, text);
    add_read_options(*verb, *options);
    verb->callback([options, run, f] { *run = [options, f] { return f(*options); }; });
    return std::pair(verb, options);
  };
  for (auto [verb, options] : {add("list", "One line a letter: where it is, where it came from, why", list_letters),
                               add("explain", "Letters by cause, with what to do about each", explain_letters)}) {
    verb->add_option("--limit", options->limit, "At most this many letters");
  }
  auto [replay, options] = add("replay", "Writes letters to their origin topics, or another; goes on where it was interrupted", replay_letters);
  replay->add_option("--to-topic", options->to_topic, "Topic to write to, instead of each letter's origin");
  replay->add_option("--group", options->group, "Consumer group that marks what was replayed (by default one for topic, filter and destination)");
  replay->add_flag("--from-beginning", options->from_beginning, "Replays what was replayed before, too");
  replay->add_flag("--dry-run", options->dry_run, "Shows what would be written, writes and marks nothing");
}

}  // namespace bywash::verbs
