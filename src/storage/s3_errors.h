// What an S3 error answer means for the caller. Level 3, every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "net/http_client.h"

namespace bywash::storage {

// Text of the first <tag> in an S3 XML answer, entities resolved; empty when there is none.
std::string xml_text(std::string_view xml, std::string_view tag);
// Every <tag>...</tag> body (not nested in itself), raw.
std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view tag);
// A key of a listing. With encoding-type=url it is percent-encoded, with "+" for a blank, where the answer says so: not every store does it.
class ListedKeys {
 public:
  explicit ListedKeys(std::string_view answer);
  std::string operator()(std::string text) const;

 private:
  bool encoded_;
};
// For bodies that we send.
std::string xml_escape(std::string_view text);

// An answer that is not a success as a Status: `what` is the request in words ("Cannot write 's3://b/k'").
Status status_of(const net::HttpResponse& response, std::string_view what);

}  // namespace bywash::storage
