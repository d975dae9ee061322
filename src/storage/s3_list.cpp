// Listing of S3Store (ListObjectsV2). Level 3, every thread.
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "storage/s3_errors.h"
#include "storage/s3_store.h"

namespace bywash::storage {
namespace {

// "2009-10-12T17:50:30.000Z"
int64_t millis_of_iso(const std::string& text) {
  std::tm utc{};
  int ms = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d.%d", &utc.tm_year, &utc.tm_mon, &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &ms) < 6) return 0;
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  return int64_t{timegm(&utc)} * 1000 + ms;
}

}  // namespace

Result<ListPage> S3Store::list(const ListRequest& request) {
  S3Call call{"GET", "", {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", request.prefix}}, {}, {}, what("list", request.prefix)};
  call.query.emplace_back("max-keys", std::to_string(request.page_size));
  if (!request.delimiter.empty()) call.query.emplace_back("delimiter", request.delimiter);
  if (!request.continuation.empty()) call.query.emplace_back("continuation-token", request.continuation);
  ASSIGN_OR_RETURN(net::HttpResponse answer, requester_.send(call));
  ListPage page;
  ListedKeys listed(answer.body);
  for (std::string_view item : xml_elements(answer.body, "Contents")) {
    ObjectEntry entry;
    entry.key = listed(xml_text(item, "Key"));
    entry.size = std::strtoll(xml_text(item, "Size").c_str(), nullptr, 10);
    entry.last_modified_ms = millis_of_iso(xml_text(item, "LastModified"));
    for (char c : xml_text(item, "ETag")) {
      if (c != '"') entry.etag += c;
    }
    page.objects.push_back(std::move(entry));
  }
  for (std::string_view item : xml_elements(answer.body, "CommonPrefixes")) page.prefixes.push_back(listed(xml_text(item, "Prefix")));
  if (xml_text(answer.body, "IsTruncated") == "true") page.next = xml_text(answer.body, "NextContinuationToken");
  return page;
}

}  // namespace bywash::storage
