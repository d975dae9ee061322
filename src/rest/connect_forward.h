// RequestForwarder: requests that another worker of the cluster has to answer are sent there, two hops at most
// (org.apache.kafka.connect.runtime.rest.HerderRequestHandler, Kafka 4.3). Level 8, handler threads.
#pragma once

#include <memory>

#include "net/http_client.h"
#include "rest/http_message.h"

namespace bywash::rest {

class RequestForwarder {
 public:
  RequestForwarder();
  // `answer` as it is; one with status 0 names the other worker in its body and becomes that worker's answer. 409 when there is none to
  // be known, or the request has gone around already.
  HttpResponse resolve(const HttpRequest& request, HttpResponse answer);

 private:
  net::HttpClient client_;
};

}  // namespace bywash::rest
