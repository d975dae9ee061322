// Functions over URLs. Semantics: UrlFunctions of Apache Pinot 1.5.1, over the text as it is: escapes stay as they are written.
#include <algorithm>
#include <charconv>

#include "analytics/plan/function_groups.h"
#include "analytics/plan/row_function.h"
#include "base/encoding.h"

namespace bywash::analytics {
namespace {

Result<BoundFunction> encode_url(const FunctionArgs& call) {  // java.net.URLEncoder
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) { out += form_encoded(row.text(0), ".-*_"); });
}
Result<BoundFunction> decode_url(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view text = row.text(0);
    for (size_t i = 0; i < text.size(); ++i) {
      int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1, low = high < 0 ? -1 : hex_digit(text[i + 2]);
      if (low >= 0) out += static_cast<char>(high * 16 + low), i += 2;
      else out += text[i] == '+' ? ' ' : text[i];
    }
  });
}

struct Url {
  std::string_view protocol, authority, host, port, path, query, fragment;
};
Url take_apart(std::string_view text) {
  Url out;
  if (size_t hash = text.find('#'); hash != std::string_view::npos) out.fragment = text.substr(hash + 1), text = text.substr(0, hash);
  if (size_t mark = text.find('?'); mark != std::string_view::npos) out.query = text.substr(mark + 1), text = text.substr(0, mark);
  if (size_t colon = text.find("://"); colon != std::string_view::npos) {
    out.protocol = text.substr(0, colon);
    text.remove_prefix(colon + 3);
    size_t slash = std::min(text.find('/'), text.size());
    out.authority = text.substr(0, slash);
    out.path = text.substr(slash);
    std::string_view host = out.authority.substr(out.authority.find('@') == std::string_view::npos ? 0 : out.authority.find('@') + 1);
    size_t port = host.rfind(':');
    out.host = host.substr(0, port);
    if (port != std::string_view::npos) out.port = host.substr(port + 1);
  } else {
    out.path = text;
  }
  return out;
}
template <std::string_view Url::*Part>
Result<BoundFunction> url_part(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) { out += take_apart(row.text(0)).*Part; });
}
Result<BoundFunction> url_port(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kInt, [](FunctionRow& row) {
    std::string_view port = take_apart(row.text(0)).port;
    int64_t out = -1;
    std::from_chars(port.data(), port.data() + port.size(), out);
    return out;
  });
}
Result<BoundFunction> url_without_www(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view host = take_apart(row.text(0)).host;
    out += host.starts_with("www.") ? host.substr(4) : host;
  });
}
Result<BoundFunction> url_top_level(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view host = take_apart(row.text(0)).host;
    if (size_t dot = host.rfind('.'); dot != std::string_view::npos) out += host.substr(dot + 1);
  });
}
Result<BoundFunction> url_path_with_query(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    Url url = take_apart(row.text(0));
    out += url.path;
    if (!url.query.empty()) out += "?", out += url.query;
  });
}
// The value of a parameter of the query; '' when it is not there.
Result<BoundFunction> url_parameter(const FunctionArgs& call) {
  return row_function(call, "tt", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view query = take_apart(row.text(0)).query;
    while (!query.empty()) {
      std::string_view pair = query.substr(0, query.find('&'));
      size_t equals = std::min(pair.find('='), pair.size());
      if (pair.substr(0, equals) == row.text(1)) {
        if (equals < pair.size()) out += pair.substr(equals + 1);
        return;
      }
      query.remove_prefix(std::min(pair.size() + 1, query.size()));
    }
  });
}
Result<BoundFunction> cut_query(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    std::string_view text = row.text(0);
    size_t mark = text.find('?'), hash = text.find('#');
    out += text.substr(0, std::min(mark, hash));
    if (hash != std::string_view::npos) out += text.substr(hash);
  });
}
Result<BoundFunction> cut_fragment(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) { out += row.text(0).substr(0, row.text(0).find('#')); });
}

// ---- hosts

std::vector<std::string_view> url_pieces(std::string_view text, char by) {
  std::vector<std::string_view> out;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(by, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  // As Java's String.split: empty texts at the end are left out.
  while (out.size() > 1 && out.back().empty()) out.pop_back();
  return out;
}

// How many of a host's last parts make its first significant subdomain and what stands behind it; 0: there is no host.
size_t significant_parts(const std::vector<std::string_view>& parts) {
  if (parts.size() <= 2) return parts.size();
  const std::string_view top = parts.back();
  return top == "com" || top == "net" || top == "org" || top == "co" ? 2 : 3;
}

enum class Significant { kName, kDomain, kWithWww };
template <Significant What>
Result<BoundFunction> significant(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    const std::string_view host = take_apart(row.text(0)).host;
    if (host.empty()) return row.null();
    const std::vector<std::string_view> parts = url_pieces(host, '.');
    const size_t count = significant_parts(parts);
    if (What == Significant::kName) {
      out += parts[parts.size() - count];
      return;
    }
    if (What == Significant::kWithWww && parts[0] == "www" && parts.size() == count + 1) out += "www.";
    for (size_t i = parts.size() - count; i < parts.size(); ++i) {
      if (i > parts.size() - count) out += '.';
      out += parts[i];
    }
  });
}

Result<BoundFunction> cut_www(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    const std::string_view text = row.text(0), host = take_apart(text).host;
    if (!host.starts_with("www.")) {
      out += text;
      return;
    }
    const auto at = static_cast<size_t>(host.data() - text.data());
    out += text.substr(0, at);
    out += text.substr(at + 4);
  });
}

// ---- parts cut away

Result<BoundFunction> cut_query_and_fragment(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) { out += row.text(0).substr(0, row.text(0).find_first_of("?#")); });
}
Result<BoundFunction> query_and_fragment(const FunctionArgs& call) {
  return row_function(call, "t", DataType::kString, [](FunctionRow& row, std::string& out) {
    const std::string_view text = row.text(0);
    const Url url = take_apart(text);
    if (text.find_first_of("?#") == std::string_view::npos) return row.null();
    out += url.query;
    if (!url.query.empty() && text.find('#') != std::string_view::npos) out += '#';
    out += url.fragment;
  });
}
// The URL without the parameters that `is_named` tells by their names.
template <class F>
void cut_named(std::string_view text, F is_named, std::string& out) {
  const std::string_view query = take_apart(text).query;
  if (query.empty()) {
    out += text;
    return;
  }
  const auto at = static_cast<size_t>(query.data() - text.data());
  std::string kept;
  for (std::string_view parameter : url_pieces(query, '&')) {
    if (is_named(parameter.substr(0, parameter.find('=')))) continue;
    if (!kept.empty()) kept += '&';
    kept += parameter;
  }
  out += text.substr(0, kept.empty() ? at - 1 : at);
  out += kept;
  out += text.substr(at + query.size());
}
// The names are the arguments from 1 on.
Result<BoundFunction> cut_parameters(const FunctionArgs& call) {
  return row_function(call, "tt*", DataType::kString, [](FunctionRow& row, std::string& out) {
    cut_named(row.text(0), [&](std::string_view name) {
      for (size_t i = 1; i < row.size(); ++i) {
        if (row.text(i) == name) return true;
      }
      return false;
    }, out);
  });
}
// cutURLParameters(url, array of names).
Result<BoundFunction> cut_parameter_array(const FunctionArgs& call) {
  RETURN_IF_ERROR(call.expect(2, 2));
  const bool fits = physical_of(call.type(0)) == Physical::kText && !call.args[0]->multi && physical_of(call.type(1)) == Physical::kText && call.args[1]->multi;
  if (!fits) return Status::invalid(fmt::format("Function {} takes a text and an array of texts", call.name));
  return BoundFunction{DataType::kString, [](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         const Vector& names = *args[1];
                         out.start_texts();
                         for (size_t i = 0; i < n; ++i) {
                           const auto begin = names.texts.begin() + names.offsets[i], end = names.texts.begin() + names.offsets[i + 1];
                           cut_named(args[0]->texts[i], [&](std::string_view name) { return std::find(begin, end, name) != end; }, out.bytes);
                           out.end_text();
                         }
                         out.finish_texts();
                       }};
}

// ---- arrays

// `f(url, texts)` gives the texts of each row.
template <class F>
Result<BoundFunction> url_texts(const FunctionArgs& call, F f) {
  RETURN_IF_ERROR(call.expect(1, 1));
  if (physical_of(call.type(0)) != Physical::kText) return Status::invalid(fmt::format("Function {} needs a text: {}", call.name, call.args[0]->text));
  return BoundFunction{DataType::kString, [f](const std::vector<const Vector*>& args, size_t n, Vector& out) {
                         std::vector<std::string> texts;
                         out.start_texts();
                         out.offsets.assign(1, 0);
                         for (size_t i = 0; i < n; ++i) {
                           texts.clear();
                           f(take_apart(args[0]->texts[i]), texts);
                           for (const std::string& text : texts) out.bytes += text, out.end_text();
                           out.offsets.push_back(static_cast<uint32_t>(out.ends.size()));
                         }
                         out.finish_texts();
                       }, true};
}
Result<BoundFunction> url_parameters(const FunctionArgs& call) {
  const bool names = call.name == "extracturlparameternames";
  return url_texts(call, [names](const Url& url, std::vector<std::string>& out) {
    if (url.query.empty()) return;
    for (std::string_view parameter : url_pieces(url.query, '&')) out.emplace_back(names ? parameter.substr(0, parameter.find('=')) : parameter);
  });
}
Result<BoundFunction> url_hierarchy(const FunctionArgs& call) {
  return url_texts(call, [](const Url& url, std::vector<std::string>& out) {
    if (url.protocol.empty() || url.host.empty()) return;
    std::string text = std::string(url.protocol) + "://" + std::string(url.host);
    out.push_back(text);
    const std::vector<std::string_view> parts = url_pieces(url.path, '/');
    for (size_t i = 1; i < parts.size(); ++i) out.push_back(text += "/" + std::string(parts[i]));
  });
}
Result<BoundFunction> url_path_hierarchy(const FunctionArgs& call) {
  return url_texts(call, [](const Url& url, std::vector<std::string>& out) {
    const std::vector<std::string_view> parts = url_pieces(url.path, '/');
    std::string text;
    for (size_t i = 1; i < parts.size(); ++i) out.push_back(text += "/" + std::string(parts[i]));
  });
}

}  // namespace

const std::vector<FunctionEntry>& url_functions() {
  static const std::vector<FunctionEntry> entries = {
      {"encodeurl", encode_url},      {"urlencode", encode_url},      {"urlencodeformcomponent", encode_url}, {"decodeurl", decode_url},
      {"urldecode", decode_url},      {"urldecodeformcomponent", decode_url}, {"urlprotocol", url_part<&Url::protocol>},
      {"urldomain", url_part<&Url::host>}, {"urlnetloc", url_part<&Url::authority>}, {"urlpath", url_part<&Url::path>},
      {"urlquerystring", url_part<&Url::query>}, {"urlfragment", url_part<&Url::fragment>}, {"urlport", url_port},
      {"urldomainwithoutwww", url_without_www}, {"urltopleveldomain", url_top_level}, {"urlpathwithquery", url_path_with_query},
      {"extracturlparameter", url_parameter}, {"cutquerystring", cut_query}, {"cutfragment", cut_fragment},
      {"urlfirstsignificantsubdomain", significant<Significant::kName>}, {"cuttofirstsignificantsubdomain", significant<Significant::kDomain>},
      {"cuttofirstsignificantsubdomainwithwww", significant<Significant::kWithWww>}, {"cutwww", cut_www},
      {"cutquerystringandfragment", cut_query_and_fragment}, {"urlquerystringandfragment", query_and_fragment},
      {"cuturlparameter", cut_parameters}, {"cuturlparameters", cut_parameter_array, Arrays::kTaken}, {"extracturlparameters", url_parameters},
      {"extracturlparameternames", url_parameters}, {"urlhierarchy", url_hierarchy}, {"urlpathhierarchy", url_path_hierarchy}};
  return entries;
}

}  // namespace bywash::analytics
