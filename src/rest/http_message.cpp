// Decoding of paths and queries, and the plain error pages of the HTTP layer. Level 8, every handler thread.
#include "rest/http_message.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace bywash::rest {
namespace {

bool decode(std::string_view text, bool plus_is_blank, std::string* out) {
  out->clear();
  out->reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return false;
      int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      *out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      *out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return true;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else out += c;
  }
  return out;
}

}  // namespace

bool percent_decode(std::string_view text, std::string* out) { return decode(text, false, out); }

bool form_decode(std::string_view text, std::string* out) { return decode(text, true, out); }

std::multimap<std::string, std::string> parse_query(std::string_view text) {
  std::multimap<std::string, std::string> out;
  while (!text.empty()) {
    size_t end = text.find('&');
    std::string_view pair = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (pair.empty()) continue;
    size_t equals = pair.find('=');
    std::string_view raw_name = pair.substr(0, equals);
    std::string_view raw_value = equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    std::string name, value;
    if (!form_decode(raw_name, &name)) name = raw_name;
    if (!form_decode(raw_value, &value)) value = raw_value;
    out.emplace(std::move(name), std::move(value));
  }
  return out;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out;
  if (!path.empty() && path[0] == '/') path.remove_prefix(1);
  while (true) {
    size_t slash = path.find('/');
    out.emplace_back(path.substr(0, slash));
    if (slash == path.npos) return out;
    path.remove_prefix(slash + 1);
  }
}

bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    auto c = static_cast<unsigned char>(text[i]);
    size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 4;
    if (more == 4 || i + more >= text.size()) return false;
    for (size_t k = 1; k <= more; ++k) {
      auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      if (k == 1 && ((c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) || (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f))) return false;
    }
    i += more + 1;
  }
  return true;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 307: return "Temporary Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Payload Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

HttpResponse error_page(int status, std::string_view message, std::string_view method) {
  HttpResponse out;
  out.status = status;
  out.headers = {{"Cache-Control", "must-revalidate,no-cache,no-store"}, {"Connection", "close"}};
  if (method != "GET" && method != "POST" && method != "HEAD" && !method.empty()) {
    out.content_type.clear();
    return out;
  }
  std::string text = escape_html(message);
  out.content_type = "text/html;charset=iso-8859-1";
  out.body = fmt::format("<html>\n<head><title>Error {0} {1}</title></head>\n<body><h2>HTTP ERROR {0} {1}</h2></body>\n</html>\n", status, text);
  return out;
}

}  // namespace bywash::rest
